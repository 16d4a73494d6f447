// Which attempt of a command was answered, where it arrived, and by what its entry node answered: its own commit, or the
// leader's answer where that came first.
import type { CommandId, NodeId, Position } from '../../node/contract.ts';
import type { Recorded, Trail } from './trail.ts';

export type Asked = {
  readonly id: CommandId;
  readonly at: Position;
  readonly intendedMs: number;
  readonly repliedMs: number;
  readonly attempts: readonly { readonly atMs: number; readonly to: NodeId }[];
};

/** answer: the entry itself where the entry node had committed the command before. */
export type Served = { readonly attempt: Asked['attempts'][number]; readonly entry: Recorded; readonly answer: Recorded };

/** Of several attempts the one whose way back took most nearly as long as its way there; null: the events lack it. */
export function servedBy(trail: Trail, asked: Asked): Served | null {
  const { id, attempts, repliedMs } = asked;
  const arrivals = trail.ofCommand(id).filter(({ kind, peer }) => kind === 'arrived' && peer === null);
  let least: Served | null = null;
  let leastMs = Infinity;
  for (const attempt of attempts) {
    const entry = arrivals.find(({ node, atMs }) => node === attempt.to && atMs >= attempt.atMs);
    const answer = entry === undefined ? null : answerAt(trail, asked, entry);
    if (entry === undefined || answer === null || answer.atMs > repliedMs) continue;
    const unevenMs = Math.abs(repliedMs - answer.atMs - (entry.atMs - attempt.atMs));
    if (unevenMs >= leastMs) continue;
    least = { attempt, entry, answer };
    leastMs = unevenMs;
  }
  return least;
}

/** The attempt that brought the command to its leader: another than the answered one, where that came too late or took another way. */
export function enteredBefore(trail: Trail, { id, attempts }: Asked, served: Served, placed: Recorded): Pick<Served, 'attempt' | 'entry'> {
  const before = served.entry.order < placed.order;
  if (served.answer === served.entry || (before && placed.node === served.entry.node)) return served;
  const own = trail.ofCommand(id);
  const forwarded = own.findLast(({ kind, node, peer, order }) => kind === 'arrived' && node === placed.node && peer !== null && order <= placed.order);
  if (before && (forwarded === undefined || forwarded.peer === served.entry.node)) return served;
  const entry = own.findLast(({ kind, node, peer, order }) => kind === 'arrived' && peer === null && order <= (forwarded ?? placed).order && (forwarded === undefined || node === forwarded.peer));
  const attempt = attempts.findLast(({ to, atMs }) => to === entry?.node && atMs <= entry.atMs);
  return entry === undefined || attempt === undefined ? served : { attempt, entry };
}

function answerAt(trail: Trail, { id, at: { slot }, repliedMs }: Asked, entry: Recorded): Recorded | null {
  const commits = trail.commitsOf(slot).filter((commit) => commit.id === id);
  const own = commits.find(({ node }) => node === entry.node) ?? null;
  for (const commit of commits) {
    // An answer to another node leaves right after the commit.
    for (let next = trail.after(commit); next !== null && next.kind === 'sent' && next.name === 'reply'; next = trail.after(next)) {
      const received = next.peer === entry.node ? next.other : null;
      if (received !== null && received.order > entry.order && received.atMs <= repliedMs && (own === null || received.order < own.order)) return received;
    }
  }
  return own !== null && own.order < entry.order ? entry : own;
}
