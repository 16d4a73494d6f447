// How the lab ends when something is wrong: a LabError in two lines, a bug in one line and a file with its stack. A stack
// trace never reaches the terminal.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERROR_CODES, EXIT, LabError } from '../errors.ts';

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** Prints the error on stderr and returns the exit code. */
export function reportFailure(error: unknown): number {
  if (error instanceof LabError) {
    process.stderr.write(`error: ${error.message}\n  hint: ${error.hint}\n`);
    return ERROR_CODES[error.code].exit;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = firstLine(error instanceof Error ? error.message : String(error));
  const file = join(tmpdir(), `consensus-lab-bug-${process.pid}-${Date.now()}.txt`);
  try {
    writeFileSync(file, `${stack}\n\n${process.argv.slice(2).join(' ')}\nNode ${process.version}\n`, { mode: 0o600, flag: 'wx' });
    process.stderr.write(`bug: ${message}; please report it with ${file}\n`);
  } catch {
    process.stderr.write(`bug: ${message}; its stack could not be written to ${file}\n`);
  }
  return EXIT.bug;
}
