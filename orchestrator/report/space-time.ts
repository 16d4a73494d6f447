// What happened in a short part of a run, as a space-time diagram has it: one line for each node, messages between them, what
// each node said of itself, what was done to it, what clients asked and were told. Made from the events alone, in one pass
// that keeps no more than it may draw. Drawn by space-time-svg.ts, and as plain text by space-time-text.ts.
import type { NodeId } from '../../node/contract.ts';
import type { Detail } from '../../node/seat.ts';
import type { LabEvent } from '../kinds.ts';
import { Roles, type RoleSpan } from './page/roles.ts';
import { LAB, type Note, Notes } from './space-time-notes.ts';

/** Ms since the run's start, both ends included. */
export type Window = { readonly fromMs: number; readonly toMs: number };

export type SpaceTimeRequest = {
  readonly nodes: readonly NodeId[];
  /** In order of time, apart from each other. At least one. */
  readonly windows: readonly Window[];
  /** The run's. Where messages are only sampled, one that does not arrive is not called lost. */
  readonly detail: Detail;
  /** Drawn as a line across: what the diagram is about. */
  readonly mark?: { readonly atMs: number; readonly text: string };
  /** Commits at this slot stand out, and who placed something there is shown too. */
  readonly slot?: number | null;
  /** Over all windows; of each its last ones are kept. Default 240. */
  readonly maxItems?: number;
};

/** sentMs null: long before it arrived. fate 'under way': the record ends before it could have come. aside: drawn less. */
export type Message = { readonly from: NodeId; readonly to: NodeId; readonly name: string; readonly sentMs: number | null; fate: 'arrived' | 'lost' | 'under way'; readonly aside?: boolean };

type Sent = { readonly type: 'sent'; readonly atMs: number; readonly column: NodeId; readonly message: Message };
type Received = Omit<Sent, 'type'> & { readonly type: 'received' };
export type Item = Note | Sent | Received;

/** Time that a node spent on one thing; items stand at both ends of it. */
export type Bar = { readonly column: NodeId; readonly fromMs: number; readonly toMs: number; readonly kind: 'disk' | 'clock' | 'queue' | 'unexplained' };

/** roles: in ms since the run's start. leftOut: items of the windows beyond maxItems. */
export type Section = Window & { readonly bars?: readonly Bar[]; readonly items: readonly Item[]; readonly leftOut: number; readonly roles: readonly RoleSpan[] };
export type SpaceTime = { readonly nodes: readonly NodeId[]; readonly sections: readonly Section[]; readonly detail: Detail };

const MAX_ITEMS = 240;
/** Messages whose arrival is waited for; beyond it the oldest is forgotten. */
const MAX_OPEN = 20_000;

/** Of a protocol that gives its messages no type, and of those sent too long ago. */
const UNNAMED = 'a message';

type Kept = { readonly window: Window; items: Item[]; leftOut: number };

export class SpaceTimeRecorder {
  readonly #request: SpaceTimeRequest;
  readonly #kept: readonly Kept[];
  readonly #most: number;
  readonly #roles: Roles;
  readonly #notes: Notes;
  readonly #open = new Map<string, Message>();
  readonly #messages = new Set<Message>();
  #current = 0;
  #longestMs = 0;
  #lastMs = 0;

  constructor(request: SpaceTimeRequest) {
    this.#request = request;
    this.#kept = request.windows.map((window) => ({ window, items: [], leftOut: 0 }));
    this.#most = Math.max(1, Math.floor((request.maxItems ?? MAX_ITEMS) / request.windows.length));
    this.#roles = new Roles(request.nodes);
    this.#notes = new Notes(request.nodes, request.slot ?? null);
  }

  /** Every event of the run, in order of atMs. */
  observe(event: LabEvent): void {
    this.#lastMs = Math.max(this.#lastMs, event.atMs);
    this.#roles.observe(event);
    while (event.atMs > (this.#kept[this.#current]?.window.toMs ?? Infinity)) this.#current++;
    const kept = this.#kept[this.#current];
    const within = kept !== undefined && event.atMs >= kept.window.fromMs;
    if (event.type === 'sent') {
      this.#sent(within ? kept : null, event);
    } else if (event.type === 'received') this.#received(within ? kept : null, event);
    else for (const note of this.#notes.of(event)) if (within) this.#add(kept, note);
  }

  finish(): SpaceTime {
    for (const message of this.#messages) {
      if (message.fate === 'lost' && (message.sentMs ?? 0) + this.#longestMs >= this.#lastMs) message.fate = 'under way';
    }
    const { mark, nodes, detail } = this.#request;
    const sections = this.#kept.map(({ window: { fromMs, toMs }, items, leftOut }): Section => {
      const cut = items.slice(-this.#most);
      const startMs = items.length > this.#most || leftOut > 0 ? cut[0]?.atMs ?? fromMs : fromMs;
      if (mark !== undefined && mark.atMs >= startMs && mark.atMs <= toMs) {
        const after = cut.findIndex(({ atMs }) => atMs > mark.atMs);
        cut.splice(after < 0 ? cut.length : after, 0, { type: 'note', kind: 'mark', atMs: mark.atMs, column: LAB, text: mark.text, marked: true });
      }
      return { fromMs: startMs, toMs: Math.min(toMs, this.#lastMs), items: cut, leftOut: leftOut + Math.max(0, items.length - this.#most), roles: [] };
    });
    const spans = this.#roles.finish(0, Math.max(this.#lastMs, 1));
    return { nodes, detail, sections: sections.map((section) => ({ ...section, roles: spans.filter((span) => span.toMs > section.fromMs && span.fromMs <= section.toMs) })) };
  }

  /** kept null: outside the windows. It may arrive within them, and tells how long messages take. */
  #sent(kept: Kept | null, event: LabEvent & { readonly type: 'sent' }): void {
    const message: Message = { from: event.node, to: event.peer, name: event.message ?? UNNAMED, sentMs: event.atMs, fate: 'lost' };
    this.#open.set(`${event.node} ${event.life} ${event.frame}`, message);
    const { value: oldest } = this.#open.keys().next();
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest);
    if (kept === null) return;
    this.#messages.add(message);
    this.#add(kept, { type: 'sent', atMs: event.atMs, column: event.node, message });
  }

  /** kept null: outside the windows, where only its being there counts. */
  #received(kept: Kept | null, event: LabEvent & { readonly type: 'received' }): void {
    const open = this.#open.get(`${event.peer} ${event.peerLife} ${event.frame}`);
    if (open !== undefined) {
      open.fate = 'arrived';
      this.#longestMs = Math.max(this.#longestMs, event.atMs - (open.sentMs ?? event.atMs));
    }
    if (kept === null) return;
    const message = open ?? { from: event.peer, to: event.node, name: UNNAMED, sentMs: null, fate: 'arrived' };
    this.#add(kept, { type: 'received', atMs: event.atMs, column: event.node, message });
  }

  #add(kept: Kept, item: Item): void {
    const last = kept.items.at(-1);
    if (item.type === 'note' && last?.type === 'note' && this.#notes.joined(last, item)) return;
    kept.items.push(item);
    if (kept.items.length < 2 * this.#most) return;
    kept.leftOut += kept.items.length - this.#most;
    for (const left of kept.items.splice(0, kept.items.length - this.#most)) if (left.type === 'sent' && left.message.fate === 'arrived') this.#messages.delete(left.message);
  }
}

export function spaceTimeOf(events: Iterable<LabEvent>, request: SpaceTimeRequest): SpaceTime {
  const recorder = new SpaceTimeRecorder(request);
  for (const event of events) recorder.observe(event);
  return recorder.finish();
}
