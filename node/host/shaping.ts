// The network of one node: what its links do to a datagram, done at the sender's egress. Links are desired state: the whole
// row is set at once, a link that stays as it was keeps its state, and what is in flight keeps its due time.
import { openLink, scheduledJitter } from '../../netem/link.ts';
import type { Link, LinkState } from '../../netem/link.ts';
import type { NodeId } from '../contract.ts';
import { randomStream } from '../kit/random.ts';
import { DueQueue } from './due-queue.ts';

/** Datagrams in flight; beyond it they are lost, as in a full queue of a kernel. */
const MAX_IN_FLIGHT = 100_000;

export class Shaping {
  /** By the links, or because too many are in flight. */
  lost = 0;
  readonly #seed: string;
  readonly #self: NodeId;
  readonly #now: () => number;
  readonly #leave: (to: NodeId, frame: Uint8Array) => void;
  readonly #queue: DueQueue;
  readonly #links = new Map<NodeId, { readonly text: string; readonly state: LinkState }>();
  readonly #randoms = new Map<NodeId, () => number>();

  constructor(seed: string, self: NodeId, now: () => number, leave: (to: NodeId, frame: Uint8Array) => void) {
    this.#seed = seed;
    this.#self = self;
    this.#now = now;
    this.#leave = leave;
    this.#queue = new DueQueue(now);
  }

  /** Exactly these links; a missing one does nothing. */
  setLinks(links: { readonly [to: NodeId]: Link }): void {
    for (const to of this.#links.keys()) if (links[to] === undefined) this.#links.delete(to);
    for (const [to, link] of Object.entries(links)) {
      const text = JSON.stringify(link);
      if (this.#links.get(to)?.text === text) continue;
      const state = openLink(link, this.#random(to), scheduledJitter(link, this.#seed, this.#self, to));
      this.#links.set(to, { text, state });
    }
  }

  /** Hands the frame, or what the link makes of it, to the socket when it is due. */
  send(to: NodeId, frame: Uint8Array): void {
    const link = this.#links.get(to);
    if (link === undefined) {
      this.#leave(to, frame);
      return;
    }
    const nowMs = this.#now();
    const deliveries = link.state.transmit(frame.length, nowMs);
    if (deliveries.length === 0) this.lost++;
    for (const { afterMs, corrupt } of deliveries) {
      const sent = corrupt ? flipped(frame, this.#random(to)) : frame;
      if (afterMs <= 0) this.#leave(to, sent);
      else if (this.#queue.length < MAX_IN_FLIGHT) this.#queue.at(nowMs + afterMs, () => this.#leave(to, sent));
      else this.lost++;
    }
  }

  stop(): void {
    this.#queue.stop();
  }

  #random(to: NodeId): () => number {
    let random = this.#randoms.get(to);
    if (random === undefined) {
      random = randomStream(this.#seed, 'link', this.#self, to);
      this.#randoms.set(to, random);
    }
    return random;
  }
}

/** A copy with one bit flipped: its checksum, computed before, no longer matches. */
function flipped(frame: Uint8Array, random: () => number): Uint8Array {
  const copy = frame.slice();
  const bit = Math.floor(random() * frame.length * 8);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
