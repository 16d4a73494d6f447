// Verifies a run folder: the checksum of every file, and every number and verdict, made again from the plan and the events.
// What cannot be read is refused (LabError); what can be read and is not what it should be is a difference.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Registry } from '../../builtins.ts';
import type { LabEvent, Plan, Summary } from '../../kinds.ts';
import { measureWindow } from '../../metrics/commands.ts';
import type { Environment } from '../environment.ts';
import { compareLines, compareValues, type Difference, shown } from './differences.ts';
import { Derived } from './derived.ts';
import { isObject } from './event-shape.ts';
import { History } from './history.ts';
import { MANIFEST, RUN_FILES, sealOf } from './manifest.ts';
import { damaged, readDocument, readRun, unreadable } from './read.ts';
import { rejudge } from './rejudge.ts';
import { decodeSamples, type Sample } from './samples.ts';

export type Verified = {
  readonly differences: readonly Difference[];
  /** As the events give it. */
  readonly summary: Summary;
  /** What wrote the folder. */
  readonly lab: Environment['lab'];
};

function isPartial({ partial }: Summary, folder: string): boolean {
  if (typeof partial !== 'boolean') throw damaged(`${join(folder, 'summary.json')} is damaged: partial is ${shown(partial)}`, 'run the plan again');
  return partial;
}

export async function verifyRun(folder: string, registry: Registry): Promise<Verified> {
  const manifest = await readDocument(folder, MANIFEST, { lab: 'value', files: 'object' }, 1);
  const seals = await compareSeals(folder, manifest['files'] as Seals);
  const { plan, summary, environment } = await readRun(folder);
  const derived = new Derived(plan);
  const history = new HistoryComparison(join(folder, 'history.ndjson'));
  let lastMs = 0;
  try {
    const again = await rejudge(folder, plan, isPartial(summary, folder), registry, (event) => {
      lastMs = event.atMs;
      derived.observe(event);
      history.observe(event);
    });
    const found = [
      ...seals,
      ...compareValues(MANIFEST, manifest['lab'], environment.lab.version, 'lab'),
      ...compareValues('summary.json', summary, JSON.parse(JSON.stringify(again))),
      ...comparePartial(plan, summary, lastMs),
      ...compareTexts(folder, derived, again),
      ...history.finish(),
      ...await compareSamples(folder, derived.samples.rows),
    ];
    return { differences: found, summary: again, lab: environment.lab };
  } finally {
    history.close();
  }
}

type Seals = { readonly [name: string]: unknown };

/** Each file against its checksum. */
async function compareSeals(folder: string, seals: Seals): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  for (const name of RUN_FILES) {
    const path = join(folder, name);
    const sealed = seals[name];
    if (!isObject(sealed)) throw damaged(`${join(folder, MANIFEST)} is damaged: it has no checksum of ${name}`, 'run the plan again');
    const { bytes, sha256 } = await sealOf(path).catch((cause: unknown) => { throw unreadable(path, cause); });
    if (sha256 !== sealed['sha256'] || bytes !== sealed['bytes']) differences.push({ file: name, place: 'sha256', recorded: `${shown(sha256)} (${bytes} bytes)`, expected: `${shown(sealed['sha256'])} (${shown(sealed['bytes'])} bytes) by ${MANIFEST}` });
  }
  return differences;
}

/** The events cannot tell an interrupted run from a whole one, but that one ended too early. */
function comparePartial(plan: Plan, { partial }: Summary, lastMs: number): readonly Difference[] {
  const { toMs } = measureWindow(plan);
  if (partial || lastMs >= toMs) return [];
  return [{ file: 'summary.json', place: 'partial', recorded: 'false', expected: `true: the events end at ${lastMs} ms, the measure window at ${toMs} ms` }];
}

function compareTexts(folder: string, derived: Derived, again: Summary): readonly Difference[] {
  return Object.entries(derived.texts(again)).flatMap(([name, text]) => (name === 'summary.json' ? [] : compareLines(name, readFileSync(join(folder, name), 'utf8'), text)));
}

async function compareSamples(folder: string, rows: readonly Sample[]): Promise<readonly Difference[]> {
  const file = 'samples.parquet';
  const recorded = await decodeSamples(readFileSync(join(folder, file))).catch((cause: unknown) => {
    throw damaged(`${join(folder, file)} is no Parquet file (${(cause as Error).message.split('\n')[0] ?? ''})`, 'it was cut short or edited: run the plan again', cause);
  });
  if (recorded.length !== rows.length) return [{ file, place: 'number of rows', recorded: String(recorded.length), expected: String(rows.length) }];
  return rows.flatMap((row, index) => compareValues(file, recorded[index], row, `row ${index + 1}`)).slice(0, 1);
}

/** Line by line beside the events, so that neither is held whole. */
class HistoryComparison {
  readonly #file: number;
  readonly #lines: Iterator<string, void>;
  readonly #history: History;
  #number = 0;
  #difference: Difference | null = null;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.#lines = linesOf(this.#file);
    this.#history = new History((line) => this.#compare(JSON.stringify(line)));
  }

  observe(event: LabEvent): void {
    this.#history.observe(event);
  }

  /** The first line that differs. */
  finish(): readonly Difference[] {
    this.#history.finish();
    this.#compare(undefined);
    return this.#difference === null ? [] : [this.#difference];
  }

  close(): void {
    closeSync(this.#file);
  }

  #compare(expected: string | undefined): void {
    if (this.#difference !== null) return;
    const next = this.#lines.next();
    const recorded = next.done === true ? undefined : next.value;
    this.#number++;
    if (recorded !== expected) this.#difference = { file: 'history.ndjson', place: `line ${this.#number}`, recorded: shown(recorded), expected: shown(expected) };
  }
}

function* linesOf(file: number): Generator<string, void> {
  const buffer = Buffer.alloc(256 * 1024);
  const decoder = new TextDecoder();
  let rest = '';
  for (let bytes = readSync(file, buffer); bytes > 0; bytes = readSync(file, buffer)) {
    const lines = (rest + decoder.decode(buffer.subarray(0, bytes), { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
