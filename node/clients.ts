// The commands that wait for an answer at this node: from its own clients, or forwarded by another node. An answer of
// `fail` is given only where the command certainly did not happen; a forwarded one may have been duplicated on the way.
import type { Command, CommandId, Json, NodeId, Operation, Reconfigure } from './contract.ts';
import { splitId } from './kv.ts';
import type { Answer } from './kv.ts';
import type { Outbox } from './outbox.ts';
import type { Ports, Reply } from './replica.ts';
import type { Seat } from './seat.ts';

type Waiting = {
  readonly command: Command;
  /** Who waits: nodes that forwarded it, and null for a client of this node. */
  readonly origins: Set<NodeId | null>;
  /** The leader that it was forwarded to; 'parked': held until a leader is known; 'returning': on its way back to the machine, which leads now. */
  at: NodeId | 'machine' | 'parked' | 'returning';
  placed: boolean;
  /** Left this node, so that its outcome is unknown here until it is applied. */
  wentOut: boolean;
};

const MAX_WAITING = 20_000;

export class Clients {
  readonly #seat: Seat;
  readonly #ports: Ports;
  readonly #outbox: Outbox;
  readonly #waiting = new Map<CommandId, Waiting>();

  constructor(seat: Seat, ports: Ports, outbox: Outbox) {
    this.#seat = seat;
    this.#ports = ports;
    this.#outbox = outbox;
  }

  /** true: the machine shall have it (again: a retry may find its first copy lost). */
  open(command: Command, origin: NodeId | null): boolean {
    const waiting = this.#waiting.get(command.id);
    if (waiting === undefined) {
      if (this.#waiting.size >= MAX_WAITING) {
        this.#tell(origin, command.id, { outcome: 'fail', reason: 'busy' });
        return false;
      }
      this.#waiting.set(command.id, { command, origins: new Set([origin]), at: 'machine', placed: false, wentOut: false });
      return true;
    }
    waiting.origins.add(origin);
    if (waiting.at === 'returning') waiting.at = 'machine';
    // Only a client's own retry is sent on again: two nodes that take each other for the leader would play ping-pong.
    else if (origin === null && waiting.at !== 'machine' && waiting.at !== 'parked') this.#forward(waiting, waiting.at);
    return waiting.at === 'machine';
  }

  /** What can happen nowhere as it stands. */
  refuse(id: CommandId, origin: NodeId | null): void {
    this.#tell(origin, id, { outcome: 'fail', reason: 'malformed' });
  }

  forget(id: CommandId): void {
    this.#waiting.delete(id);
  }

  placed(id: CommandId): void {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) waiting.placed = true;
  }

  applied(id: CommandId, answer: Answer): void {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) this.#answer(waiting, replyOf(id, answer));
  }

  served(id: CommandId, reply: Reply): void {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) this.#answer(waiting, reply);
  }

  rejected(id: CommandId, reason: 'not-leader' | 'no-quorum' | 'busy' | 'malformed', leader: NodeId | undefined): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const own = waiting.origins.has(null);
    if (own && reason === 'not-leader' && this.#seat.atFollower === 'forward' && leader !== this.#seat.self) {
      if (leader === undefined) waiting.at = 'parked';
      else this.#forward(waiting, leader);
      return;
    }
    const certain = !waiting.placed && !waiting.wentOut && waiting.origins.size === 1 && own;
    this.#answer(waiting, certain ? { outcome: 'fail', reason, leader } : { outcome: 'unknown', reason: 'timeout' });
  }

  /** Sends on what waits at another leader or for one; returns what this node, now the leader, must take itself. */
  leaderIs(leader: NodeId): readonly Command[] {
    const own: Command[] = [];
    for (const waiting of this.#waiting.values()) {
      if (waiting.at === 'machine' || waiting.at === 'returning' || waiting.at === leader) continue;
      if (leader === this.#seat.self) {
        waiting.at = 'returning';
        own.push(waiting.command);
      } else this.#forward(waiting, leader);
    }
    return own;
  }

  /** A reply of the leader to a command that was forwarded to it. */
  relayed(body: Json): void {
    const { id, reply } = (isRecord(body) ? body : {}) as { id?: Json; reply?: Json };
    if (typeof id !== 'string' || !isRecord(reply)) return;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    if (reply['outcome'] === 'ok' || reply['outcome'] === 'unknown') this.#answer(waiting, reply as unknown as Reply);
  }

  /** To one who asks again after it was applied, and to all who still wait for it here. */
  answerApplied(id: CommandId, origin: NodeId | null, answer: Answer): void {
    if (this.#waiting.get(id)?.origins.has(origin) !== true) this.#tell(origin, id, replyOf(id, answer));
    this.applied(id, answer);
  }

  #forward(waiting: Waiting, leader: NodeId): void {
    waiting.at = leader;
    waiting.wentOut = true;
    this.#outbox.sendOwn(leader, 'command', waiting.command);
  }

  #answer(waiting: Waiting, reply: Reply): void {
    this.#waiting.delete(waiting.command.id);
    for (const origin of waiting.origins) this.#tell(origin, waiting.command.id, reply);
  }

  #tell(origin: NodeId | null, id: CommandId, reply: Reply): void {
    if (origin === null) this.#ports.reply(id, reply);
    else this.#outbox.sendOwn(origin, 'reply', { id, reply });
  }
}

/** A later command of the session was applied: what this one answered is no longer known. */
function replyOf(id: CommandId, answer: Answer): Reply {
  return splitId(id)?.sequence === answer.sequence ? { outcome: 'ok', value: answer.value, at: answer.at } : { outcome: 'unknown', reason: 'timeout' };
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string';
}

/** The command of a forwarded frame; null when it is malformed. */
export function commandOf(body: Json): Command | null {
  if (!isRecord(body) || typeof body['id'] !== 'string' || splitId(body['id']) === null || !isOperation(body['op'])) return null;
  return body as unknown as Command;
}

function isOperation(value: Json | undefined): value is Operation {
  if (!isRecord(value)) return false;
  const { type, key } = value;
  switch (type) {
    case 'get':
      return isText(key);
    case 'put':
    case 'append':
      return isText(key) && isText(value['value']);
    case 'cas':
      return isText(key) && isText(value['value']) && (value['expect'] === null || isText(value['expect']));
    case 'reconfigure':
      return isReconfigure(value);
    default:
      return false;
  }
}

/** Of a configuration, and so of a change of it. */
const MAX_MEMBERS = 64;

/** Distinct names, at most as many as a configuration may have; null when the value is anything else. */
export function membersOf(value: Json | undefined): readonly NodeId[] | null {
  if (!Array.isArray(value) || value.length > MAX_MEMBERS || !value.every(isText)) return null;
  return new Set(value).size === value.length ? value : null;
}

/** Somebody is added or removed, and nobody both. */
export function isReconfigure(value: { readonly [key: string]: Json | undefined }): value is Reconfigure {
  const add = membersOf(value['add']);
  const remove = membersOf(value['remove']);
  return add !== null && remove !== null && add.length + remove.length > 0 && !add.some((id) => remove.includes(id));
}
