// What one direction of one link does to a datagram. Names and units follow tc-netem(8), and so does what they mean:
// the simulator and the userspace shaper run this code where a kernel would run netem, and shall not be told apart by a
// protocol. A link knows no clock and no randomness of its own; the caller gives both.

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

/** Of the scheduled jitter. */
const INTERVAL_MS = 100;
/** Ethernet, IP and UDP headers: netem's rate counts them too. */
const HEADER_BYTES = 42;
/** netem's tables are 16 bits wide and end here, in units of the jitter. */
const TABLE_END = 4;

const LOST: readonly Delivery[] = [];

/**
 * Probability to enter (p) and to leave (r) the state in which every datagram is lost; the mean burst is 1/r and the loss
 * p/(p + r). A loss that bursts of this length cannot make up lengthens them.
 */
export function gilbertElliott(lossPct: number, burst: number): { readonly p: number; readonly r: number } {
  const loss = Math.min(1, lossPct / 100);
  if (loss <= 0) return { p: 0, r: 1 };
  const r = Math.min(1 / Math.max(1, burst), (1 - loss) / loss);
  return { p: loss === 1 ? 1 : (r * loss) / (1 - loss), r };
}

/** One draw in units of the jitter: uniform in ±1, normal with deviation 1, or iproute2's pareto (mean 0, most mass below, a long tail above). */
function draw(distribution: Link['distribution'], random: () => number): number {
  switch (distribution) {
    case 'uniform':
      return 2 * random() - 1;
    case 'normal': {
      const radius = Math.sqrt(-2 * Math.log(1 - random()));
      return Math.max(-TABLE_END, Math.min(TABLE_END, radius * Math.cos(2 * Math.PI * random())));
    }
    case 'pareto':
      return Math.min(TABLE_END, (1 / Math.cbrt(1 - random()) - 1.5) * (4 / 3));
  }
}

function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The scheduled jitter in ms by ⌊t / 100 ms⌋: a function of seed, link and interval alone, so every runner has the same. */
export function scheduledJitter(link: Link, seed: string, from: string, to: string): (interval: number) => number {
  if (link.jitterMs === 0) return () => 0;
  let name = 0x811c9dc5;
  for (const character of `${seed}\u0000${from}\u0000${to}`) name = Math.imul(name ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (interval) => {
    let state = mixed(name ^ mixed(interval));
    return link.jitterMs * draw(link.distribution, () => {
      state = (state + 0x9e3779b9) | 0;
      return mixed(state) / 4_294_967_296;
    });
  };
}

/** random: [0, 1), of this link alone. jitterMs: of the kept order, by ⌊t / 100 ms⌋. */
export function openLink(link: Link, random: () => number, jitterMs: (interval: number) => number): LinkState {
  const plain = link.jitterMs === 0 && link.lossPct === 0 && link.duplicatePct === 0 && link.reorderPct === 0
    && link.corruptPct === 0 && link.rateKbit === null;
  if (!plain) return new ShapedLink(link, random, jitterMs);
  const delivered: readonly Delivery[] = [{ afterMs: Math.max(0, link.delayMs), corrupt: false }];
  return { transmit: () => delivered };
}

class ShapedLink implements LinkState {
  readonly #link: Link;
  readonly #random: () => number;
  readonly #jitterMs: (interval: number) => number;
  readonly #burst: { readonly p: number; readonly r: number } | null;
  #inBurst = false;
  #interval = NaN;
  #intervalDelayMs = 0;
  /** When the datagram sent last arrives, while order is kept. */
  #lastArrivalMs = -Infinity;
  /** When each datagram that waits for the line or is on it will have left it, oldest first. */
  #leaves: number[] = [];

  constructor(link: Link, random: () => number, jitterMs: (interval: number) => number) {
    this.#link = link;
    this.#random = random;
    this.#jitterMs = jitterMs;
    this.#burst = link.lossBurst === null ? null : gilbertElliott(link.lossPct, link.lossBurst);
  }

  transmit(bytes: number, nowMs: number): readonly Delivery[] {
    const copies = (this.#happens(this.#link.duplicatePct) ? 2 : 1) - (this.#loses() ? 1 : 0);
    if (copies === 0) return LOST;
    const first = this.#deliver(bytes, nowMs);
    const second = copies === 2 ? this.#deliver(bytes, nowMs) : null;
    if (first === null) return second === null ? LOST : [second];
    return second === null ? [first] : [first, second];
  }

  #happens(pct: number): boolean {
    return pct > 0 && this.#random() * 100 < pct;
  }

  #loses(): boolean {
    const burst = this.#burst;
    if (burst === null) return this.#happens(this.#link.lossPct);
    this.#inBurst = this.#inBurst ? this.#random() >= burst.r : this.#random() < burst.p;
    return this.#inBurst;
  }

  /** null: the queue is full. */
  #deliver(bytes: number, nowMs: number): Delivery | null {
    const corrupt = this.#happens(this.#link.corruptPct);
    // As in netem, a reordered datagram leaves at once, past the queue.
    if (this.#happens(this.#link.reorderPct)) return { afterMs: 0, corrupt };
    const lineMs = this.#lineMs(bytes, nowMs);
    if (lineMs === null) return null;
    const afterMs = lineMs + this.#delayMs(nowMs);
    return { afterMs: this.#link.order === 'keep' ? this.#inOrder(afterMs, nowMs) : afterMs, corrupt };
  }

  /** Wait for the line and time on it. */
  #lineMs(bytes: number, nowMs: number): number | null {
    const { rateKbit, queuePackets } = this.#link;
    if (rateKbit === null) return 0;
    const leaves = this.#leaves;
    while (leaves.length > 0 && (leaves[0] ?? 0) <= nowMs) leaves.shift();
    // One is on the line, the others wait.
    if (leaves.length > queuePackets) return null;
    const leavesMs = (leaves.at(-1) ?? nowMs) + ((bytes + HEADER_BYTES) * 8) / rateKbit;
    leaves.push(leavesMs);
    return leavesMs - nowMs;
  }

  #delayMs(nowMs: number): number {
    const { order, delayMs, jitterMs, distribution } = this.#link;
    if (jitterMs === 0) return Math.max(0, delayMs);
    if (order === 'reorder') return Math.max(0, delayMs + jitterMs * draw(distribution, this.#random));
    const interval = Math.floor(nowMs / INTERVAL_MS);
    if (interval !== this.#interval) {
      this.#interval = interval;
      this.#intervalDelayMs = Math.max(0, delayMs + this.#jitterMs(interval));
    }
    return this.#intervalDelayMs;
  }

  /** Not before the datagram sent last, exactly: `nowMs + afterMs` is what the caller will compute. */
  #inOrder(delayMs: number, nowMs: number): number {
    let afterMs = Math.max(delayMs, this.#lastArrivalMs - nowMs);
    for (let ulpMs = Math.abs(this.#lastArrivalMs) * 2 ** -53; nowMs + afterMs < this.#lastArrivalMs; ulpMs *= 2) afterMs += ulpMs;
    this.#lastArrivalMs = nowMs + afterMs;
    return afterMs;
  }
}
