// STICK's hash chain: each consensus names the round and hash of the one before it, and is stored only on top of that one.
// What is not yet decided can be cut off again; only the repaired variants do that.
import { assert } from '../../assert.ts';
import { commandOf, membersOf } from '../../clients.ts';
import type { Command, CommandId, Json, NodeId, Reconfigure } from '../../contract.ts';
import { canonicalJson, sha256 } from '../../kit/hash.ts';
import { commandsOf, fieldsOf, isNatural } from '../../kit/shape.ts';

export type Ref = { readonly round: number; readonly hash: string };
/** In force from the ProtoConsensus that holds it on, beside those before it until it is confirmed. It takes one slot. */
export type Configuration = { readonly members: readonly NodeId[]; readonly change: Command<Reconfigure> };
/**
 * Also the form of a ProtoConsensus: the seed's, with its names. confirmed: the last consensus that its leader knew to be decided.
 * Neither that nor a configuration is in one of `literal`.
 */
export type Consensus = {
  readonly round: number; readonly leader: string; readonly last_consensus: Ref; readonly log_entries: readonly Command[];
  readonly confirmed?: Ref; readonly configuration?: Configuration;
};

/** What the first consensus names as the one before it. */
const GENESIS: Ref = { round: 0, hash: sha256('') };

export function refOf(value: Json | undefined): Ref | null {
  const fields = fieldsOf(value);
  if (fields === null || !isNatural(fields['round']) || typeof fields['hash'] !== 'string') return null;
  return { round: fields['round'], hash: fields['hash'] };
}

// A consensus is hashed when it is checked, stored and confirmed: the same object, which nobody changes.
const refs = new WeakMap<Consensus, Ref>();

export function refTo(consensus: Consensus): Ref {
  let ref = refs.get(consensus);
  if (ref === undefined) {
    ref = { round: consensus.round, hash: sha256(canonicalJson(consensus)) };
    refs.set(consensus, ref);
  }
  return ref;
}

/** At least one entry, each well-formed; a round after the one that it names. */
export function consensusOf(value: Json | undefined): Consensus | null {
  const consensus = partsOf(value);
  return consensus === null || consensus.log_entries.length === 0 ? null : consensus;
}

function partsOf(value: Json | undefined): Consensus | null {
  const fields = fieldsOf(value);
  const last = refOf(fields?.['last_consensus']);
  const entries = commandsOf(fields?.['log_entries']);
  const { round, leader } = fields ?? {};
  if (last === null || entries === null || !isNatural(round) || round <= last.round || typeof leader !== 'string') return null;
  return { round, leader, last_consensus: last, log_entries: entries };
}

function configurationOf(value: Json | undefined): Configuration | null {
  const fields = fieldsOf(value);
  const members = membersOf(fields?.['members']);
  const change = fields?.['change'] === undefined ? null : commandOf(fields['change']);
  if (members === null || members.length === 0 || change?.op.type !== 'reconfigure') return null;
  return { members, change: { id: change.id, op: change.op } };
}

/** One of the repaired variants: it may be without an entry, and names what its leader knew to be confirmed. */
export function proposalOf(value: Json | undefined): Consensus | null {
  const fields = fieldsOf(value);
  const parts = partsOf(value);
  const confirmed = refOf(fields?.['confirmed']);
  if (parts === null || confirmed === null || confirmed.round > parts.last_consensus.round) return null;
  if (fields?.['configuration'] === undefined) return { ...parts, confirmed };
  const configuration = configurationOf(fields['configuration']);
  return configuration === null ? null : { ...parts, confirmed, configuration };
}

export class Chain {
  head: Ref = GENESIS;
  consensuses: Consensus[] = [];
  /** Of the consensus with the same place. */
  refs: Ref[] = [];
  /** Slots in all. */
  slots = 0;
  ids = new Set<CommandId>();
  /** Hash of a consensus → how many consensuses end with it. */
  lengths = new Map<string, number>([[GENESIS.hash, 0]]);

  get length(): number {
    return this.consensuses.length;
  }

  continuedBy(consensus: Consensus): boolean {
    return consensus.last_consensus.hash === this.head.hash;
  }

  append(consensus: Consensus): void {
    assert(this.continuedBy(consensus), `the consensus of round ${consensus.round} does not continue the chain at round ${this.head.round}`);
    this.head = refTo(consensus);
    this.refs.push(this.head);
    this.consensuses.push(consensus);
    this.lengths.set(this.head.hash, this.consensuses.length);
    this.slots += slotsOf(consensus);
    for (const command of consensus.log_entries) this.ids.add(command.id);
  }

  /** Removes what comes after the first `length` consensuses. */
  truncate(length: number): void {
    while (this.consensuses.length > length) {
      const { log_entries: entries } = this.consensuses.at(-1) as Consensus;
      for (const command of entries) this.ids.delete(command.id);
      this.slots -= slotsOf(this.consensuses.pop() as Consensus);
      this.lengths.delete((this.refs.pop() as Ref).hash);
    }
    this.head = this.refAt(length);
  }

  /** Of the last of the first `length` consensuses. */
  refAt(length: number): Ref {
    return this.refs[length - 1] ?? GENESIS;
  }

  /** What follows `last`, up to the first `length` consensuses; nothing when `last` is not in this chain. */
  after(last: Ref, length: number): readonly Consensus[] {
    const known = this.lengths.get(last.hash);
    return known === undefined ? [] : this.consensuses.slice(known, length);
  }
}

export function slotsOf({ log_entries: entries, configuration }: Consensus): number {
  return entries.length + (configuration === undefined ? 0 : 1);
}
