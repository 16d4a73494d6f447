// A link matrix as lines for `tc -batch -`: one htb class, netem and u32 filter for each ordered pair of addresses, what
// matches none unshaped. Pure: the model says what the kernel holds, and the lines take it from one model to the next.
import { PERFECT_LINK } from './link.ts';
import type { Link, LinkMatrix } from './link.ts';
import { netemOf, netemText, refusal, refused, sameNetem, scheduledUs, staysBehind } from './tc-link.ts';
import type { Moment, Netem, Refusal } from './tc-link.ts';

/** A namespace to shape. Ids are of the plan and never reach tc. */
export type TcSite = {
  /** For messages, and the id of its own row where a node is there. */
  readonly id: string;
  readonly device: string;
  readonly sources: { readonly [from: string]: string };
  readonly addresses: { readonly [to: string]: string };
};
export type TcPair = {
  readonly from: string;
  readonly to: string;
  /** null: the only source of its site, not matched. */
  readonly source: string | null;
  readonly destination: string;
  /** Minor of its class, and the major of its netem: another each time that the netem is made anew. */
  readonly minor: number;
  readonly handle: number;
  readonly netem: Netem;
  /** Its delay follows the schedule of this link. */
  readonly scheduled: Link | null;
};
/** What the kernel holds at a site. */
export type TcModel = { readonly device: string; readonly pairs: readonly TcPair[] };
export type TcPlan = { readonly ok: true; readonly lines: readonly string[]; readonly model: TcModel } | Refusal;

/** Where the lines put things. Minor 1… is free for others; each pair has three handles, so that one is always free. */
const FIRST_MINOR = 0x12;
const HANDLES = 0x1000;
const GENERATIONS = 3;
const WIPING_HANDLE = 'fffe:';
const ROOT = '1:';
/** 64 nodes, and the regions of their clients. */
const MAX_DESTINATIONS = 128;
const MAX_PAIRS = HANDLES;
const DEVICE = /^[a-z][a-z0-9._-]{0,14}$/;
const OCTET = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ADDRESS = new RegExp(`^(${OCTET}\\.){3}${OCTET}$`);

export function handleText(handle: number): string {
  return `${handle.toString(16)}:`;
}

export function classText(minor: number): string {
  return `${ROOT}${minor.toString(16)}`;
}

function nextHandle(handle: number): number {
  return handle < GENERATIONS * HANDLES ? handle + HANDLES : handle - (GENERATIONS - 1) * HANDLES;
}

/** Everything of a site, whatever was there. */
function installing({ device, pairs }: TcModel): readonly string[] {
  return [
    // htb cannot be replaced by itself.
    `qdisc replace dev ${device} root handle ${WIPING_HANDLE} netem`,
    `qdisc replace dev ${device} root handle ${ROOT} htb default 0`,
    ...pairs.flatMap(({ minor, handle, netem, source, destination }) => [
      `class add dev ${device} parent ${ROOT} classid ${classText(minor)} htb rate 10gbit quantum 60000`,
      `qdisc add dev ${device} parent ${classText(minor)} handle ${handleText(handle)} ${netemText(netem)}`,
      `filter add dev ${device} parent ${ROOT} protocol ip prio 1 u32${source === null ? '' : ` match ip src ${source}/32`} match ip dst ${destination}/32 flowid ${classText(minor)}`,
    ]),
  ];
}

function changing(device: string, { minor, handle, netem }: TcPair): string {
  return `qdisc change dev ${device} parent ${classText(minor)} handle ${handleText(handle)} ${netemText(netem)}`;
}

function remaking(device: string, { minor, handle, netem }: TcPair): string {
  return `qdisc replace dev ${device} parent ${classText(minor)} handle ${handleText(handle)} ${netemText(netem)}`;
}

function checkSite({ id, device, sources, addresses }: TcSite): Refusal | null {
  if (!DEVICE.test(device)) return refusal(id, `${JSON.stringify(device)} is no name of a network device`, 'a letter, then up to 14 letters, digits, dots or dashes');
  for (const places of [sources, addresses]) {
    const taken = new Map<string, string>();
    for (const [name, address] of Object.entries(places)) {
      const other = taken.get(address);
      if (!ADDRESS.test(address)) return refusal(id, `${JSON.stringify(address)} of ${name} is no IPv4 address`, 'four numbers from 0 to 255, such as 198.18.0.11');
      if (other !== undefined) return refusal(id, `${name} and ${other} share the address ${address}`, 'an address of its own for each');
      taken.set(address, name);
    }
  }
  const [from, to] = [Object.keys(sources).length, Object.keys(addresses).length];
  if (to > MAX_DESTINATIONS || from * to > MAX_PAIRS) return refusal(id, `${from} × ${to} links leave from here`, `at most ${MAX_DESTINATIONS} from each source and ${MAX_PAIRS} in all`);
  return null;
}

/** The lines that make these links of what the kernel holds; previous: null where that is not known. */
export function planTc(site: TcSite, links: LinkMatrix, previous: TcModel | null, moment: Moment): TcPlan {
  const wrong = checkSite(site);
  if (wrong !== null) return wrong;
  const froms = Object.entries(site.sources);
  const pairs: TcPair[] = [];
  for (const [from, source] of froms) {
    for (const [to, destination] of Object.entries(site.addresses)) {
      if (to === from) continue;
      const link = links[from]?.[to] ?? PERFECT_LINK;
      const no = refused(`${from} → ${to}`, link);
      if (no !== null) return no;
      const scheduled = link.order === 'keep' && link.jitterMs > 0 ? link : null;
      const index = pairs.length;
      const netem = netemOf(link, scheduled !== null, scheduledUs(link, from, to, moment), from === site.id);
      pairs.push({ from, to, source: froms.length > 1 ? source : null, destination, minor: FIRST_MINOR + index, handle: HANDLES + index, netem, scheduled });
    }
  }
  const fresh = { device: site.device, pairs };
  return { ok: true, ...(previous === null || !sameLayout(previous, fresh) ? { lines: installing(fresh), model: fresh } : transition(previous, fresh)) };
}

function layoutOf({ device, pairs }: TcModel): string {
  return JSON.stringify([device, pairs.map(({ from, to, source, destination }) => [from, to, source, destination])]);
}

function sameLayout(a: TcModel, b: TcModel): boolean {
  return layoutOf(a) === layoutOf(b);
}

function transition(before: TcModel, after: TcModel): { readonly lines: readonly string[]; readonly model: TcModel } {
  const lines: string[] = [];
  const pairs = after.pairs.map((pair, index) => {
    const old = before.pairs[index] ?? pair;
    const anew = staysBehind(old.netem, pair.netem);
    const now = { ...pair, handle: anew ? nextHandle(old.handle) : old.handle };
    if (anew) lines.push(remaking(after.device, now));
    else if (!sameNetem(old.netem, now.netem)) lines.push(changing(after.device, now));
    return now;
  });
  return { lines, model: { device: after.device, pairs } };
}

/** The lines that change the scheduled delays to those of this moment: none where they are those already. */
export function scheduleTc(model: TcModel, moment: Moment): { readonly lines: readonly string[]; readonly model: TcModel } {
  const pairs = model.pairs.map((pair): TcPair => {
    if (pair.scheduled === null) return pair;
    const nowUs = scheduledUs(pair.scheduled, pair.from, pair.to, moment);
    return { ...pair, netem: { ...pair.netem, delayUs: pair.netem.reorderPct > 0 ? Math.max(1, nowUs) : nowUs } };
  });
  return transition(model, { device: model.device, pairs });
}

/** The way back after a batch of which any part may have been done: every pair that it touched, made anew. */
export function rollbackTc(before: TcModel, failed: TcModel): { readonly lines: readonly string[]; readonly model: TcModel } {
  if (!sameLayout(before, failed)) return { lines: installing(before), model: before };
  const lines: string[] = [];
  const pairs = before.pairs.map((pair, index) => {
    const tried = failed.pairs[index] ?? pair;
    if (tried.handle === pair.handle && sameNetem(tried.netem, pair.netem)) return pair;
    // What stays behind in either direction is gone only under a handle that neither has.
    const anew = tried.handle !== pair.handle || staysBehind(tried.netem, pair.netem);
    const back = { ...pair, handle: anew ? nextHandle(tried.handle === pair.handle ? pair.handle : tried.handle) : pair.handle };
    lines.push(anew ? remaking(before.device, back) : changing(before.device, back));
    return back;
  });
  return { lines, model: { device: before.device, pairs } };
}
