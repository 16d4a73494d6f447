// Liveness, from events: once every fault is over, clients are answered again within a bound, all of them; after a loss of power of
// all nodes at once, with nobody writing, every node comes to commit again all that was acknowledged.
import type { CommandId, NodeId, Status } from '../../node/contract.ts';
import { DISK_TRACES } from '../../node/disk-fault.ts';
import type { LabEvent, Verdict } from '../kinds.ts';
import { counted } from '../checks/words.ts';

export type Phases = {
  readonly healMs: number;
  readonly powerMs: number;
  readonly endMs: number;
  readonly writesAfterPower: boolean;
  /** From healing, and from the loss of power, until clients are answered. */
  readonly boundMs: number;
  readonly timeoutMs: number;
  readonly restartable: boolean;
  /** Nobody is turned away for want of capacity: every command must be answered. Else something must be committed. */
  readonly everyCommand: boolean;
};

const NAME = { check: 'liveness', claim: null } as const;
type Call = { readonly atMs: number; ok: boolean };
type Window = { readonly name: string; readonly fromMs: number; readonly toMs: number };

export class Liveness {
  readonly #phases: Phases;
  readonly #nodes: readonly NodeId[];
  readonly #calls = new Map<CommandId, Call>();
  readonly #lost = new Set<NodeId>();
  /** Of the life after the loss of power. */
  readonly #reached = new Map<NodeId, number>();
  #status: Status | null = null;
  #changes = 0;
  #acknowledged = 0;
  /** When a slot was first committed by anybody. */
  readonly #firstCommits: number[] = [];
  #lastSlot = 0;

  /** nodes: the members at the start. */
  constructor(phases: Phases, nodes: readonly NodeId[]) {
    this.#phases = phases;
    this.#nodes = nodes;
  }

  observe(event: LabEvent): void {
    switch (event.type) {
      case 'invoke':
        this.#calls.set(event.command.id, { atMs: event.atMs, ok: false });
        return;
      case 'reply': {
        const call = this.#calls.get(event.id);
        if (event.reply.outcome !== 'ok' || call === undefined) return;
        call.ok = true;
        if (event.atMs < this.#phases.powerMs) this.#acknowledged = Math.max(this.#acknowledged, event.reply.at.slot);
        return;
      }
      case 'committed':
        if (event.at.slot > this.#lastSlot) {
          this.#lastSlot = event.at.slot;
          this.#firstCommits.push(event.atMs);
        }
        this.#reach(event.node, event.at.slot, event.atMs);
        return;
      case 'restored':
        this.#reach(event.node, event.at.slot, event.atMs);
        return;
      case 'status':
        if (event.status.configurations.length > 0) this.#status = event.status;
        return;
      case 'submitted':
        this.#changes++;
        return;
      case 'trace':
        if (event.name === DISK_TRACES.damaged) this.#lost.add(event.node);
        return;
      case 'action':
        if (!this.#phases.restartable && event.action.type === 'crash') for (const id of event.nodes) this.#lost.add(id);
        return;
      default:
    }
  }

  finish(): Verdict {
    const unjudged = this.#unjudged();
    if (unjudged !== null) return { ...NAME, valid: 'unknown', because: unjudged };
    const { healMs, powerMs, endMs, boundMs, timeoutMs, restartable, writesAfterPower } = this.#phases;
    const quietMs = writesAfterPower ? powerMs : Math.max(healMs, powerMs - timeoutMs);
    const windows: readonly Window[] = [
      { name: 'healing', fromMs: healMs + boundMs, toMs: Math.max(healMs + boundMs, quietMs - timeoutMs) },
      ...(restartable && writesAfterPower ? [{ name: 'the loss of power', fromMs: powerMs + boundMs, toMs: endMs - timeoutMs }] : []),
    ];
    for (const window of windows) {
      const problem = this.#unanswered(window);
      if (problem !== null) return { ...NAME, valid: false, because: problem };
    }
    const behind = restartable && this.#changes === 0 ? this.#nodes.filter((id) => !this.#lost.has(id) && (this.#reached.get(id) ?? 0) < this.#acknowledged) : [];
    const [first] = behind;
    if (first !== undefined) {
      const reached = this.#reached.get(first) ?? 0;
      return { ...NAME, valid: false, because: `${endMs - powerMs} ms after all nodes lost power ${first} has committed up to slot ${reached}, but slot ${this.#acknowledged} was acknowledged before`, witness: { behind, reached, acknowledged: this.#acknowledged } };
    }
    return { ...NAME, valid: true, because: `clients were answered within ${Math.round(boundMs)} ms of healing, and nothing was lost with the power` };
  }

  #reach(node: NodeId, slot: number, atMs: number): void {
    if (atMs > this.#phases.powerMs) this.#reached.set(node, Math.max(slot, this.#reached.get(node) ?? 0));
  }

  /** Why nobody may expect anything; null: it is expected. */
  #unjudged(): string | null {
    const { healMs, powerMs, endMs, boundMs } = this.#phases;
    if (powerMs - healMs < boundMs || endMs - powerMs < boundMs) return 'the case ends before anything could be expected';
    const lost = this.#lost.size;
    if (lost === 0) return null;
    if (this.#changes > 0) return `${counted(lost, 'node')} cannot come back, and the members have changed`;
    if (!this.#phases.everyCommand) return `${counted(lost, 'node')} cannot come back, and quorums may be others than majorities`;
    const members = this.#status?.configurations.at(-1)?.members ?? this.#nodes;
    const left = members.filter((id) => !this.#lost.has(id)).length;
    return left * 2 > members.length ? null : `no majority can be up: ${counted(lost, 'node')} cannot come back`;
  }

  #unanswered({ name, fromMs, toMs }: Window): string | null {
    const asked = [...this.#calls].filter(([, { atMs }]) => atMs >= fromMs && atMs <= toMs);
    const open = asked.filter(([, { ok }]) => !ok);
    const [first] = open;
    if (first === undefined || (!this.#phases.everyCommand && this.#firstCommits.some((atMs) => atMs >= fromMs && atMs <= toMs))) return null;
    return `${open.length} of ${counted(asked.length, 'command')} asked for later than ${Math.round(this.#phases.boundMs)} ms after ${name} were not answered with ok: ${first[0]} at ${Math.round(first[1].atMs)} ms is the first`;
  }
}
