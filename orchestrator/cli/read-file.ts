// Reads the files that an experiment names, relative to its own folder.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { ReadFile } from '../files.ts';

const WHY: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'it may not be read', ENOTDIR: 'there is no such folder',
};

/** experiment: its file; paths are relative to the folder of that. */
export function filesBeside(experiment: string): ReadFile {
  return (path, mostBytes) => {
    const place = isAbsolute(path) ? path : join(dirname(experiment), path);
    const refused = (problem: string, remedy: string) => ({ problem: `${JSON.stringify(path)}: ${problem} (${place})`, remedy });
    let file: number | undefined;
    try {
      file = openSync(place, 'r');
      const stat = fstatSync(file);
      if (!stat.isFile()) return refused(stat.isDirectory() ? 'it is a folder' : 'it is no plain file', 'give a text file');
      if (stat.size > mostBytes) return refused(`${stat.size} bytes are too many`, `it has at most ${mostBytes} bytes`);
      const bytes = readFileSync(file);
      return { place, sha256: createHash('sha256').update(bytes).digest('hex'), text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
    } catch (error) {
      if (error instanceof TypeError) return refused('it is no text in UTF-8', 'give a text file');
      const { code = String(error) } = error as NodeJS.ErrnoException;
      return refused(WHY[code] ?? `it cannot be read (${code})`, 'give a path relative to the folder of the experiment file, or an absolute one');
    } finally {
      if (file !== undefined) closeSync(file);
    }
  };
}
