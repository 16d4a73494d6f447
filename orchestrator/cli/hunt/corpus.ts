// The corpus: cases that have failed once, one file each, which every later hunt repeats first. A file of another version is told
// and skipped; one that cannot be read is an error.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../../node/kit/hash.ts';
import { LabError } from '../../errors.ts';
import { CASE_VERSION, caseFrom } from '../../hunt/case.ts';
import type { HuntCase } from '../../hunt/case.ts';
import type { Sighting } from '../../hunt/run.ts';

const MAX_BYTES = 2_000_000;

export type Entry = { readonly file: string; readonly hunted: HuntCase };
export type Corpus = { readonly entries: readonly Entry[]; /** One line each. */ readonly skipped: readonly string[] };

/** revision: the commit of the lab, if it is a checkout. */
type Found = { readonly lab: string; readonly revision: string | null; readonly seed: string; readonly runs: number };

function parsed(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LabError('bad-result', `${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give a file that lab hunt has written', cause);
  }
  if (text.length > MAX_BYTES) throw new LabError('bad-result', `${file}: ${text.length} characters are too many`, `a case has at most ${MAX_BYTES}`);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new LabError('bad-result', `${file} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, 'give a file that lab hunt has written', cause);
  }
}

/** null: of another version, which is told by `other`. */
export function readEntry(file: string, other: (line: string) => void): Entry | null {
  const value = parsed(file);
  const hunted = typeof value === 'object' && value !== null && 'case' in value ? value.case : undefined;
  if (typeof hunted !== 'object' || hunted === null) throw new LabError('bad-result', `${file}: it holds no case`, 'give a file that lab hunt has written');
  const version = 'version' in hunted ? hunted.version : undefined;
  if (version !== CASE_VERSION) {
    other(`${file} is skipped: its version is ${JSON.stringify(version) ?? 'not given'}, this lab runs version ${CASE_VERSION}; hunt again to make it anew`);
    return null;
  }
  return { file, hunted: caseFrom(hunted, file) };
}

/** Of one protocol, in order of names; a folder that is not there holds none. */
export function readCorpus(folder: string, protocol: string): Corpus {
  const own = join(folder, protocol);
  const skipped: string[] = [];
  const names = existsSync(own) ? readdirSync(own).filter((name) => name.endsWith('.json')).sort() : [];
  const entries = names.flatMap((name) => {
    const entry = readEntry(join(own, name), (line) => skipped.push(line));
    if (entry !== null && entry.hunted.protocol !== protocol) throw new LabError('bad-result', `${entry.file}: it is a case of ${entry.hunted.protocol}`, `move it to ${join(folder, entry.hunted.protocol)}`);
    return entry ?? [];
  });
  return { entries, skipped };
}

/** Where it was written. */
export function saveEntry(folder: string, hunted: HuntCase, violated: readonly Sighting[], found: Found): string {
  const own = join(folder, hunted.protocol);
  const hash = createHash('sha256').update(canonicalJson(hunted)).digest('hex').slice(0, 10);
  const file = join(own, `${violated[0]?.check ?? 'case'}-${hash}.json`);
  mkdirSync(own, { recursive: true });
  const entry = { found, violated: violated.map(({ check, because }) => ({ check, because })), case: hunted };
  writeFileSync(file, `${JSON.stringify(entry, null, 1)}\n`);
  return file;
}
