// What one direction of one link does to a datagram. Names and units follow tc-netem(8).

export type Link = {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly distribution: 'uniform' | 'normal' | 'pareto';
  readonly lossPct: number;
  /** Mean burst length in datagrams (Gilbert-Elliott); null: independent loss. */
  readonly lossBurst: number | null;
  readonly duplicatePct: number;
  readonly reorderPct: number;
  readonly corruptPct: number;
  readonly rateKbit: number | null;
  readonly queuePackets: number;
  /** keep: jitter is a scheduled delay that changes every 100 ms; reorder: drawn for each datagram. */
  readonly order: 'keep' | 'reorder';
};
/** From a node or a client's region to a node or a client's region. A missing entry is a link that does nothing. */
export type LinkMatrix = { readonly [from: string]: { readonly [to: string]: Link } };
export type Delivery = { readonly afterMs: number; readonly corrupt: boolean };
export interface LinkState {
  /** []: lost; two: duplicated. */
  transmit(bytes: number, nowMs: number): readonly Delivery[];
}
export const PERFECT_LINK: Link = {
  delayMs: 0, jitterMs: 0, distribution: 'uniform', lossPct: 0, lossBurst: null, duplicatePct: 0,
  reorderPct: 0, corruptPct: 0, rateKbit: null, queuePackets: 1000, order: 'keep',
};
