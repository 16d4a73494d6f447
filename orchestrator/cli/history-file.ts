// Reads the file of a history. What is no text, or too large to be held at once, is refused before anything else.
import { readFileSync, statSync } from 'node:fs';
import { LabError } from '../errors.ts';

/** A text of Node.js has at most half a GiB of characters. */
const MAX_BYTES = 400 << 20;

/** The text of a file. Throws a LabError 'bad-history'. */
export function textOfHistory(path: string): string {
  const refused = (problem: string, remedy: string, cause?: unknown) => new LabError('bad-history', `${path}: ${problem}`, remedy, cause);
  let bytes: Buffer;
  try {
    const stat = statSync(path);
    // Asked before it is opened: a pipe would wait for a writer.
    if (!stat.isFile()) throw refused('it is no plain file', 'give a file with a history');
    if (stat.size > MAX_BYTES) throw refused(`${stat.size} bytes are too many: at most ${MAX_BYTES} are read`, 'split it: keys can be checked apart');
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw refused(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`, 'give a file with a history', error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refused('it is no text in UTF-8', 'give a text file', cause);
  }
}
