// The messages beside a commit's path that make its picture whole: to the followers that did not close the quorum, and back.
import type { NodeId } from '../../node/contract.ts';
import type { Beside, Segment } from './parts.ts';
import type { Recorded, Trail } from './trail.ts';

const MAX_BESIDE = 24;

/** Of each pair of nodes the first, between when the path left the leader and when it was decided, of the names that stand on it. */
export function messagesBeside(trail: Trail, told: Iterable<Recorded>, placed: Recorded | null, path: readonly Segment[]): readonly Beside[] {
  const hops = path.filter(({ part }) => part === 'network-out' || part === 'network-back');
  const [first, final] = [hops[0], hops.at(-1)];
  if (first === undefined || final === undefined) return [];
  const names = new Set(hops.map(({ message = '' }) => message));
  const taken = new Set(hops.map(({ from, to }) => pair(from, to)));
  const found: Beside[] = [];
  const add = (sent: Recorded | null): void => {
    const peer = sent?.peer ?? null;
    if (sent === null || peer === null || !names.has(sent.name ?? '') || taken.has(pair(sent.node, peer)) || found.length >= MAX_BESIDE) return;
    taken.add(pair(sent.node, peer));
    found.push({ from: sent.node, to: peer, fromMs: sent.atMs, toMs: sent.other?.atMs ?? null, message: sent.name ?? '' });
  };
  const within = ({ atMs }: Recorded) => atMs >= first.fromMs && atMs <= final.toMs;
  for (let at = placed; at !== null && at.atMs <= first.fromMs; at = trail.after(at)) if (at.kind === 'sent' && within(at)) add(at);
  for (const received of told) {
    const sent = received.other;
    if (sent !== null && within(sent) && within(received)) add(sent);
  }
  return found;
}

function pair(from: NodeId, to: NodeId | null): string {
  return `${from} ${to}`;
}
