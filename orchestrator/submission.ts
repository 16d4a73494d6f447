// A change of membership, as the lab asks for it on every runner: of the leader first, then of each node that is up in turn, and
// under the same id until it is answered, so that it happens once however often it was asked.
import type { Command, NodeId, Reconfigure } from '../node/contract.ts';
import type { Reply } from '../node/replica.ts';
import type { RunEvent } from './kinds.ts';
import { leaderOf } from './resolve.ts';
import type { View } from './resolve.ts';

export type SubmissionPorts = {
  readonly now: () => number;
  readonly later: (afterMs: number, run: () => void) => void;
  readonly view: (use: (view: View) => void) => void;
  /** Answers at most once, or never. */
  readonly ask: (node: NodeId, command: Command<Reconfigure>, answer: (reply: Reply) => void) => void;
  readonly emit: (event: RunEvent) => void;
};

/** Without an answer so long it is asked of another; what an earlier attempt answers later counts too. */
const ATTEMPT_MS = 1_000;
const PAUSE_MS = 100;
/** What has no answer by then has none. */
const WITHIN_MS = 45_000;

/** Calls `done` once. Its id must be nobody else's in this run. */
export function submitChange(command: Command<Reconfigure>, ports: SubmissionPorts, done: (reply: Reply) => void): void {
  const startMs = ports.now();
  let attempts = 0;
  let uncertain = false;
  let ended = false;
  const end = (reply: Reply): void => {
    ended = true;
    ports.emit({ type: 'answered', id: command.id, reply, attempts });
    done(reply);
  };
  const heard = (reply: Reply, attempt: number): void => {
    if (ended) return;
    // A leader that was deposed may refuse for good what another has done: that is an answer only where it was the first asked.
    if (reply.outcome === 'ok' || (reply.outcome === 'fail' && reply.reason === 'malformed' && !uncertain)) return end(reply);
    uncertain ||= reply.outcome === 'unknown';
    if (attempt !== attempts) return;
    if (ports.now() - startMs >= WITHIN_MS) end(uncertain ? { outcome: 'unknown', reason: 'timeout' } : reply);
    else ports.later(PAUSE_MS, ask);
  };
  const ask = (): void => ports.view((view) => {
    if (ended) return;
    const attempt = ++attempts;
    const node = nodeFor(attempt, view);
    if (node === null) return heard({ outcome: 'fail', reason: 'no-quorum' }, attempt);
    let answered = false;
    const answer = (reply: Reply): void => {
      answered = true;
      heard(reply, attempt);
    };
    ports.later(ATTEMPT_MS, () => { if (!answered) heard({ outcome: 'unknown', reason: 'timeout' }, attempt); });
    ports.ask(node, command, answer);
  });
  ports.emit({ type: 'submitted', command });
  ask();
}

/** Every other attempt is the leader's, because the nodes may not know who that is. null: nobody is up. */
function nodeFor(attempt: number, view: View): NodeId | null {
  const leader = leaderOf(view);
  const others = [...view].flatMap(([id, { up }]) => (up && id !== leader ? id : []));
  if (leader !== null && (attempt % 2 === 1 || others.length === 0)) return leader;
  return others[(attempt >> 1) % Math.max(1, others.length)] ?? null;
}
