// What a kernel says that it holds, by `qdisc show` and `filter show` of `tc -j -s`, against what it was told. Its JSON is
// rounded to six digits, and names the matches of a filter all alike, so that these are read from its text.
import type { LinkCounters } from './shaper.ts';
import { netemText } from './tc-link.ts';
import type { Netem } from './tc-link.ts';
import { classText, handleText } from './tc.ts';
import type { TcModel, TcPair } from './tc.ts';

type Json = { readonly [key: string]: unknown };
export type HeldQdisc = { readonly kind: string; readonly handle: string; readonly parent: string; readonly options: Json; readonly counts: Json };
/** `place`: the link, or the device. */
export type Difference = { readonly place: string; readonly asked: string; readonly held: string };

/** tc prints whole µs of a time in ticks of 64 ns, of which six digits. */
const TIME_SLACK_US = 1.5;
const SIX_DIGITS = 6e-6;
/** Options of netem that nothing here sets; not shown where they are not set. */
const UNSET = ['duplicate', 'corrupt', 'slot', 'loss-state'];
const SOURCE_OFFSET = 12;
const DESTINATION_OFFSET = 16;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberAt(value: unknown, ...path: readonly string[]): number {
  let at = value;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  return typeof at === 'number' ? at : 0;
}

/** The lines of a batch that show all of it, for heldDifference. */
export function showing(device: string): readonly string[] {
  return [`qdisc show dev ${device}`, `filter show dev ${device} parent 1:`];
}

/** null: not what tc prints. */
export function readQdiscs(json: string): readonly HeldQdisc[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json.trim() || '[]');
  } catch {
    return null;
  }
  if (!Array.isArray(parsed)) return null;
  const held: HeldQdisc[] = [];
  for (const entry of parsed as readonly unknown[]) {
    if (!isObject(entry) || typeof entry['kind'] !== 'string' || typeof entry['handle'] !== 'string') return null;
    const { kind, handle, parent, options } = entry;
    held.push({ kind, handle, parent: typeof parent === 'string' ? parent : 'root', options: isObject(options) ? options : {}, counts: entry });
  }
  return held;
}

/** Extras: what else is set, in words. */
function readNetem({ options }: HeldQdisc): { readonly netem: Netem; readonly extras: readonly string[] } {
  const model = options['loss-gemodel'];
  const gap = numberAt(options, 'gap');
  const netem: Netem = {
    limit: numberAt(options, 'limit'),
    delayUs: numberAt(options, 'delay', 'delay') * 1e6,
    jitterUs: numberAt(options, 'delay', 'jitter') * 1e6,
    distribution: null, // never shown
    lossPct: isObject(model) ? { p: numberAt(model, 'p') * 100, r: numberAt(model, 'r') * 100 } : numberAt(options, 'loss-random', 'loss') * 100,
    reorderPct: gap > 0 ? numberAt(options, 'reorder', 'reorder') * 100 : 0,
    rate: numberAt(options, 'rate', 'rate') * 8,
  };
  const extras = UNSET.filter((name) => options[name] !== undefined);
  for (const name of ['delay', 'loss-random', 'reorder']) if (numberAt(options, name, 'correlation') !== 0) extras.push(`${name} with a correlation`);
  if (isObject(model) && (numberAt(model, '1-h') !== 1 || numberAt(model, '1-k') !== 0)) extras.push('gemodel with other probabilities of loss');
  if (gap > 1) extras.push(`gap ${gap}`);
  return { netem, extras };
}

function near(asked: number, held: number, slack: number): boolean {
  return Math.abs(asked - held) <= slack + Math.abs(asked) * SIX_DIGITS;
}

/** 32 bits of a probability, printed with six digits. */
const PERCENT_SLACK = 1e-6;

function sameLoss(asked: Netem['lossPct'], held: Netem['lossPct']): boolean {
  if (typeof asked === 'number' || typeof held === 'number') return typeof asked === typeof held && near(Number(asked), Number(held), PERCENT_SLACK);
  return near(asked.p, held.p, PERCENT_SLACK) && near(asked.r, held.r, PERCENT_SLACK);
}

function holds(asked: Netem, held: Netem): boolean {
  return asked.limit === held.limit && near(asked.delayUs, held.delayUs, TIME_SLACK_US) && near(asked.jitterUs, held.jitterUs, TIME_SLACK_US)
    && sameLoss(asked.lossPct, held.lossPct) && near(asked.reorderPct, held.reorderPct, PERCENT_SLACK) && near(asked.rate, held.rate, 8);
}

function nameOf({ from, to }: TcPair): string {
  return `${from} → ${to}`;
}

/** The first that is not as it was told. */
function qdiscDifference({ device, pairs }: TcModel, qdiscs: readonly HeldQdisc[]): Difference | null {
  const byParent = new Map(qdiscs.map((qdisc) => [qdisc.parent, qdisc]));
  const root = byParent.get('root');
  if (root?.kind !== 'htb' || root.handle !== '1:') return { place: device, asked: 'htb 1: as its root', held: root === undefined ? 'nothing' : `${root.kind} ${root.handle}` };
  for (const pair of pairs) {
    const asked = `${handleText(pair.handle)} ${netemText(pair.netem)}`;
    const qdisc = byParent.get(classText(pair.minor));
    if (qdisc === undefined) return { place: nameOf(pair), asked, held: 'nothing' };
    if (qdisc.kind !== 'netem') return { place: nameOf(pair), asked, held: qdisc.kind };
    const { netem, extras } = readNetem(qdisc);
    if (qdisc.handle !== handleText(pair.handle) || extras.length > 0 || !holds(pair.netem, netem)) {
      const rounded = { ...netem, delayUs: Math.round(netem.delayUs), jitterUs: Math.round(netem.jitterUs) };
      return { place: nameOf(pair), asked, held: [`${qdisc.handle} ${netemText(rounded)}`, ...extras].join(', ') };
    }
  }
  const extra = qdiscs.length - pairs.length - 1;
  return extra === 0 ? null : { place: device, asked: `${pairs.length + 1} qdiscs`, held: `${qdiscs.length}: ${qdiscs.slice(pairs.length + 1).map(({ kind, parent }) => `${kind} at ${parent}`).join(', ')}` };
}

function hexOf(address: string): string {
  return address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0')).join('');
}

/** Source and destination in hexadecimal digits, by class. */
function readFilters(json: string): ReadonlyMap<string, string> {
  const filters = new Map<string, string>();
  for (const part of json.split('"kind"')) {
    const [, flow] = /"flowid":"([^"]+)"/.exec(part) ?? [];
    if (flow === undefined) continue;
    const matches = [...part.matchAll(/"value":"([0-9a-f]+)","mask":"([0-9a-f]+)"[^}]*"off":(\d+)/g)].map(([, value, mask, offset]) => `${value}/${mask}@${offset}`);
    filters.set(flow, filters.has(flow) ? 'several filters' : matches.join(' '));
  }
  return filters;
}

/** The first class that its filter does not lead to, or another. */
function filterDifference({ device, pairs }: TcModel, json: string): Difference | null {
  const filters = readFilters(json);
  for (const pair of pairs) {
    const asked = [...(pair.source === null ? [] : [`${hexOf(pair.source)}/ffffffff@${SOURCE_OFFSET}`]), `${hexOf(pair.destination)}/ffffffff@${DESTINATION_OFFSET}`].join(' ');
    const held = filters.get(classText(pair.minor));
    if (held !== asked) return { place: nameOf(pair), asked: `a filter ${asked}`, held: held ?? 'none' };
  }
  return filters.size === pairs.length ? null : { place: device, asked: `${pairs.length} filters`, held: `${filters.size}` };
}

/** shown: what tc printed to `showing`, a line each. The first thing that is not as it was told; null: everything is. */
export function heldDifference(model: TcModel, shown: string): Difference | null {
  const [first = '', second = ''] = shown.split('\n');
  const qdiscs = readQdiscs(first);
  if (qdiscs === null) return { place: model.device, asked: 'a list of qdiscs', held: first.slice(0, 80) };
  return qdiscDifference(model, qdiscs) ?? filterDifference(model, second);
}

export function countersOf({ pairs }: TcModel, qdiscs: readonly HeldQdisc[]): readonly LinkCounters[] {
  const byParent = new Map(qdiscs.map((qdisc) => [qdisc.parent, qdisc]));
  return pairs.flatMap((pair) => {
    const qdisc = byParent.get(classText(pair.minor));
    if (qdisc === undefined) return [];
    const { counts, options } = qdisc;
    return [{
      from: pair.from, to: pair.to, packets: numberAt(counts, 'packets'), drops: numberAt(counts, 'drops'),
      backlogPackets: numberAt(counts, 'qlen'), limitPackets: numberAt(options, 'limit'),
    }];
  });
}
