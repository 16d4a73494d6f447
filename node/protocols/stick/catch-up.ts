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

export abstract class CatchUp extends State {
  /** Follows the first `base` of the chain, and is not higher than what it would replace, so far. */
  branch: { readonly base: number; readonly consensuses: readonly Consensus[]; readonly head: Ref } | null = null;
  /** What was asked for in this round, and of whom. */
  asked = new Set<string>();

  /** What leads to this one, or to whatever is decided there (null); once a round. */
  fetch(from: NodeId, to: Ref | null): void {
    const known = this.branch?.head ?? this.confirmedRef;
    const name = `${from} ${known.hash} ${to?.hash}`;
    if (from === this.env.self || this.asked.has(name)) return;
    this.asked.add(name);
    this.env.sendBeforeDurable(from, { fetch: { round: this.round, from: known, to } });
  }

  forgetFetches(): void {
    this.asked.clear();
    this.branch = null;
  }

  /** Answers with what follows `from`, as much as one message holds; not at all where this chain lacks `from`. */
  fetched(by: NodeId, { from, to }: { readonly from: Ref; readonly to: Ref | null }): void {
    const { chain, env } = this;
    const length = to === null ? this.confirmed : Math.max(this.confirmed, chain.lengths.get(to.hash) ?? 0);
    const consensuses: Consensus[] = [];
    let bytes = ENVELOPE_BYTES;
    for (const consensus of chain.after(from, length)) {
      bytes += env.sizeOf(consensus) + 1;
      if (bytes > env.maxMessageBytes) break;
      consensuses.push(consensus);
    }
    if (consensuses.length > 0) this.say(by, { catchup: { round: this.round, to, consensuses, confirmed: this.confirmedRef } });
  }

  caughtUp(from: NodeId, { to, consensuses, confirmed }: { readonly to: Ref | null; readonly consensuses: readonly Consensus[]; readonly confirmed: Ref }): void {
    const { chain } = this;
    const refs = consensuses.map(refTo);
    const [first] = consensuses;
    if (first === undefined || consensuses.some(({ last_consensus: last }, index) => index > 0 && last.hash !== refs[index - 1]?.hash)) return;
    const { branch } = this;
    const continued = branch !== null && branch.head.hash === first.last_consensus.hash ? branch : null;
    const base = continued?.base ?? chain.lengths.get(first.last_consensus.hash);
    if (base === undefined) return;
    const decided = refs.findIndex(({ hash }) => hash === confirmed.hash) + 1;
    const before = continued?.consensuses ?? [];
    this.#take(base, [...before, ...consensuses], decided === 0 ? 0 : before.length + decided);
    const length = chain.lengths.get(confirmed.hash);
    if (length !== undefined) this.confirmTo(length);
    if (to === null ? confirmed.round > this.confirmedRef.round : !chain.lengths.has(to.hash)) this.fetch(from, to);
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
