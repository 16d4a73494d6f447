// The events of a run that a commit's path is made of, for as long as a command can be open: looked up by frame, by command
// and by slot, and backwards along a node's own line. Each record knows how many events of its node are missing before it:
// between two records with the same number nothing was lost.
import type { CommandId, NodeId } from '../../node/contract.ts';
import type { LabEvent } from '../kinds.ts';

type Kind = 'arrived' | 'placed' | 'committed' | 'sent' | 'received' | 'durable';
/** order: as observed. index: on the line of its node. missing: events of this node that nobody saw, up to here. */
export type Recorded = {
  readonly kind: Kind;
  readonly order: number;
  readonly index: number;
  readonly atMs: number;
  readonly node: NodeId;
  readonly missing: number;
  /** Of 'sent' and 'received'; of an arrival: who forwarded it. */
  readonly peer: NodeId | null;
  /** Of 'sent': its name. */
  readonly name: string | null;
  readonly id: CommandId | null;
  readonly slot: number;
  readonly epoch: number;
  readonly tookMs: number;
  /** Of 'sent' and 'received': the other end of the datagram; null: not seen, or forgotten. */
  other: Recorded | null;
};

type Line = { readonly records: Recorded[]; dropped: number; sequence: number | null; missing: number };

/** Records kept; beyond it the oldest half is forgotten. */
const MAX_RECORDS = 250_000;
const KINDS: ReadonlySet<string> = new Set<Kind>(['arrived', 'placed', 'committed', 'sent', 'received', 'durable']);

function frameKey(node: NodeId, life: number, frame: number): string {
  return `${node} ${life} ${frame}`;
}

export class Trail {
  readonly #keepMs: number;
  readonly #lines = new Map<NodeId, Line>();
  #all: Recorded[] = [];
  #order = 0;
  #bySent = new Map<string, Recorded>();
  #byCommand = new Map<CommandId, Recorded[]>();
  #bySlot = new Map<number, Recorded[]>();
  #forgotMs = 0;

  /** keepMs: how long a command can be open. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Of a node, in order of atMs. */
  observe(event: LabEvent): void {
    const line = this.#lineOf(event.node);
    if (line.sequence !== null && event.sequence > line.sequence + 1) line.missing += event.sequence - line.sequence - 1;
    line.sequence = event.sequence;
    if (!KINDS.has(event.type)) return;
    const record = recordOf(event, { order: this.#order++, index: line.dropped + line.records.length, missing: line.missing });
    line.records.push(record);
    this.#all.push(record);
    if (event.type === 'sent') this.#bySent.set(frameKey(event.node, event.life, event.frame), record);
    else if (event.type === 'received') {
      const sent = this.#bySent.get(frameKey(event.peer, event.peerLife, event.frame));
      if (sent !== undefined) {
        record.other = sent;
        // A duplicate of a datagram tells nothing new.
        sent.other ??= record;
      }
    }
    if (record.id !== null) push(this.#byCommand, record.id, record);
    if (record.kind === 'committed') push(this.#bySlot, record.slot, record);
    if (this.#all.length > MAX_RECORDS || event.atMs - this.#forgotMs > 2 * this.#keepMs) this.#forget(event.atMs);
  }

  ofCommand(id: CommandId): readonly Recorded[] {
    return this.#byCommand.get(id) ?? [];
  }

  commitsOf(slot: number): readonly Recorded[] {
    return this.#bySlot.get(slot) ?? [];
  }

  /** The one before it on its node's line; null: none is kept. */
  before(record: Recorded): Recorded | null {
    return this.#at(record.node, record.index - 1);
  }

  after(record: Recorded): Recorded | null {
    return this.#at(record.node, record.index + 1);
  }

  /** All nodes together, from one record to another, as observed; both included. */
  between(from: Recorded, to: Recorded): readonly Recorded[] {
    const first = this.#all[0]?.order ?? 0;
    return this.#all.slice(Math.max(0, from.order - first), to.order - first + 1);
  }

  #at(node: NodeId, index: number): Recorded | null {
    const line = this.#lines.get(node);
    return line?.records[index - line.dropped] ?? null;
  }

  #lineOf(node: NodeId): Line {
    const known = this.#lines.get(node);
    if (known !== undefined) return known;
    const line = { records: [], dropped: 0, sequence: null, missing: 0 };
    this.#lines.set(node, line);
    return line;
  }

  #forget(nowMs: number): void {
    this.#forgotMs = nowMs;
    const tooMany = this.#all.length > MAX_RECORDS ? (this.#all[this.#all.length >> 1] as Recorded).atMs : -Infinity;
    const sinceMs = Math.max(nowMs - this.#keepMs, tooMany);
    const kept = (record: Recorded) => record.atMs >= sinceMs;
    this.#all = this.#all.filter(kept);
    for (const line of this.#lines.values()) {
      const first = line.records.findIndex(kept);
      line.dropped += line.records.splice(0, first < 0 ? line.records.length : first).length;
    }
    const recent = <Key, Value extends Recorded | readonly Recorded[]>(map: Map<Key, Value>) => new Map([...map].filter(([, value]) => kept((Array.isArray(value) ? value.at(-1) : value) as Recorded)));
    this.#bySent = recent(this.#bySent);
    this.#byCommand = recent(this.#byCommand);
    this.#bySlot = recent(this.#bySlot);
  }
}

function push<Key>(map: Map<Key, Recorded[]>, key: Key, record: Recorded): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [record]);
  else list.push(record);
}

function recordOf(event: LabEvent, place: Pick<Recorded, 'order' | 'index' | 'missing'>): Recorded {
  const plain: Recorded = { ...place, kind: event.type as Kind, atMs: event.atMs, node: event.node, peer: null, name: null, id: null, slot: 0, epoch: 0, tookMs: 0, other: null };
  switch (event.type) {
    case 'arrived':
      return { ...plain, id: event.id, peer: event.from ?? null };
    case 'placed':
      return { ...plain, id: event.id, slot: event.at.slot, epoch: event.at.epoch };
    case 'committed':
      return { ...plain, id: event.command?.id ?? null, slot: event.at.slot, epoch: event.at.epoch };
    case 'sent':
      return { ...plain, peer: event.peer, name: event.message ?? '' };
    case 'received':
      return { ...plain, peer: event.peer };
    case 'durable':
      return { ...plain, tookMs: event.tookMs };
    default:
      return plain;
  }
}
