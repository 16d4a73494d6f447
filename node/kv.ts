// The replicated state machine: registers with client sessions. A command's id is its session and sequence number; a
// session has one outstanding command, so one stored answer per session makes every retry apply once.
import { assert } from './assert.ts';
import type { Command, CommandId, Json, Operation, Position } from './contract.ts';

export type Answer = { readonly sequence: number; readonly value: string | null; readonly at: Position };

/** Session and sequence of an id; null when it is none. */
export function splitId(id: CommandId): { readonly session: string; readonly sequence: number } | null {
  const colon = id.lastIndexOf(':');
  const sequence = Number(id.slice(colon + 1));
  return colon <= 0 || !Number.isSafeInteger(sequence) || sequence < 0 || colon === id.length - 1 ? null : { session: id.slice(0, colon), sequence };
}

/** An appended register stops growing here, so that a message never does; the answer is then 'full'. */
const MAX_VALUE_CHARACTERS = 16_384;

export class KeyValue {
  registers = new Map<string, string>();
  /** In order of last use, so that eviction is the same on every replica. */
  sessions = new Map<string, Answer>();
  readonly maxSessions: number;

  constructor(maxSessions = 100_000) {
    this.maxSessions = maxSessions;
  }

  /** The stored answer when this id, or a later one of its session, was applied already. */
  answered(id: CommandId): Answer | undefined {
    const parts = splitId(id);
    if (parts === null) return undefined;
    const last = this.sessions.get(parts.session);
    return last !== undefined && last.sequence >= parts.sequence ? last : undefined;
  }

  /** Applies a committed command once; a repeated one answers what the first answered. */
  apply(command: Command, at: Position): string | null {
    const parts = splitId(command.id);
    assert(parts !== null, `a committed command has a malformed id ${command.id}`);
    const last = this.sessions.get(parts.session);
    if (last !== undefined && last.sequence >= parts.sequence) return last.sequence === parts.sequence ? last.value : null;
    const value = this.#perform(command.op);
    this.sessions.delete(parts.session);
    this.sessions.set(parts.session, { sequence: parts.sequence, value, at });
    if (this.sessions.size > this.maxSessions) {
      const oldest = this.sessions.keys().next().value;
      if (oldest !== undefined) this.sessions.delete(oldest);
    }
    return value;
  }

  read(op: Operation): string | null {
    assert(op.type === 'get', 'only a get is read outside the log');
    return this.registers.get(op.key) ?? null;
  }

  #perform(op: Operation): string | null {
    switch (op.type) {
      case 'get':
        return this.registers.get(op.key) ?? null;
      case 'put':
        this.registers.set(op.key, op.value);
        return null;
      case 'cas': {
        const same = (this.registers.get(op.key) ?? null) === op.expect;
        if (same) this.registers.set(op.key, op.value);
        return same ? 'true' : 'false';
      }
      case 'append': {
        const grown = (this.registers.get(op.key) ?? '') + op.value;
        if (grown.length > MAX_VALUE_CHARACTERS) return 'full';
        this.registers.set(op.key, grown);
        return null;
      }
      case 'reconfigure':
        return null;
    }
  }

  snapshot(): Json {
    return { registers: [...this.registers], sessions: [...this.sessions] };
  }

  restore(state: Json): void {
    const { registers, sessions } = state as { registers: [string, string][]; sessions: [string, Answer][] };
    this.registers = new Map(registers);
    this.sessions = new Map(sessions);
  }
}
