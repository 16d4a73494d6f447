// What the literal variant says. Each message names the round and the seq that its sender is in; the slot (the origin's "estround") is
// round · interval + seq. A history travels in parts, because a datagram is no TCP stream: the next part is asked for, or
// acknowledged, one by one, and only the last one counts.
import { commandOf } from '../../../clients.ts';
import type { Command, Json, NodeId } from '../../../contract.ts';
import { fieldsOf, isNatural } from '../../../kit/shape.ts';
import type { Fields } from '../../../kit/shape.ts';

export type Instance = { readonly slot: number; readonly command: Command };

type At = { readonly round: number; readonly seq: number };
export type Read = At & { readonly type: 'read'; readonly part: number };
export type History = At & { readonly type: 'gather' | 'impose'; readonly part: number; readonly parts: number; readonly history: readonly Instance[] };
export type Ack = At & { readonly type: 'ack'; readonly part: number };
export type Propose = At & { readonly type: 'propose'; readonly command: Command };
export type Commit = At & { readonly type: 'decide' | 'commit' };
export type Message = Read | History | Ack | Propose | Commit;

/** What it holds beyond these is no message of ours. */
const MAX_ROUND = 2 ** 30;
const MAX_LIST = 65_536;

function isInstance(value: Json): boolean {
  const fields = fieldsOf(value);
  return fields !== null && isNatural(fields['slot']) && fields['command'] !== undefined && commandOf(fields['command']) !== null;
}

function hasShape(message: Fields): boolean {
  const { part, parts, history, command } = message;
  switch (message['type']) {
    case 'read':
    case 'ack':
      return isNatural(part);
    case 'gather':
    case 'impose':
      return isNatural(part) && isNatural(parts) && part < parts && Array.isArray(history) && history.length <= MAX_LIST && history.every(isInstance);
    case 'propose':
      return command !== undefined && commandOf(command) !== null;
    case 'decide':
    case 'commit':
      return true;
    default:
      return false;
  }
}

/** null: no message of this protocol. Who may say what is not looked at: the origin does not. */
export function messageFrom(from: NodeId, json: Json, members: readonly NodeId[]): Message | null {
  const fields = fieldsOf(json);
  if (fields === null || !members.includes(from)) return null;
  const { round, seq } = fields;
  return isNatural(round) && round < MAX_ROUND && isNatural(seq) && hasShape(fields) ? (json as unknown as Message) : null;
}
