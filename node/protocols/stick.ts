// STICK, the Simple Time Interval Consensus Kludge: time is cut into rounds, a hash chooses the leader of each, and a round yields
// at most one consensus. No election and no failure detector.
//
//   literal   as its document is written, with its holes: it can fork           stick/literal.ts
//   report    repaired, in as many trips: who begins a round reports first      stick/report.ts
//   ack       repaired, with one trip more: the Consensus is acknowledged       stick/ack.ts
//
// The repaired ones share, each on top of the one before: stick/state.ts, catch-up.ts, rounds.ts, leading.ts.
// One entry of a consensus is one slot; its epoch is the round. Differs from the seed in: docs/protocols/stick.md.
import { protocol } from '../contract.ts';
import type { Env, Json, Machine } from '../contract.ts';
import { Ack } from './stick/ack.ts';
import type { Consensus } from './stick/chain.ts';
import { advice, expected } from './stick/latency.ts';
import { Literal } from './stick/literal.ts';
import { DEFAULTS, resolve, timesOf } from './stick/options.ts';
import type { Options } from './stick/options.ts';
import { Report } from './stick/report.ts';
import type { DiskEntry } from './stick/state.ts';

function create(env: Env<Json, Consensus | DiskEntry, Options>): Machine<Json, Consensus | DiskEntry> {
  switch (env.options.variant) {
    case 'literal':
      return new Literal(env);
    case 'ack':
      return new Ack(env);
    default:
      return new Report(env);
  }
}

export const stick = protocol<Json, Consensus | DiskEntry, Options>({
  name: 'stick',
  summary: 'rounds by the clock, a new leader each round by a hash; variant report and ack keep what they confirm, literal (as its document is written) can fork',
  defaults: DEFAULTS,
  create,
  // Two nodes may lead one round while the members change: a ballot is (round, leader).
  claims: ({ variant }) => (variant === 'literal' ? ['validity', 'one-leader-per-epoch'] : ['agreement', 'validity', 'linearizability', 'durability']),
  leadership: () => 'rotating',
  reconfigurable: ({ variant }) => variant !== 'literal',
  epochsRiseWithSlot: true,
  longestPeriodMs: (options) => timesOf(options).roundMs,
  tick: (options) => ({ name: 'round', periodMs: timesOf(options).roundMs }),
  resolve,
  expected,
  advice,
});
