// The links of a plan: the profile's delays, then the experiment's single links in the order of the file, all delays times
// network.scale. Links between clients and nodes carry delay only, because HTTP runs over TCP. Links that do nothing are left out.
import type { LinkMatrix } from '../netem/link.ts';
import { PERFECT_LINK } from '../netem/link.ts';
import type { Link } from '../netem/link.ts';
import { linkBetween } from '../netem/profiles.ts';
import type { Profile } from '../netem/profiles.ts';
import type { ExperimentDocument } from './document.ts';
import { fail } from './experiment.ts';
import type { ExperimentShape, LinkShape } from './schema.ts';
import { didYouMean } from './suggest.ts';

/** A row of the matrix: a node, or the clients of a region (then id = region). */
export type Place = { readonly id: string; readonly region: string; readonly client: boolean };
type Network = ExperimentShape['network'];
type Pattern = { readonly key: string; readonly from: string; readonly to: string; readonly both: boolean; readonly link: LinkShape };

function patternsOf(network: Network, places: readonly Place[], document: ExperimentDocument): readonly Pattern[] {
  const known = ['*', ...new Set(places.flatMap(({ id, region }) => [id, region]))];
  return Object.entries(network.links).map(([key, link]) => {
    const path = ['network', 'links', key];
    const [, from, arrow, to] = /^\s*(\S+)\s+(->|-)\s+(\S+)\s*$/.exec(key) ?? [];
    if (from === undefined || to === undefined) fail(document, path, 'this names no link', 'write "a -> b" for one way or "a - b" for both, with nodes, regions or *', true);
    for (const end of [from, to]) {
      if (!known.includes(end)) fail(document, path, `there is no node or region ${JSON.stringify(end)}`, didYouMean(end, known), true);
    }
    const pattern = { key, from, to, both: arrow === '-', link };
    const touched = places.some((a) => places.some((b) => a.id !== b.id && !(a.client && b.client) && fits(pattern, a, b)));
    if (!touched) fail(document, path, 'no link of this experiment is like that', 'name two different nodes or regions that have nodes', true);
    return pattern;
  });
}

function fits(pattern: Pattern, from: Place, to: Place): boolean {
  const is = (place: Place, end: string) => end === '*' || place.id === end || place.region === end;
  return (is(from, pattern.from) && is(to, pattern.to)) || (pattern.both && is(from, pattern.to) && is(to, pattern.from));
}

/** What the given keys change. */
function changed(link: Link, given: LinkShape, scale: number): Link {
  return {
    delayMs: given.delay === undefined ? link.delayMs : given.delay * scale,
    jitterMs: given.jitter ?? link.jitterMs,
    distribution: given.distribution ?? link.distribution,
    lossPct: given.loss ?? link.lossPct,
    // Where a loss is taken away, its bursts go with it.
    lossBurst: given.burst ?? (given.loss === 0 ? null : link.lossBurst),
    duplicatePct: given.duplicate ?? link.duplicatePct,
    reorderPct: given.reorder ?? link.reorderPct,
    corruptPct: given.corrupt ?? link.corruptPct,
    rateKbit: given.rate ?? link.rateKbit,
    queuePackets: given.queue ?? link.queuePackets,
    order: given.order ?? link.order,
  };
}

function checkBurst(link: Link, pattern: Pattern, document: ExperimentDocument): void {
  if (link.lossBurst === null) return;
  const path = ['network', 'links', pattern.key, 'burst'];
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
  const patterns = patternsOf(network, places, document);
  const matrix: { [from: string]: { [to: string]: Link } } = {};
  for (const from of places) {
    const row: { [to: string]: Link } = {};
    for (const to of places) {
      if (from.id === to.id || (from.client && to.client)) continue;
      let link = linkBetween(profile, from.region, to.region, network.scale);
      for (const pattern of patterns) {
        if (!fits(pattern, from, to)) continue;
        link = changed(link, pattern.link, network.scale);
        checkBurst(link, pattern, document);
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
