// The five ranks of the seed document as nodes of the lab, and their options.
import type { Json, NodeId } from '../../../../node/contract.ts';
import type { Seat } from '../../../../node/seat.ts';

export const RANKS = 5;
/** Bytes of random data in each slot, as in the origin's configuration. */
const DATA_BYTES = 1_000;

export type Variant = 'safe' | 'literal';
/** The flags that the seed document names; times in seconds. */
export type Flags = { readonly o: number; readonly l: number; readonly t: number; readonly variant: Variant };

export const NODES: readonly NodeId[] = Array.from({ length: RANKS }, (_, rank) => `n${rank + 1}`);

/** One slot at a time, as the origin has it. */
function optionsOf({ o, l, t, variant }: Flags): Json {
  return { variant, timeoutMs: o * 1_000, interval: l, window: 1, bcpeers: 'all', dataSize: DATA_BYTES, stopAfterMs: t * 1_000 };
}

export function seatOf(rank: number, flags: Flags, limits: Pick<Seat, 'maxMessageBytes' | 'frameBytes'>): Omit<Seat, 'life'> {
  return {
    self: NODES[rank] ?? '', members: NODES, joining: false, addresses: Object.fromEntries(NODES.map((id, index) => [id, `198.18.0.${11 + index}`])),
    options: optionsOf(flags), ...limits, atFollower: 'forward', run: 'yasp',
  };
}
