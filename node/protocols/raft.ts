// Raft, as in Ongaro and Ousterhout's extended paper (2014) with PreVote, CheckQuorum and the leader's disk in parallel from
// Ongaro's dissertation (§9.6, §6.2, §10.2.1). The machine is in raft/server.ts; docs/protocols/raft.md says what differs.
import { protocol } from '../contract.ts';
import type { Json } from '../contract.ts';
import type { DiskEntry } from './raft/messages.ts';
import { advice, DEFAULTS, election, expected, resolve, timeoutMsOf } from './raft/options.ts';
import type { Options } from './raft/options.ts';
import { Server } from './raft/server.ts';

export const raft = protocol<Json, DiskEntry, Options>({
  name: 'raft',
  summary: 'a strong leader, elected by randomized timeouts, replicates one log',
  defaults: DEFAULTS,
  create: (env) => new Server(env),
  resolve,
  expected,
  election,
  advice,
  longestPeriodMs: (options) => timeoutMsOf(options)[1],
  epochsRiseWithSlot: true,
  reconfigurable: true,
});
