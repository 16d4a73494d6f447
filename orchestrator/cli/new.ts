// `lab new`: writes one file that runs as it is, and says what to type next. It never replaces a file.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LabError } from '../errors.ts';
import { NAME } from '../schema.ts';
import { didYouMean } from '../suggest.ts';
import { experiment } from './scaffold/experiment.ts';
import { protocol } from './scaffold/protocol.ts';
import type { Scaffold } from './scaffold/scaffold.ts';
import { workload } from './scaffold/workload.ts';

const SCAFFOLDS: readonly Scaffold[] = [experiment, workload, protocol];

/** out: the file to write; undefined: where this kind usually stands. */
export function createFile(kind: string, name: string, out: string | undefined): { readonly path: string; readonly next: readonly string[] } {
  const scaffold = SCAFFOLDS.find((candidate) => candidate.kind === kind);
  if (scaffold === undefined) throw new LabError('bad-command-line', `unknown kind ${JSON.stringify(kind)}`, didYouMean(kind, SCAFFOLDS.map((candidate) => candidate.kind)));
  if (!NAME.test(name)) throw new LabError('bad-command-line', `${JSON.stringify(name)} is not a name`, 'use up to 40 of a-z, 0-9 and -');
  const path = out ?? scaffold.path(name);
  const text = scaffold.text(name);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' && existsSync(path)) throw new LabError('bad-command-line', `${path} is there already`, 'choose another name, give another file with --out, or remove it', cause);
    throw new LabError('bad-command-line', `${path} cannot be written (${code ?? String(cause)})`, 'give another file with --out', cause);
  }
  return { path, next: scaffold.next(name, path) };
}
