// Paxos, multi-decree, after Lamport's "Paxos Made Simple" and Howard's "Distributed consensus revised" (flexible quorums).
// The roles are in paxos/proposer.ts, acceptor.ts and learner.ts, joined in paxos/process.ts; docs/protocols/paxos.md says
// what differs.
import { protocol } from '../contract.ts';
import type { Json } from '../contract.ts';
import { advice, election } from './paxos/advice.ts';
import { expected } from './paxos/expected.ts';
import type { Entry } from './paxos/messages.ts';
import { DEFAULTS, leadership, resolve } from './paxos/options.ts';
import type { Options } from './paxos/options.ts';
import { Process } from './paxos/process.ts';

export const paxos = protocol<Json, Entry, Options>({
  name: 'paxos',
  summary: 'Multi-Paxos with flexible quorums; leader: stable | roundRobin | fixed:<node> | any (every node proposes; writers in several places duel)',
  defaults: DEFAULTS,
  create: (env) => new Process(env),
  resolve,
  leadership,
  expected,
  election,
  advice,
  reconfigurable: true,
  longestPeriodMs: ({ timeoutMs }) => (timeoutMs === 'auto' ? 300 : timeoutMs[1]),
});
