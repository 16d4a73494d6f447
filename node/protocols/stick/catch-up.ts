// How a server gets what it has missed. What comes with a confirmed mark is decided and taken as it is; an undecided branch
// replaces the own one only if its last ballot is higher. Copies count for nothing: only votes and acks decide.
import type { NodeId } from '../../contract.ts';
import { refTo } from './chain.ts';
import type { Consensus, Ref } from './chain.ts';
import { isBelow, NO_BALLOT } from './messages.ts';
import { State } from './state.ts';

/** What a message holds besides consensuses, at most. */
const ENVELOPE_BYTES = 512;
/** Of an undecided branch that arrives in pieces; a longer one is asked for again. */
const MOST_BRANCH = 1000;
/** Messages that answer one question. */
const MOST_PARTS = 8;

/** left: so many more messages answer the same question. */
type Catchup = { readonly to: Ref | null; readonly consensuses: readonly Consensus[]; readonly confirmed: Ref; readonly left: number };

export abstract class CatchUp extends State {
  /** Follows the first `base` of the chain, and is not higher than what it would replace, so far. */
  branch: { readonly base: number; readonly consensuses: readonly Consensus[]; readonly head: Ref } | null = null;
  /** What was asked for in this round, and of whom. */
  asked = new Set<string>();

  /** What leads to this one, or to whatever is decided there (null), from the end of the own chain or from what is decided here; once a round. */
  fetch(from: NodeId, to: Ref | null): void {
    const known = this.branch?.head ?? this.chain.head;
    const name = `${from} ${known.hash} ${to?.hash}`;
    if (from === this.env.self || this.asked.has(name)) return;
    this.asked.add(name);
    this.env.sendBeforeDurable(from, { fetch: { round: this.round, from: known.hash === this.confirmedRef.hash ? [known] : [known, this.confirmedRef], to } });
  }

  forgetFetches(): void {
    this.asked.clear();
    this.branch = null;
  }

  /** Answers with what follows the first of `from` that this chain has, a few messages of it; not at all where it has none. */
  fetched(by: NodeId, { from, to }: { readonly from: readonly Ref[]; readonly to: Ref | null }): void {
    const { chain, env } = this;
    const length = to === null ? this.confirmed : Math.max(this.confirmed, chain.lengths.get(to.hash) ?? 0);
    const known = from.find(({ hash }) => chain.lengths.has(hash));
    if (known === undefined) return;
    const parts: Consensus[][] = [];
    let bytes = Infinity;
    for (const consensus of chain.after(known, length)) {
      const size = env.sizeOf(consensus) + 1;
      bytes += size;
      if (bytes > env.maxMessageBytes) {
        if (parts.length === MOST_PARTS) break;
        parts.push([]);
        bytes = ENVELOPE_BYTES + size;
      }
      parts.at(-1)?.push(consensus);
    }
    if (parts.length === 0) parts.push([]);
    for (const [index, consensuses] of parts.entries()) {
      this.say(by, { catchup: { round: this.round, to, consensuses, confirmed: this.confirmedRef, left: parts.length - 1 - index } });
    }
  }

  /** Without consensuses: there is nothing to add but what is decided. */
  caughtUp(from: NodeId, { to, consensuses, confirmed, left }: Catchup): void {
    const { chain } = this;
    if (consensuses.length > 0 && !this.#follows(consensuses, confirmed)) return;
    const length = chain.lengths.get(confirmed.hash);
    if (length !== undefined) this.confirmTo(length);
    if (left > 0 || consensuses.length === 0) return;
    if (to === null ? confirmed.round > this.confirmedRef.round : !chain.lengths.has(to.hash)) this.fetch(from, to);
  }

  /** false: each does not name the one before it, or the first names none that is known here. */
  #follows(consensuses: readonly Consensus[], confirmed: Ref): boolean {
    const { branch, chain } = this;
    const refs = consensuses.map(refTo);
    const parents = consensuses.map(({ last_consensus: last }) => last.hash);
    if (parents.some((parent, index) => index > 0 && parent !== refs[index - 1]?.hash)) return false;
    const continued = branch !== null && branch.head.hash === parents[0] ? branch : null;
    const base = continued?.base ?? chain.lengths.get(parents[0] ?? '');
    if (base === undefined) return false;
    const decided = refs.findIndex(({ hash }) => hash === confirmed.hash) + 1;
    const before = continued?.consensuses ?? [];
    this.#take(base, [...before, ...consensuses], decided === 0 ? 0 : before.length + decided);
    return true;
  }

  /** decided: so many of these. */
  #take(base: number, consensuses: readonly Consensus[], decided: number): void {
    const { chain } = this;
    let known = 0;
    while (known < consensuses.length && chain.lengths.get(refTo(consensuses[known] as Consensus).hash) === base + known + 1) known++;
    const fresh = consensuses.slice(known);
    const keep = base + known;
    this.branch = null;
    // A node whose decided chain goes on otherwise has forked from this one; nothing of it can be used here.
    if (fresh.length === 0 || keep < this.confirmed) return;
    const all = isBelow(this.head, fresh.at(-1) ?? NO_BALLOT);
    const taken = all ? fresh : fresh.slice(0, Math.max(0, decided - known));
    if (taken.length > 0) this.accept(keep, taken);
    else if (fresh.length <= MOST_BRANCH) this.branch = { base: keep, consensuses: fresh, head: refTo(fresh.at(-1) as Consensus) };
  }

  /** Somebody knows this to be decided. */
  decided(from: NodeId, ref: Ref): void {
    if (ref.round <= this.confirmedRef.round) return;
    const length = this.chain.lengths.get(ref.hash);
    if (length === undefined) this.fetch(from, ref);
    else this.confirmTo(length);
  }
}
