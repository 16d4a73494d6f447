// The five ranks in virtual time: the log lines of each, from flags, seed and loss alone.
import { PERFECT_LINK } from '../../../../netem/link.ts';
import { PROTOCOLS } from '../../../../node/registry.ts';
import { World } from '../../../../sim/world.ts';
import { named } from '../../../builtins.ts';
import { NODE_BYTES } from '../../bytes.ts';
import { lineOf } from './log-lines.ts';
import { NODES, seatOf } from './ranks.ts';
import type { Flags } from './ranks.ts';

/** The origin does some 500 slots a second one after the other: 2 ms each, which is here what a message takes there and back. */
const DELAY_MS = 1;
const FSYNC_MS = 0.1;
const EPOCH_MS = 1_767_225_600_000;
/** A whole history in one message, as over TCP; nothing here is short of room. */
const LIMITS = { maxMessageBytes: 16 * 2 ** 20, frameBytes: 65_507 };
const STEADY = { offsetMs: 0, driftPpm: 0, ntp: null };
/** What is under way at the end arrives. */
const SETTLE_MS = 100;

/** Text of the log of each rank. */
export function simulate(flags: Flags, { lossPct, seed }: { readonly lossPct: number; readonly seed: string }): readonly string[] {
  const logs = NODES.map((): string[] => []);
  const link = { ...PERFECT_LINK, delayMs: DELAY_MS, lossPct };
  const world = new World({
    protocol: named(PROTOCOLS, 'yasp', 'protocol'), bytes: NODE_BYTES, seed, epochMs: EPOCH_MS, detail: 'totals', fsyncMs: FSYNC_MS, requestTimeoutMs: 1_000,
    seats: NODES.map((_, rank) => seatOf(rank, flags, LIMITS)),
    clocks: Object.fromEntries(NODES.map((id) => [id, STEADY])),
    links: Object.fromEntries(NODES.map((from) => [from, Object.fromEntries(NODES.filter((to) => to !== from).map((to) => [to, link]))])),
  }, (event) => {
    const line = lineOf(event, EPOCH_MS);
    if (line !== null) logs[NODES.indexOf(event.node)]?.push(line);
  });
  for (const id of NODES) world.start(id);
  world.advance(flags.t * 1_000 + SETTLE_MS);
  world.close();
  return logs.map((lines) => lines.join(''));
}
