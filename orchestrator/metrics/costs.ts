// What the commits of the measure window cost: datagrams, bytes, flushes, processor time. Nodes report totals of a life
// about once a second; the total at an edge of the window is interpolated between the reports around it. A life that
// begins inside the window begins at zero; one that ends in it counts to its last report.
import type { NodeId } from '../../node/contract.ts';
import type { Figure, LabEvent, Plan } from '../kinds.ts';
import { measureWindow } from './commands.ts';
import type { Window } from './commands.ts';

const QUANTITIES = ['datagrams', 'bytes', 'fsyncs', 'cpuMs'] as const;
type Quantity = typeof QUANTITIES[number];
/** One life's totals of one kind of report: at the last one, and gathered inside the window. */
type Meter = { atMs: number; totals: readonly number[]; readonly gathered: number[] };

export class Costs {
  readonly #window: Window;
  /** Whether they take any time. */
  readonly #processors: boolean;
  readonly #meters = new Map<string, Meter>();
  readonly #began = new Map<string, number>();

  constructor(plan: Plan) {
    this.#window = measureWindow(plan);
    this.#processors = plan.time === undefined;
  }

  observe(event: LabEvent): void {
    if (event.type === 'status') this.#begin(`${event.node}/${event.life}`, event.atMs);
    else if (event.type === 'traffic') this.#report('traffic', event, [event.sent, event.bytes, event.fsyncs]);
    else if (event.type === 'usage' && this.#processors) this.#report('usage', event, [event.cpuUserMs + event.cpuSystemMs]);
  }

  figures(commits: number): { readonly [name: string]: Figure } {
    const per = (quantity: Quantity, unit: Figure['unit']): Figure => {
      const total = this.#total(quantity);
      return { value: total === null || commits === 0 ? null : total / commits, unit, bound: '=' };
    };
    return {
      messagesPerCommit: per('datagrams', ''), bytesPerCommit: per('bytes', 'bytes'), fsyncsPerCommit: per('fsyncs', ''),
      // Milliseconds a commit are seconds per 1,000.
      cpuSecondsPer1000Commits: per('cpuMs', 's'),
    };
  }

  /** Processor time of each node in the window, in ms; empty on the simulator and in virtual time. */
  cpuMs(): ReadonlyMap<NodeId, number> {
    const used = new Map<NodeId, number>();
    for (const [key, { gathered }] of this.#meters) {
      const [kind, node] = key.split('/') as [string, NodeId];
      if (kind === 'usage') used.set(node, (used.get(node) ?? 0) + (gathered[0] ?? 0));
    }
    return used;
  }

  #begin(life: string, atMs: number): void {
    if (!this.#began.has(life)) this.#began.set(life, atMs);
  }

  #report(kind: 'traffic' | 'usage', { node, life, atMs }: LabEvent, totals: readonly number[]): void {
    const key = `${kind}/${node}/${life}`;
    let meter = this.#meters.get(key);
    if (meter === undefined) {
      this.#meters.set(key, meter = { atMs: this.#began.get(`${node}/${life}`) ?? atMs, totals: totals.map(() => 0), gathered: totals.map(() => 0) });
    }
    const { fromMs, toMs } = this.#window;
    const spanMs = atMs - meter.atMs;
    const insideMs = Math.max(0, Math.min(atMs, toMs) - Math.max(meter.atMs, fromMs));
    const share = spanMs > 0 ? insideMs / spanMs : Number(atMs >= fromMs && atMs <= toMs);
    for (const [index, total] of totals.entries()) {
      meter.gathered[index] = (meter.gathered[index] ?? 0) + share * (total - (meter.totals[index] ?? 0));
    }
    meter.atMs = atMs;
    meter.totals = totals;
  }

  /** null: no node reported it; virtual processors use no time. */
  #total(quantity: Quantity): number | null {
    const kind = quantity === 'cpuMs' ? 'usage' : 'traffic';
    const index = kind === 'usage' ? 0 : QUANTITIES.indexOf(quantity);
    let total: number | null = null;
    for (const [key, { gathered }] of this.#meters) if (key.startsWith(`${kind}/`)) total = (total ?? 0) + (gathered[index] ?? 0);
    return kind === 'usage' && total === 0 ? null : total;
  }
}
