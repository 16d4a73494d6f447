// Integrity: what is committed was asked for, once. Every committed command was invoked by a client with that operation;
// a repeated commit of an id answers what its first did (nothing, once the session went on); a life commits the slots
// 1, 2, 3 … without gaps; and a command whose client was told `fail` (certainly did not happen) is never committed.
// Keeps one record a command, and for each node one a session, as the state machine does.
import { splitId } from '../../node/kv.ts';
import type { CommandId, NodeId, Operation } from '../../node/contract.ts';
import type { Check, LabEvent } from '../kinds.ts';
import { commandInWords, commitWitness, Complaints, counted, sameOperation } from './words.ts';
import type { Committed } from './words.ts';

const NAME = { check: 'integrity', claim: 'validity' } as const;

/** asked: what the client invoked. committed: the first commit, kept until the client is known to have asked for it. */
type Record = { asked: Operation | null; committed: Committed | null; failed: boolean };
type Life = { life: number; slot: number; readonly sessions: Map<string, { sequence: number; value: string | null }> };

class Integrity {
  readonly complaints = new Complaints();
  readonly #commands = new Map<CommandId, Record>();
  readonly #lives = new Map<NodeId, Life>();
  #commits = 0;

  invoked(id: CommandId, op: Operation): void {
    const record = this.#record(id);
    record.asked = op;
    if (record.committed !== null) this.#compare(record.committed, op);
  }

  failed(id: CommandId): void {
    const record = this.#record(id);
    record.failed = true;
    if (record.committed !== null) this.#failedYetCommitted(record.committed);
  }

  committed(event: Committed): void {
    this.#commits++;
    const life = this.#life(event);
    if (event.at.slot !== life.slot + 1) {
      const before = life.slot;
      this.complaints.add(() => ({ because: `${event.node} committed slot ${event.at.slot} after slot ${before} of its life ${event.life}`, witness: commitWitness(event) }));
    }
    life.slot = event.at.slot;
    if (event.command === null) return;
    this.#repeated(event, event.command.id, life);
    const record = this.#record(event.command.id);
    if (record.asked !== null) this.#compare(event, record.asked);
    if (record.committed !== null) return;
    record.committed = event;
    if (record.failed) this.#failedYetCommitted(event);
  }

  /** It goes on behind this slot; which answers its sessions hold is not known here. */
  restored(event: LabEvent & { readonly type: 'restored' }): void {
    const life = this.#life(event);
    life.slot = event.at.slot;
    life.sessions.clear();
  }

  finish(): void {
    for (const { asked, committed } of this.#commands.values()) {
      if (asked !== null || committed === null) continue;
      this.complaints.add(() => ({
        because: `${committed.node} committed ${commandInWords(committed.command)} at slot ${committed.at.slot}, which no client asked for`, witness: commitWitness(committed),
      }));
    }
  }

  get words(): string {
    return `each of ${counted(this.#commits, 'commit')} was asked for, and applied once`;
  }

  #record(id: CommandId): Record {
    let record = this.#commands.get(id);
    if (record === undefined) this.#commands.set(id, record = { asked: null, committed: null, failed: false });
    return record;
  }

  #life(event: Pick<Committed, 'node' | 'life'>): Life {
    let life = this.#lives.get(event.node);
    if (life === undefined || life.life !== event.life) this.#lives.set(event.node, life = { life: event.life, slot: 0, sessions: new Map() });
    return life;
  }

  #repeated(event: Committed, id: CommandId, life: Life): void {
    const parts = splitId(id);
    if (parts === null) return;
    const last = life.sessions.get(parts.session);
    if (last === undefined || last.sequence < parts.sequence) {
      life.sessions.set(parts.session, { sequence: parts.sequence, value: event.value });
      return;
    }
    const value = last.sequence === parts.sequence ? last.value : null;
    if (event.value === value) return;
    this.complaints.add(() => ({
      because: `${event.node} applied ${commandInWords(event.command)} again at slot ${event.at.slot}: it answered '${event.value}' after '${value}'`, witness: commitWitness(event),
    }));
  }

  #compare(event: Committed, asked: Operation): void {
    if (event.command === null || sameOperation(event.command.op, asked)) return;
    this.complaints.add(() => ({
      because: `${event.node} committed ${commandInWords(event.command)} at slot ${event.at.slot}, but its client asked for something else`,
      witness: { asked, committed: commitWitness(event) },
    }));
  }

  #failedYetCommitted(event: Committed): void {
    this.complaints.add(() => ({
      because: `${event.node} committed ${commandInWords(event.command)} at slot ${event.at.slot}, though its client was told that it failed`, witness: commitWitness(event),
    }));
  }
}

export const integrity: Check = {
  name: NAME.check,
  summary: 'every committed command was invoked by a client, is applied once, and slots have no gaps',
  claim: NAME.claim,
  begin() {
    const integrity = new Integrity();
    return {
      observe(event) {
        if (event.type === 'committed') integrity.committed(event);
        else if (event.type === 'restored') integrity.restored(event);
        else if (event.type === 'invoke' || event.type === 'submitted') integrity.invoked(event.command.id, event.command.op);
        else if ((event.type === 'reply' || event.type === 'answered') && event.reply.outcome === 'fail') integrity.failed(event.id);
      },
      finish() {
        integrity.finish();
        return integrity.complaints.verdict(NAME, integrity.words);
      },
    };
  },
};
