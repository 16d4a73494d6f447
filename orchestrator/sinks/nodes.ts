// What each node reports of itself, and what becomes of it. Nodes report totals of a life; points hold what was added since
// the report before, per second.
import type { NodeId } from '../../node/contract.ts';
import type { LabEvent, Plan } from '../kinds.ts';
import { NodeStates } from '../metrics/states.ts';
import { type Emit, type Fields, nsOf } from './points.ts';

/** What all nodes spent between two reports. */
export type Spent = { readonly messages: number; readonly bytes: number; readonly fsyncs: number; readonly cpuMs: number | null };

type Meter = { readonly life: number; readonly atMs: number | null; readonly totals: readonly number[] };

/** A rate over less is noise: a node reports once more as it ends. */
const LEAST_MS = 100;

export class NodePoints {
  readonly #emit: Emit;
  readonly #regions: ReadonlyMap<NodeId, string>;
  readonly #virtual: boolean;
  readonly #states = new NodeStates();
  readonly #began = new Map<NodeId, { readonly life: number; readonly atMs: number }>();
  readonly #meters = new Map<string, Meter>();
  readonly #committedSecond = new Map<NodeId, number>();

  constructor(plan: Plan, emit: Emit) {
    this.#emit = emit;
    this.#regions = new Map(plan.nodes.map(({ id, region }) => [id, region]));
    this.#virtual = plan.time === 'virtual';
  }

  /** null: it tells of no spending. */
  observe(event: LabEvent): Spent | null {
    switch (event.type) {
      case 'status':
        if (this.#began.get(event.node)?.life !== event.life) this.#began.set(event.node, { life: event.life, atMs: event.atMs });
        this.#turned(event);
        return null;
      case 'action':
        this.#turned(event);
        return null;
      case 'committed':
        this.#committed(event);
        return null;
      case 'clock':
        this.#write(event, { clock_error_ms: event.errorMs });
        return null;
      case 'traffic':
        return this.#traffic(event);
      case 'usage':
        return this.#usage(event);
      default:
        return null;
    }
  }

  #turned(event: LabEvent & { readonly type: 'status' | 'action' }): void {
    this.#states.observe(event, (node, { state, epoch }) => {
      const leader = event.type === 'status' ? event.status.leader ?? '' : null;
      this.#emit('node', this.#tags(node), nsOf(event.atMs), { role: state, epoch, up: state === 'down' || state === 'paused' ? 0 : 1, leader });
    });
  }

  #committed({ node, atMs, at: { slot } }: LabEvent & { readonly type: 'committed' }): void {
    const second = Math.floor(atMs / 1000);
    if (this.#committedSecond.get(node) === second) return;
    this.#committedSecond.set(node, second);
    this.#emit('node', this.#tags(node), nsOf(atMs), { commit_slot: slot });
  }

  #traffic(event: LabEvent & { readonly type: 'traffic' }): Spent {
    const { added, perSecond } = this.#since('traffic', event, [event.sent, event.bytes, event.received, event.lost, event.fsyncs]);
    const [messages, bytes, received, lost, fsyncs] = added as [number, number, number, number, number];
    this.#write(event, { messages: perSecond(messages), bytes: perSecond(bytes), received: perSecond(received), lost: perSecond(lost), fsyncs: perSecond(fsyncs) });
    return { messages, bytes, fsyncs, cpuMs: null };
  }

  #usage(event: LabEvent & { readonly type: 'usage' }): Spent {
    const first = this.#meters.get(`usage ${event.node}`)?.life !== event.life;
    const { added: [cpuMs = 0], perSecond } = this.#since('usage', event, [event.cpuUserMs + event.cpuSystemMs]);
    // The first report has what the process took to start; in virtual time nothing takes any.
    const perCore = perSecond(cpuMs);
    this.#write(event, { rss_bytes: event.rssBytes, cpu_pct: first || this.#virtual || perCore === null ? null : perCore / 10, loop_delay_ms: this.#virtual ? null : event.loopDelayMs });
    return { messages: 0, bytes: 0, fsyncs: 0, cpuMs: this.#virtual ? null : cpuMs };
  }

  /** A life begins at zero, when it first says what it is. */
  #since(kind: string, { node, life, atMs }: LabEvent, totals: readonly number[]): { readonly added: readonly number[]; readonly perSecond: (added: number) => number | null } {
    const key = `${kind} ${node}`;
    const meter = this.#meters.get(key);
    const began = this.#began.get(node);
    const before = meter?.life === life ? meter : { atMs: began?.life === life ? began.atMs : null, totals: [] };
    this.#meters.set(key, { life, atMs, totals });
    const spanMs = before.atMs === null ? 0 : atMs - before.atMs;
    return {
      added: totals.map((total, index) => total - (before.totals[index] ?? 0)),
      perSecond: (added) => (spanMs < LEAST_MS ? null : (1000 * added) / spanMs),
    };
  }

  #write({ node, atMs }: LabEvent, fields: Fields): void {
    this.#emit('node', this.#tags(node), nsOf(atMs), fields);
  }

  #tags(node: NodeId): { readonly node: string; readonly region: string } {
    return { node, region: this.#regions.get(node) ?? '' };
  }
}
