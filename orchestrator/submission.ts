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

/** A new node catches up within one attempt; one that is slower is waited for by the next. */
const ATTEMPT_MS = 5_000;
const PAUSE_MS = 100;
/** What has no answer by then has none. */
const WITHIN_MS = 45_000;

/** Calls `done` once. Its id must be nobody else's in this run. */
export function submitChange(command: Command<Reconfigure>, ports: SubmissionPorts, done: (reply: Reply) => void): void {
  const startMs = ports.now();
  let attempts = 0;
  let uncertain = false;
  let last: Reply = { outcome: 'fail', reason: 'no-quorum' };
  const end = (reply: Reply): void => {
    ports.emit({ type: 'answered', id: command.id, reply, attempts });
    done(reply);
  };
  const heard = (reply: Reply): void => {
    last = reply;
    uncertain ||= reply.outcome === 'unknown';
    // What was refused for good was not done by an earlier attempt either: that one would have been answered from its session.
    if (reply.outcome === 'ok' || (reply.outcome === 'fail' && reply.reason === 'malformed')) end(reply);
    else if (ports.now() - startMs >= WITHIN_MS) end(uncertain ? { outcome: 'unknown', reason: 'timeout' } : last);
    else ports.later(PAUSE_MS, attempt);
  };
  const attempt = (): void => ports.view((view) => {
    const leader = leaderOf(view);
    const up = [...view].flatMap(([id, { up: isUp }]) => (isUp ? id : [])).sort((left, right) => Number(right === leader) - Number(left === leader));
    const node = up[attempts++ % Math.max(1, up.length)];
    let answered = false;
    const answer = (reply: Reply): void => {
      if (answered) return;
      answered = true;
      heard(reply);
    };
    ports.later(ATTEMPT_MS, () => answer({ outcome: 'unknown', reason: 'timeout' }));
    if (node === undefined) answer({ outcome: 'fail', reason: 'no-quorum' });
    else ports.ask(node, command, answer);
  });
  ports.emit({ type: 'submitted', command });
  attempt();
}
