// What proposers, acceptors and learners say to each other and write to disk. Nothing reaches a role unless its shape is
// right and its ballot belongs to its sender, so no role checks a message again.
//
//   prepare · promise · nack            phase 1, for every slot from `from` on; a promise comes in pages
//   propose · accept · nack             phase 2, several slots in one message
//   decided · heartbeat · gossip        how far the sender knows every slot decided
//   learn · learnReply                  a lagging learner fetches values
//   state · fetch                       and where they are forgotten the state, in parts
import { commandOf, membersOf } from '../../clients.ts';
import type { Command, Json, NodeId, Position } from '../../contract.ts';
import { fieldsOf, isNatural } from '../../kit/shape.ts';
import type { Fields } from '../../kit/shape.ts';
import { MAX_PARTS } from '../../kit/transfer.ts';
import type { Part } from '../../kit/transfer.ts';
import { utf8Bytes } from '../../wire.ts';
import type { Configuration, Placed } from './configurations.ts';

/**
 * A value for a slot. epoch: the ballot in which it was first proposed there; it travels with the value. A null command is a
 * no-op, or a configuration.
 */
export type Proposal = { readonly slot: number; readonly epoch: number; readonly command: Command | null; readonly configuration?: Configuration };

/** What an acceptor holds in a slot: the ballot of its latest acceptance; null: known to be decided. */
export type Vote = Proposal & { readonly ballot: number | null };

export type Prepare = { readonly type: 'prepare'; readonly ballot: number; readonly from: number };
/** The votes from slot `from` on; next: where the following page begins, null on the last. */
export type Promise1 = {
  readonly type: 'promise'; readonly ballot: number; readonly from: number; readonly next: number | null;
  /** Every slot up to here is decided, and forgotten: it is in none of the votes. */
  readonly compactedTo: number;
  readonly votes: readonly Vote[];
};
export type Propose = { readonly type: 'propose'; readonly ballot: number; readonly decidedTo: number; readonly values: readonly Proposal[] };
/** slots: ranges, both ends included. */
export type Accept = { readonly type: 'accept'; readonly ballot: number; readonly slots: readonly (readonly [number, number])[] };
/** ballot: the refused one; promised: why. */
export type Nack = { readonly type: 'nack'; readonly ballot: number; readonly promised: number };
/** Every slot up to decidedTo is decided, and with the sender's own value where it proposed one in this ballot. */
export type Told = { readonly type: 'decided' | 'heartbeat' | 'heartbeatReply'; readonly ballot: number; readonly decidedTo: number };
/** asks: who is no member shall answer, with what it knows. */
export type Gossip = { readonly type: 'gossip'; readonly decidedTo: number; readonly asks: boolean };
export type Learn = { readonly type: 'learn'; readonly from: number };
export type LearnReply = { readonly type: 'learnReply'; readonly decidedTo: number; readonly values: readonly Proposal[] };
/** One part of a state; decidedTo: of its sender. */
export type StatePart = Part & { readonly type: 'state'; readonly decidedTo: number };
export type Fetch = { readonly type: 'fetch'; readonly id: string; readonly parts: readonly number[] };

export type Message = Prepare | Promise1 | Propose | Accept | Nack | Told | Gossip | Learn | LearnReply | StatePart | Fetch;

export type Entry =
  /** Also the proposer's own ballot: its acceptor promises before the prepare leaves. */
  | { readonly type: 'promise'; readonly ballot: number }
  /** decidedTo: what this node knew decided; each of those slots is on disk before this entry. */
  | { readonly type: 'accept'; readonly ballot: number; readonly decidedTo: number; readonly values: readonly Proposal[] }
  /** Decided values that this node's acceptor had not accepted. */
  | { readonly type: 'learned'; readonly values: readonly Proposal[] }
  /** All up to a slot, with the configurations of what follows; first of all entries. */
  | { readonly type: 'state'; readonly at: Position; readonly state: Json; readonly configurations: readonly Placed[] };

/** Ballot e = n · 1024 + the proposer's number: disjoint between proposers, whatever their count. */
export const BALLOT_STEP = 1024;

/** The smallest ballot of this proposer above a ballot. */
export function ballotAbove(ballot: number, proposer: number): number {
  return (Math.floor(ballot / BALLOT_STEP) + 1) * BALLOT_STEP + proposer;
}

/** n1 is 0, n2 is 1 …: the same on every node, whoever the members are. null: no node of the lab. */
export function numberOf(id: NodeId): number | null {
  const number = Number(/^n(\d{1,4})$/.exec(id)?.[1] ?? 0) - 1;
  return number >= 0 && number < BALLOT_STEP ? number : null;
}

/** Without the ballot of a vote. */
export function valueOf({ slot, epoch, command, configuration }: Proposal): Proposal {
  return configuration === undefined ? { slot, epoch, command } : { slot, epoch, command, configuration };
}

export function sameValue(one: Proposal, other: Proposal): boolean {
  return one.epoch === other.epoch && (one.command?.id ?? null) === (other.command?.id ?? null) && one.configuration?.change.id === other.configuration?.change.id;
}

/** Room for the fields around a list of values. */
const ENVELOPE_BYTES = 512;

/** How many of these values fit into one message: at least one. */
export function countThatFits(values: readonly Proposal[], first: number, maxMessageBytes: number): number {
  let room = maxMessageBytes - ENVELOPE_BYTES;
  let index = first;
  while (index < values.length) {
    room -= utf8Bytes(JSON.stringify(values[index])) + 1;
    if (room < 0 && index > first) break;
    index++;
  }
  return index - first;
}

/** Ascending slots as ranges. */
export function rangesOf(slots: readonly number[]): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (const slot of slots) {
    const last = ranges.at(-1);
    if (last !== undefined && slot === last[1] + 1) last[1] = slot;
    else ranges.push([slot, slot]);
  }
  return ranges;
}

/** A range or a ballot beyond these is no message of ours, and would make a loop or a number overflow. */
const MAX_RANGE = 65_536;
const MAX_BALLOT = 2 ** 50;

function isBallot(value: Json | undefined): value is number {
  return isNatural(value) && value >= BALLOT_STEP && value < MAX_BALLOT;
}

function isProposal(value: Json): boolean {
  const fields = fieldsOf(value);
  if (fields === null || !isNatural(fields['slot']) || fields['slot'] === 0 || !isBallot(fields['epoch'])) return false;
  const { command, configuration } = fields;
  return (command === null || (command !== undefined && commandOf(command) !== null)) && (configuration === undefined || isConfiguration(configuration));
}

function isConfiguration(value: Json): boolean {
  const fields = fieldsOf(value);
  const change = commandOf(fields?.['change'] ?? null);
  return change?.op.type === 'reconfigure' && isNatural(fields?.['base']) && (membersOf(fields?.['members']) ?? []).length > 0;
}

function isVote(value: Json): boolean {
  const ballot = fieldsOf(value)?.['ballot'];
  return isProposal(value) && (ballot === null || isBallot(ballot));
}

function isRange(value: Json): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [first, last] = value as readonly Json[];
  return isNatural(first) && isNatural(last) && first <= last && last - first < MAX_RANGE;
}

function isListOf(value: Json | undefined, isItem: (item: Json) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function hasShape(message: Fields, ballotIsSenders: boolean): boolean {
  switch (message['type']) {
    case 'prepare':
      return ballotIsSenders && isNatural(message['from']) && message['from'] > 0;
    case 'promise':
      return isBallot(message['ballot']) && isNatural(message['from'])
        && (message['next'] === null || isNatural(message['next'])) && isNatural(message['compactedTo']) && isListOf(message['votes'], isVote);
    case 'propose':
      return ballotIsSenders && isNatural(message['decidedTo']) && isListOf(message['values'], isProposal);
    case 'accept':
      return isBallot(message['ballot']) && isListOf(message['slots'], isRange);
    case 'nack':
      return isBallot(message['ballot']) && isBallot(message['promised']);
    case 'decided':
    case 'heartbeat':
      return ballotIsSenders && isNatural(message['decidedTo']);
    case 'heartbeatReply':
      return isBallot(message['ballot']) && isNatural(message['decidedTo']);
    case 'gossip':
      return isNatural(message['decidedTo']) && typeof message['asks'] === 'boolean';
    case 'learn':
      return isNatural(message['from']) && message['from'] > 0;
    case 'learnReply':
      return isNatural(message['decidedTo']) && isListOf(message['values'], isProposal);
    case 'state':
      return isNatural(message['decidedTo']) && typeof message['id'] === 'string' && typeof message['text'] === 'string'
        && isNatural(message['count']) && message['count'] > 0 && message['count'] <= MAX_PARTS && isNatural(message['part']) && message['part'] < message['count'];
    case 'fetch':
      return typeof message['id'] === 'string' && isListOf(message['parts'], isNatural);
    default:
      return false;
  }
}

/** null: not a message of this protocol, or one that speaks in another proposer's ballot. */
export function messageFrom(from: NodeId, message: Json): Message | null {
  const number = numberOf(from);
  const fields = fieldsOf(message);
  if (number === null || fields === null) return null;
  const ballot = fields['ballot'];
  return hasShape(fields, isBallot(ballot) && ballot % BALLOT_STEP === number) ? (message as unknown as Message) : null;
}
