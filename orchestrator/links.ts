// The links of a plan: the profile's delays, then the experiment's single links in the order of the file, all delays times
// network.scale. Links between clients and nodes carry delay only, because HTTP runs over TCP. Links that do nothing are left out.
import type { LinkMatrix } from '../netem/link.ts';
import { PERFECT_LINK } from '../netem/link.ts';
import type { Link } from '../netem/link.ts';
import { linkBetween } from '../netem/profiles.ts';
import type { Profile } from '../netem/profiles.ts';
import type { ExperimentDocument, Path } from './document.ts';
import { fail } from './experiment.ts';
import type { ExperimentShape, LinkShape } from './schema.ts';
import { didYouMean } from './suggest.ts';

/** A row of the matrix: a node, or the clients of a region (then id = region). */
export type Place = { readonly id: string; readonly region: string; readonly client: boolean };
type Network = ExperimentShape['network'];
/** Ends: a node, a region, or * for all. */
export type LinkPattern = { readonly from: string; readonly to: string; readonly both: boolean };
type Pattern = LinkPattern & { readonly key: string; readonly link: LinkShape };

/** path: where the text stands; key: it is a key there. Refuses what fits no link. */
export function readPattern(text: string, places: readonly Place[], document: ExperimentDocument, path: Path, key: boolean): LinkPattern {
  const known = ['*', ...new Set(places.flatMap(({ id, region }) => [id, region]))];
  const [, from, arrow, to] = /^\s*(\S+)\s+(->|-)\s+(\S+)\s*$/.exec(text) ?? [];
  if (from === undefined || to === undefined) fail(document, path, `${key ? 'this' : JSON.stringify(text)} names no link`, 'write "a -> b" for one way or "a - b" for both, with nodes, regions or *', key);
  for (const end of [from, to]) {
    if (!known.includes(end)) fail(document, path, `there is no node or region ${JSON.stringify(end)}`, didYouMean(end, known), key);
  }
  const pattern = { from, to, both: arrow === '-' };
  const touched = places.some((a) => places.some((b) => isLink(a, b) && fits(pattern, a, b)));
  if (!touched) fail(document, path, 'no link of this experiment is like that', 'name two different nodes or regions that have nodes', key);
  return pattern;
}

/** Clients do not talk to each other. */
export function isLink(from: Place, to: Place): boolean {
  return from.id !== to.id && !(from.client && to.client);
}

export function fits(pattern: LinkPattern, from: Place, to: Place): boolean {
  const is = (place: Place, end: string) => end === '*' || place.id === end || place.region === end;
  return (is(from, pattern.from) && is(to, pattern.to)) || (pattern.both && is(from, pattern.to) && is(to, pattern.from));
}

const FIELDS = {
  delay: 'delayMs', jitter: 'jitterMs', distribution: 'distribution', loss: 'lossPct', burst: 'lossBurst', duplicate: 'duplicatePct',
  reorder: 'reorderPct', corrupt: 'corruptPct', rate: 'rateKbit', queue: 'queuePackets', order: 'order',
} as const;

/** What the given keys say of a link; scale multiplies a delay. */
export function valuesOf(given: LinkShape, scale: number): Partial<Link> {
  const values = Object.entries(FIELDS).flatMap(([key, field]) => {
    const value = given[key as keyof LinkShape];
    return value === undefined ? [] : [[field, key === 'delay' ? Number(value) * scale : value]];
  });
  return lossless(Object.fromEntries(values));
}

/** Where a loss is taken away, its bursts go with it. */
export function lossless(values: Partial<Link>): Partial<Link> {
  return values.lossPct === 0 && values.lossBurst === undefined ? { ...values, lossBurst: null } : values;
}

/** path: of what gives the burst, or the loss. */
export function checkBurst(link: Link, document: ExperimentDocument, path: Path): void {
  if (link.lossBurst === null) return;
  if (link.lossPct === 0) fail(document, path, `${link.lossBurst} without a loss`, 'give loss too, such as loss: 1%');
  // A run of losses of mean length b needs p = loss / (100 − loss) / b ≤ 1 to begin (Gilbert-Elliott).
  if (link.lossPct < 100 && link.lossPct / (100 - link.lossPct) > link.lossBurst) {
    fail(document, path, `${link.lossBurst} is too short for a loss of ${link.lossPct}%`, `a burst of at least ${Math.ceil(link.lossPct / (100 - link.lossPct))} is needed`);
  }
}

function doesNothing(link: Link): boolean {
  return link.delayMs === 0 && link.jitterMs === 0 && link.lossPct === 0 && link.duplicatePct === 0 && link.reorderPct === 0
    && link.corruptPct === 0 && link.rateKbit === null;
}

export function linksOf(profile: Profile, network: Network, places: readonly Place[], document: ExperimentDocument): LinkMatrix {
  const patterns: readonly Pattern[] = Object.entries(network.links).map(([key, link]) => ({ ...readPattern(key, places, document, ['network', 'links', key], true), key, link }));
  const matrix: { [from: string]: { [to: string]: Link } } = {};
  for (const from of places) {
    const row: { [to: string]: Link } = {};
    for (const to of places) {
      if (!isLink(from, to)) continue;
      let link = linkBetween(profile, from.region, to.region, network.scale);
      for (const pattern of patterns) {
        if (!fits(pattern, from, to)) continue;
        link = { ...link, ...valuesOf(pattern.link, network.scale) };
        checkBurst(link, document, ['network', 'links', pattern.key, 'burst']);
      }
      if (from.client || to.client) link = { ...PERFECT_LINK, delayMs: link.delayMs };
      if (!doesNothing(link)) row[to.id] = link;
    }
    matrix[from.id] = row;
  }
  return matrix;
}

/** Delays alone, complete: for the closed forms and for what a protocol derives from the network. */
export function oneWaysOf(links: LinkMatrix): { readonly [from: string]: { readonly [to: string]: number } } {
  const names = Object.keys(links);
  return Object.fromEntries(names.map((from) => [from, Object.fromEntries(names.map((to) => [to, links[from]?.[to]?.delayMs ?? 0]))]));
}
