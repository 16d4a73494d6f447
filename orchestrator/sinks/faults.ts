// Faults, as annotations: each is one point at its begin, written again as more of it is known.
import type { NodeId } from '../../node/contract.ts';
import type { LabEvent, Outage } from '../kinds.ts';
import { formatMs } from '../report/figures.ts';
import { type Emit, nsOf } from './points.ts';

type Fault = { readonly name: string; readonly index: number; readonly nodes: readonly NodeId[]; readonly beginMs: number; endMs: number | null };

export class FaultPoints {
  readonly #emit: Emit;
  readonly #startedAtMs: number;
  readonly #live: boolean;
  readonly #faults = new Map<number, Fault>();

  /** live: at once; else at the end of the run, which knows most. */
  constructor(emit: Emit, startedAtMs: number, live: boolean) {
    this.#emit = emit;
    this.#startedAtMs = startedAtMs;
    this.#live = live;
  }

  observe(event: LabEvent): void {
    if (event.type !== 'fault') return;
    const { phase, name, index, nodes, atMs } = event;
    let fault = this.#faults.get(index);
    if (phase === 'begin') this.#faults.set(index, fault = { name, index, nodes, beginMs: atMs, endMs: null });
    else if (fault !== undefined) fault.endMs = atMs;
    if (this.#live && fault !== undefined) this.#write(fault);
  }

  finish(outages: readonly Outage[]): void {
    for (const fault of this.#faults.values()) this.#write(fault, outages.find(({ index }) => index === fault.index));
  }

  #write({ name, index, nodes, beginMs, endMs }: Fault, outage?: Outage): void {
    const title = [name, ...nodes].join(' ');
    const until = endMs === null ? '' : ` for ${formatMs(endMs - beginMs)} ms`;
    const expectedMs = outage?.expected?.meanMs ?? null;
    const cost = outage === undefined ? '' : `; longest gap between commits ${formatMs(outage.outageMs)} ms${expectedMs === null ? '' : ` (expected ${formatMs(expectedMs)})`}${outage.leaderAfter === null ? '' : `, then ${outage.leaderAfter} led`}`;
    this.#emit('fault', { fault: `${name} ${index + 1}` }, nsOf(beginMs), {
      title, text: `${title} at ${formatMs(beginMs)} ms of the run${until}${cost}`, tags: [name, ...nodes].join(','), nodes: nodes.join(' '),
      timeEnd: endMs === null ? null : this.#startedAtMs + endMs, duration_ms: endMs === null ? null : endMs - beginMs,
      outage_ms: outage?.outageMs, expected_outage_ms: expectedMs, recovered_ms: outage?.recoveredMs,
    });
  }
}
