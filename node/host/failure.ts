// Why a node process ends: one line that says what, where and the remedy, and an exit code. Anything else that is thrown is a
// bug, and ends the process too (main.ts).

export const EXIT = { ok: 0, badInput: 3, machineLacks: 4, bug: 70 } as const;

/** The world is not as needed. `message` is one line and names the remedy. */
export class Failure extends Error {
  readonly exit: 3 | 4;

  constructor(exit: 3 | 4, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Failure';
    this.exit = exit;
  }
}

/** Where it was thrown, to stand behind its message: ' (FILE:LINE)', or ''. */
export function placeOf(error: unknown): string {
  const place = error instanceof Error ? /\(?([^\s(]+:\d+):\d+\)?$/m.exec(error.stack?.split('\n').find((line) => line.startsWith('    at ')) ?? '')?.[1] : undefined;
  return place === undefined ? '' : ` (${place})`;
}

/** The code of a system error ('EADDRINUSE'), or its message. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message;
}

/** A socket that cannot be bound. `place`: '127.0.0.2:7101/udp'. */
export function bindFailure(node: string, place: string, error: unknown): Failure {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    return new Failure(EXIT.machineLacks, `${node}: ${place} is in use; stop the process that holds it, or choose another port`, error);
  }
  if (code === 'EADDRNOTAVAIL') {
    return new Failure(EXIT.machineLacks, `${node}: ${place}: this machine has no such address; add it, or use 127.0.0.1 with distinct ports`, error);
  }
  if (code === 'EACCES') return new Failure(EXIT.machineLacks, `${node}: ${place} is not allowed to this user; choose a port above 1023`, error);
  return new Failure(EXIT.machineLacks, `${node}: ${place} cannot be bound (${code}); choose another address`, error);
}
