// Every error that a user can meet, by code. An assertion is a bug of the lab; a LabError says that the world is not as
// needed: what, where, and the remedy. The README lists the codes (a test compares).

/** Process exit codes of the lab. */
export const EXIT = {
  ok: 0,
  claimViolated: 1,
  missed: 2,
  badInput: 3,
  machineLacks: 4,
  bug: 70,
  interrupted: 130,
} as const;

export const ERROR_CODES = {
  'bad-experiment': { exit: EXIT.badInput, meaning: 'an experiment file or a flag is wrong; the message names file, line and column' },
  'bad-command-line': { exit: EXIT.badInput, meaning: 'an unknown command, flag or value' },
  'bad-plugin': { exit: EXIT.badInput, meaning: 'a plug-in cannot be loaded, has the wrong shape, or throws; the message names the file and the field' },
  'bad-result': { exit: EXIT.badInput, meaning: 'a result folder or file is damaged, foreign or of another version' },
  'bad-history': { exit: EXIT.badInput, meaning: 'a history to check contradicts its format or itself; the message names file and line' },
  'not-supported': { exit: EXIT.badInput, meaning: 'the runner cannot do an action of this plan' },
  'machine-lacks': { exit: EXIT.machineLacks, meaning: 'a program, right or address that the runner needs is missing' },
  'port-in-use': { exit: EXIT.machineLacks, meaning: 'an address or port is taken by another process' },
  'node-died': { exit: EXIT.missed, meaning: 'a node process ended that no fault had ended' },
  'nothing-measured': { exit: EXIT.missed, meaning: 'too many runs of a comparison count for nothing; the message names the last one' },
  'load-failed': { exit: EXIT.missed, meaning: 'the load generator ended early' },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The world is not as needed. `message`: what and where, one line; `hint`: the remedy, one line. */
export class LabError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  constructor(code: ErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LabError';
    this.code = code;
    this.hint = hint;
  }
}
