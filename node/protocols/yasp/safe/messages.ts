// What the safe variant says and writes to disk. Nothing reaches a processor unless its shape is right, and what only the leader
// of a round may say comes from that leader, so that no processor checks it again.
//
//   read · gather                    leader asks, follower promises the round and shows what it has accepted, in pages
//   impose · ack · decide            the history that follows from it, again in this round
//   propose · ack · commit           new values
//   nack                             the round is below what was promised
//   fetch · fetched                  decided values, for who lags
//   forward                          commands of clients, to the leader
import { commandOf } from '../../../clients.ts';
import type { Command, Json, NodeId } from '../../../contract.ts';
import { commandsOf, fieldsOf, isNatural } from '../../../kit/shape.ts';
import type { Fields } from '../../../kit/shape.ts';
import { utf8Bytes } from '../../../wire.ts';

/** epoch: the round in which it was first proposed for this slot. A null command fills a hole. */
export type Value = { readonly slot: number; readonly epoch: number; readonly command: Command | null };
/** round: in which it was accepted last. */
export type Accepted = Value & { readonly round: number };

export type Read = { readonly type: 'read'; readonly round: number; readonly from: number };
/** One page; next: where the rest begins. committed: the sender's commit index; what it covers is left out. */
export type Gather = { readonly type: 'gather'; readonly round: number; readonly from: number; readonly next: number | null; readonly committed: number; readonly values: readonly Accepted[] };
export type Propose = { readonly type: 'impose' | 'propose'; readonly round: number; readonly committed: number; readonly values: readonly Value[] };
export type Ack = { readonly type: 'ack'; readonly round: number; readonly slots: readonly number[] };
/** Also the sign of life of a leader. ends: its round is over. */
export type Commit = { readonly type: 'decide' | 'commit'; readonly round: number; readonly committed: number; readonly ends: boolean };
export type Nack = { readonly type: 'nack'; readonly promised: number };
export type Fetch = { readonly type: 'fetch'; readonly from: number };
/** round: the largest that the sender knows of, so none below that which decided. */
export type Fetched = { readonly type: 'fetched'; readonly round: number; readonly committed: number; readonly values: readonly Value[] };
export type Forward = { readonly type: 'forward'; readonly commands: readonly Command[] };

export type OfLeader = Read | Propose | Commit;
export type Message = OfLeader | Gather | Ack | Nack | Fetch | Fetched | Forward;

export type Entry =
  | { readonly type: 'promise'; readonly round: number }
  /** Promises the round as well. committed: what this node knew committed; each of those slots is on disk before this entry. */
  | { readonly type: 'accept'; readonly round: number; readonly committed: number; readonly values: readonly Value[] }
  /** Decided values from the next slot on, fetched, and the round that came with them. */
  | { readonly type: 'learned'; readonly round: number; readonly committed: number; readonly values: readonly Value[] };

export function leaderOf(round: number, members: readonly NodeId[]): NodeId {
  return members[round % members.length] ?? '';
}

/** Room for the fields around a list. */
const ENVELOPE_BYTES = 512;

/** Does a message hold this command? */
export function fits(command: Command, maxMessageBytes: number): boolean {
  return utf8Bytes(JSON.stringify(command)) <= maxMessageBytes - ENVELOPE_BYTES;
}

/** The first of these that one message holds: at least one. */
export function pageOf<T extends Json>(items: readonly T[], maxMessageBytes: number): readonly T[] {
  let room = maxMessageBytes - ENVELOPE_BYTES;
  let count = 0;
  for (; count < items.length; count++) {
    room -= utf8Bytes(JSON.stringify(items[count])) + 1;
    if (room < 0 && count > 0) break;
  }
  return items.slice(0, count);
}

/** Everything, in pages. */
export function* pagesOf<T extends Json>(items: readonly T[], maxMessageBytes: number): Generator<readonly T[]> {
  for (let rest = items; rest.length > 0;) {
    const page = pageOf(rest, maxMessageBytes);
    rest = rest.slice(page.length);
    yield page;
  }
}

/** What is beyond it is no message of ours, and would make a number overflow. */
const MAX_ROUND = 2 ** 50;
const MAX_SLOTS = 65_536;

function isRound(value: Json | undefined): value is number {
  return isNatural(value) && value < MAX_ROUND;
}

function isSlot(value: Json | undefined): value is number {
  return isNatural(value) && value > 0;
}

function isValue(value: Json): boolean {
  const fields = fieldsOf(value);
  if (fields === null || !isSlot(fields['slot']) || !isRound(fields['epoch'])) return false;
  const command = fields['command'];
  return command === null || (command !== undefined && commandOf(command) !== null);
}

function isAccepted(value: Json): boolean {
  return isValue(value) && isRound(fieldsOf(value)?.['round']);
}

function isList(value: Json | undefined, isItem: (item: Json) => boolean): boolean {
  return Array.isArray(value) && value.length <= MAX_SLOTS && value.every(isItem);
}

function hasShape(message: Fields, ofLeader: boolean): boolean {
  switch (message['type']) {
    case 'read':
      return ofLeader && isSlot(message['from']);
    case 'gather':
      return isRound(message['round']) && isSlot(message['from']) && (message['next'] === null || isSlot(message['next']))
        && isNatural(message['committed']) && isList(message['values'], isAccepted);
    case 'impose':
    case 'propose':
      return ofLeader && isNatural(message['committed']) && isList(message['values'], isValue);
    case 'ack':
      return isRound(message['round']) && isList(message['slots'], isSlot);
    case 'decide':
    case 'commit':
      return ofLeader && isNatural(message['committed']) && typeof message['ends'] === 'boolean';
    case 'nack':
      return isRound(message['promised']);
    case 'fetch':
      return isSlot(message['from']);
    case 'fetched':
      return isRound(message['round']) && isNatural(message['committed']) && isList(message['values'], isValue);
    case 'forward':
      return commandsOf(message['commands']) !== null;
    default:
      return false;
  }
}

/** null: no message of this protocol, or one that speaks for a leader that its sender is not. */
export function messageFrom(from: NodeId, json: Json, members: readonly NodeId[]): Message | null {
  const fields = fieldsOf(json);
  if (fields === null || !members.includes(from)) return null;
  const round = fields['round'];
  return hasShape(fields, isRound(round) && leaderOf(round, members) === from) ? (json as unknown as Message) : null;
}
