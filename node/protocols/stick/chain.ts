// STICK's hash chain: each consensus names the round and hash of the one before it, and is stored only on top of that one.
import { assert } from '../../assert.ts';
import type { Command, CommandId, Json } from '../../contract.ts';
import { canonicalJson, sha256 } from '../../kit/hash.ts';
import { commandsOf, fieldsOf, isNatural } from '../../kit/shape.ts';

export type Ref = { readonly round: number; readonly hash: string };
/** Also the form of a ProtoConsensus: the seed's, with its names. */
export type Consensus = { readonly round: number; readonly leader: string; readonly last_consensus: Ref; readonly log_entries: readonly Command[] };

/** What the first consensus names as the one before it. */
const GENESIS: Ref = { round: 0, hash: sha256('') };

export function refOf(value: Json | undefined): Ref | null {
  const fields = fieldsOf(value);
  if (fields === null || !isNatural(fields['round']) || typeof fields['hash'] !== 'string') return null;
  return { round: fields['round'], hash: fields['hash'] };
}

/** At least one entry, each well-formed; a round after the one that it names. */
export function consensusOf(value: Json | undefined): Consensus | null {
  const fields = fieldsOf(value);
  const last = refOf(fields?.['last_consensus']);
  const entries = commandsOf(fields?.['log_entries']);
  const { round, leader } = fields ?? {};
  if (last === null || entries === null || entries.length === 0 || !isNatural(round) || round <= last.round || typeof leader !== 'string') return null;
  return { round, leader, last_consensus: last, log_entries: entries };
}

export class Chain {
  head: Ref = GENESIS;
  consensuses: Consensus[] = [];
  /** Entries in all. */
  slots = 0;
  ids = new Set<CommandId>();
  /** Hash of a consensus → how many consensuses end with it. */
  lengths = new Map<string, number>([[GENESIS.hash, 0]]);

  continuedBy(consensus: Consensus): boolean {
    return consensus.last_consensus.hash === this.head.hash;
  }

  append(consensus: Consensus): void {
    assert(this.continuedBy(consensus), `the consensus of round ${consensus.round} does not continue the chain at round ${this.head.round}`);
    const hash = sha256(canonicalJson(consensus));
    this.head = { round: consensus.round, hash };
    this.consensuses.push(consensus);
    this.lengths.set(hash, this.consensuses.length);
    this.slots += consensus.log_entries.length;
    for (const command of consensus.log_entries) this.ids.add(command.id);
  }

  /** What follows `last`, up to the first `length` consensuses; nothing when `last` is not in this chain. */
  after(last: Ref, length: number): readonly Consensus[] {
    const known = this.lengths.get(last.hash);
    return known === undefined ? [] : this.consensuses.slice(known, length);
  }
}
