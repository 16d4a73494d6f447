// Reads the files that an experiment names, relative to its own folder, once each: all plans that are made of one are of the
// same text.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import type { ReadFile } from '../files.ts';
import { isMatrixFile } from '../matrix.ts';

const WHY: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file', EACCES: 'it may not be read', ENOTDIR: 'there is no such folder',
};

/** experiment: its file; paths are relative to the folder of that. */
export function filesBeside(experiment: string): ReadFile {
  const known = new Map<string, ReturnType<ReadFile>>();
  return (path, mostBytes) => {
    const file = resolve(dirname(experiment), path);
    const key = `${mostBytes} ${file}`;
    const found = known.get(key) ?? read(path, file, mostBytes);
    known.set(key, found);
    return found;
  };
}

function read(path: string, file: string, mostBytes: number): ReturnType<ReadFile> {
  const place = nearestName(file);
  const refused = (problem: string, remedy: string) => ({ problem: `${JSON.stringify(path)}: ${problem}${place === path ? '' : ` (${place})`}`, remedy });
  try {
    // Asked before it is opened: a pipe would wait for a writer.
    const stat = statSync(file);
    if (!stat.isFile()) return refused(stat.isDirectory() ? 'it is a folder' : 'it is no plain file', 'give a text file');
    if (stat.size > mostBytes) return refused(`${stat.size} bytes are too many`, `it has at most ${mostBytes} bytes`);
    const bytes = readFileSync(file);
    return { place, sha256: createHash('sha256').update(bytes).digest('hex'), text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return refused('it is no text in UTF-8', 'give a text file');
    const { code = String(error) } = error as NodeJS.ErrnoException;
    return refused(WHY[code] ?? `it cannot be read (${code})`, 'give a path relative to the folder of the experiment file, or an absolute one');
  }
}

/** As somebody in the working folder would write it. */
function nearestName(file: string): string {
  const short = relative('', file);
  return short.startsWith('..') || isAbsolute(short) ? file : short;
}

/** What --wan sets: a file is meant from the working folder, where the experiment would mean it from its own. */
export function wanOverride(wan: string): string {
  return `network.wan=${isMatrixFile(wan) ? JSON.stringify(resolve(wan)) : wan}`;
}
