// network.schedule as timed steps of links: each entry gives its steps, and of several for one link the one that began last
// holds until it ends; then the one below it is back. A network that repeats itself is the lowest. All is made at planning,
// traces too, so that a plan needs no file but itself.
import type { Link, LinkMatrix } from '../netem/link.ts';
import { PERFECT_LINK } from '../netem/link.ts';
import type { Profile } from '../netem/profiles.ts';
import type { LinkStep, LinkTrack } from '../netem/schedule.ts';
import type { ExperimentDocument, Path } from './document.ts';
import { fail } from './experiment.ts';
import type { ReadFile } from './files.ts';
import type { Plan } from './kinds.ts';
import { checkBurst, fits, isLink, lossless, readPattern, valuesOf } from './links.ts';
import type { Place } from './links.ts';
import { periodic, rampOf, traced } from './link-steps.ts';
import type { Entry } from './link-steps.ts';
import type { ExperimentShape } from './schema.ts';
import { MAX_TRACE_BYTES, readTrace } from './trace.ts';

/** A plan is read by people and programs, and whoever runs it goes through all of this. */
const MAX_STEPS = 100_000;
const MAX_CHANGES = 2_000_000;
const MAX_WORDS = 300;

export type ScheduledNetwork = {
  readonly profile: Profile;
  readonly network: ExperimentShape['network'];
  readonly places: readonly Place[];
  readonly links: LinkMatrix;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly settleMs: number;
  readonly document: ExperimentDocument;
  readonly readFile: ReadFile;
};

/** Steps of some links from its begin to its end, over what was there before. */
type Layer = {
  readonly beginMs: number;
  readonly endMs: number;
  readonly path: Path;
  readonly words: string;
  readonly covers: (from: Place, to: Place) => boolean;
  /** Its steps depend on the delay at its begin. */
  readonly ramp: boolean;
  readonly steps: (delayMs: number) => readonly LinkStep[];
};
type Laid = Pick<Layer, 'beginMs' | 'endMs'> & { readonly steps: readonly LinkStep[] };

function runEndMs({ warmupMs, measureMs, settleMs }: ScheduledNetwork): number {
  return warmupMs + measureMs + settleMs;
}

/** Of the file's own words. */
function wordsOf(entry: unknown, addition: string): string {
  const text = Object.entries(entry as { readonly [key: string]: unknown }).map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ');
  return `${text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS)}…` : text}${addition}`;
}

function cycleLayer(input: ScheduledNetwork): readonly Layer[] {
  const { profile: { cycle, link, name }, network: { scale } } = input;
  if (cycle === undefined) return [];
  const steps = cycle.steps.map(({ afterMs, forMs, delayMs, ...rest }) => ({ afterMs, forMs, link: lossless({ ...(delayMs === undefined ? {} : { delayMs: delayMs * scale }), ...rest }) }));
  const path = ['network', 'wan'];
  return [{
    beginMs: 0, endMs: Infinity, path, ramp: false, words: `network ${name}: every ${cycle.everyMs} ms ${JSON.stringify(steps)}`,
    covers: (from, to) => link?.between === 'nodes' || from.region !== to.region,
    steps: () => periodic({ beginMs: 0, endMs: runEndMs(input), everyMs: cycle.everyMs, steps }, MAX_STEPS, (count) => tooMany(input.document, path, count)),
  }];
}

function tooMany(document: ExperimentDocument, path: Path, steps: number): never {
  fail(document, path, `the links would change ${steps} times and more`, `all of network.schedule makes at most ${MAX_STEPS} steps: let them last longer, or shorten the run`);
}

function layerOf(input: ScheduledNetwork, index: number): Layer {
  const { document, network, warmupMs, measureMs, places } = input;
  const path = ['network', 'schedule', index];
  const entry = network.schedule[index] as Entry;
  const limitMs = entry.from === 'start' ? warmupMs + measureMs : measureMs;
  if (entry.at >= limitMs) fail(document, [...path, 'at'], `${entry.at / 1000}s is not within the ${entry.from === 'start' ? `${limitMs / 1000}s from the run's start to the end of the measure window` : `measure window of ${limitMs / 1000}s`}`, 'lower at, or raise run.measure');
  const raw = (document.data as { readonly network: { readonly schedule: readonly { readonly links?: unknown }[] } }).network.schedule[index];
  const patterns = entry.links.map((text, place) => readPattern(text, places, document, [...path, 'links', ...(Array.isArray(raw?.links) ? [place] : [])], false));
  const beginMs = entry.at + (entry.from === 'start' ? 0 : warmupMs);
  const endMs = entry.for === undefined ? Infinity : beginMs + entry.for;
  const span = { beginMs, endMs: Math.min(endMs, runEndMs(input)) };
  const common = { beginMs, endMs, path, covers: (from: Place, to: Place) => patterns.some((pattern) => fits(pattern, from, to)) };
  const refuse = (count: number) => tooMany(document, path, count);
  if (entry.trace !== undefined) {
    const file = input.readFile(entry.trace, MAX_TRACE_BYTES);
    if ('problem' in file) fail(document, [...path, 'trace'], file.problem, file.remedy);
    const rows = readTrace(file);
    if (entry.repeat === true && (rows[0]?.atMs !== 0 || rows.length < 2)) {
      fail(document, [...path, 'repeat'], `${entry.trace} begins at ${rows[0]?.atMs}ms and has ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`, 'a trace that repeats begins at 0; its last row only says when it begins again');
    }
    const steps = traced(span, rows, entry.repeat === true, network.scale, MAX_STEPS, refuse);
    return { ...common, ramp: false, words: wordsOf(raw, ` (${rows.length} rows, sha256 ${file.sha256})`), steps: () => steps };
  }
  const words = wordsOf(raw, '');
  if (entry.every !== undefined && entry.steps !== undefined) {
    const own = entry.steps.map(({ after, for: forMs, ...given }) => ({ afterMs: after, forMs: forMs ?? null, link: valuesOf(given, network.scale) }));
    const steps = periodic({ ...span, everyMs: entry.every, steps: own }, MAX_STEPS, refuse);
    return { ...common, ramp: false, words, steps: () => steps };
  }
  const { delay, ...given } = entry;
  if (typeof delay === 'object') return { ...common, ramp: true, words, steps: (delayMs) => rampOf(beginMs, delayMs, delay, valuesOf(given, network.scale), network.scale) };
  const steps = [{ atMs: beginMs, link: valuesOf({ ...given, ...(delay === undefined ? {} : { delay }) }, network.scale) }];
  return { ...common, ramp: false, words, steps: () => steps };
}

/** The step that holds at this time. */
function stateAt(laid: readonly Laid[], atMs: number): Partial<Link> | null {
  const layer = laid.findLast(({ beginMs, endMs }) => beginMs <= atMs && atMs < endMs);
  return layer?.steps.findLast((step) => step.atMs <= atMs)?.link ?? null;
}

/** layers: by their begin, the later one above. */
function merged(layers: readonly Layer[], delayMs: number, untilMs: number): readonly LinkStep[] {
  const laid: Laid[] = [];
  for (const { beginMs, endMs, steps } of layers) laid.push({ beginMs, endMs, steps: steps(stateAt(laid, beginMs)?.delayMs ?? delayMs) });
  const turns = [...new Set(laid.flatMap(({ beginMs, endMs }) => [beginMs, endMs]))].filter((atMs) => atMs < untilMs).sort((left, right) => left - right);
  const merging: LinkStep[] = [];
  let before = 'null';
  const add = (atMs: number, link: Partial<Link> | null): void => {
    const text = JSON.stringify(link);
    if (text !== before) merging.push({ atMs, link });
    before = text;
  };
  turns.forEach((fromMs, index) => {
    const toMs = turns[index + 1] ?? untilMs;
    const layer = laid.findLast(({ beginMs, endMs }) => beginMs <= fromMs && fromMs < endMs);
    add(fromMs, stateAt(laid, fromMs));
    for (const { atMs, link } of layer?.steps ?? []) if (atMs > fromMs && atMs < toMs) add(atMs, link);
  });
  return merging;
}

/** Links between clients and nodes have a delay and nothing else. */
function delaysOf(steps: readonly LinkStep[]): readonly LinkStep[] {
  return steps.map(({ atMs, link }) => ({ atMs, link: link?.delayMs === undefined ? null : { delayMs: link.delayMs } }));
}

type Group = { readonly links: [string, string][]; readonly layers: readonly Layer[]; readonly client: boolean; readonly delayMs: number };

/** Links with the same layers are one track; where a ramp begins at their delay, only those of one delay. */
function groupsOf({ places, links }: ScheduledNetwork, layers: readonly Layer[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const from of places) {
    for (const to of places) {
      const own = isLink(from, to) ? layers.filter((layer) => layer.covers(from, to)) : [];
      if (own.length === 0) continue;
      const client = from.client || to.client;
      const delayMs = links[from.id]?.[to.id]?.delayMs ?? 0;
      const key = `${client} ${own.some(({ ramp }) => ramp) ? delayMs : ''} ${own.map((layer) => layers.indexOf(layer)).join(' ')}`;
      const group = groups.get(key) ?? { links: [], layers: own, client, delayMs };
      groups.set(key, group);
      group.links.push([from.id, to.id]);
    }
  }
  return [...groups.values()];
}

/** Bursts that cannot make up the loss that a step gives. */
function checkBursts({ links, document }: ScheduledNetwork, { links: pairs, layers, client, delayMs }: Group): void {
  if (client) return;
  for (const { path, steps } of layers) {
    const values = new Map(steps(delayMs).flatMap(({ link }) => (link?.lossPct === undefined && link?.lossBurst === undefined ? [] : [[`${link.lossPct} ${link.lossBurst}`, link]])));
    const bursts = new Map(pairs.map(([from, to]) => links[from]?.[to] ?? PERFECT_LINK).map((link) => [`${link.lossPct} ${link.lossBurst}`, link]));
    for (const value of values.values()) for (const link of bursts.values()) checkBurst({ ...link, ...value }, document, path);
  }
}

/** undefined: the links stay as they are. Throws a LabError. */
export function linkScheduleOf(input: ScheduledNetwork): Plan['linkSchedule'] {
  const layers = [...cycleLayer(input), ...input.network.schedule.map((_, index) => layerOf(input, index))];
  if (layers.length === 0) return undefined;
  const inOrder = [...layers].sort((left, right) => left.beginMs - right.beginMs);
  const tracks: LinkTrack[] = [];
  let count = 0;
  let changes = 0;
  for (const group of groupsOf(input, inOrder)) {
    checkBursts(input, group);
    const all = merged(group.layers, group.delayMs, runEndMs(input));
    const steps = group.client ? distinct(delaysOf(all)) : all;
    if (steps.length === 0) continue;
    count += steps.length;
    changes += steps.length * group.links.length;
    if (count > MAX_STEPS) tooMany(input.document, ['network', 'schedule'], count);
    if (changes > MAX_CHANGES) fail(input.document, ['network', 'schedule'], `single links would change ${changes} times and more`, `at most ${MAX_CHANGES}: name fewer links, or let steps last longer`);
    tracks.push({ links: group.links, steps });
  }
  return { entries: layers.map(({ words }) => words), tracks };
}

/** Without those that change nothing. */
function distinct(steps: readonly LinkStep[]): readonly LinkStep[] {
  return steps.filter(({ link }, index) => JSON.stringify(link) !== JSON.stringify(index === 0 ? null : (steps[index - 1] as LinkStep).link));
}
