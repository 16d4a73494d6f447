// Hand-written runs for the tests of checks, figures and tables: a plan of three nodes, and events in a few words.
import type { CommandId, KeyOperation, NodeId, Operation, Status } from '../node/contract.ts';
import type { Reply } from '../node/replica.ts';
import type { Check, ClientEvent, LabEvent, RunEvent, Plan, Verdict } from '../orchestrator/kinds.ts';
import { PERFECT_LINK } from '../netem/link.ts';
import { registers } from './histories.ts';

export function planWith(changes: Partial<Omit<Plan, 'load'>> & { readonly load?: Partial<Plan['load']> } = {}): Plan {
  const { load, ...rest } = changes;
  const clock = { offsetMs: 0, driftPpm: 0, ntp: null };
  const link = { ...PERFECT_LINK, delayMs: 10 };
  const places = ['n1', 'n2', 'n3', 'here'];
  return {
    version: 1, id: 'test-1', experiment: 'test', label: 'raft', runner: 'sim', shaper: 'sim', protocol: 'raft', options: { electionTimeoutMs: [150, 300], leader: null }, repetition: 0, seed: 's', epochMs: 0,
    nodes: ['n1', 'n2', 'n3'].map((id) => ({ id, address: `${id}.lab`, region: id, clock })),
    leader: null, links: Object.fromEntries(places.map((from) => [from, Object.fromEntries(places.filter((to) => to !== from).map((to) => [to, link]))])),
    network: { profile: 'test', source: 'test' }, maxMessageBytes: 60_000, frameBytes: 1400, fsyncMs: 0,
    warmupMs: 1000, measureMs: 10_000, settleMs: 5000, detail: 'messages', schedule: [], thresholds: [], warnings: [],
    ...rest,
    load: {
      workload: 'register', params: {}, clients: [{ region: 'here', count: 1 }], ratePerSecond: 100, arrivals: 'poisson', target: 'leader',
      atFollower: 'forward', timeoutMs: 5000, retryMs: 1000,
      backOff: { kind: 'exponential', firstMs: 20, mostMs: 1000 }, breaker: null, batch: 1, maxSessions: 1000, ...load,
    },
  };
}

/** Writes events one after the other; `at` sets the time of those that follow. */
export class Stream {
  readonly events: LabEvent[] = [];
  #atMs = 0;
  #sequence = 0;

  at(atMs: number): this {
    this.#atMs = atMs;
    return this;
  }

  invoke(id: CommandId, op: KeyOperation, { intendedMs = this.#atMs, region = 'here' } = {}): this {
    return this.#add('load', { type: 'invoke', client: id.split(':')[0] as string, region, command: { id, op }, intendedMs });
  }

  reply(id: CommandId, reply: Reply): this {
    return this.#add('load', { type: 'reply', client: id.split(':')[0] as string, id, reply });
  }

  client(event: Extract<ClientEvent, { type: 'attempt' | 'back-off' | 'breaker' }>): this {
    return this.#add('load', event);
  }

  /** A change of membership that the lab asked for, or its answer. */
  change(event: Extract<RunEvent, { type: 'submitted' | 'answered' }>): this {
    return this.#add('lab', event);
  }

  ok(id: CommandId, slot: number, value: string | null = null, epoch = 1): this {
    return this.reply(id, { outcome: 'ok', value, at: { epoch, slot } });
  }

  restored(node: NodeId, slot: number, life = 1): this {
    this.events.push({ atMs: this.#atMs, node, life, sequence: this.#sequence++, type: 'restored', at: { epoch: 1, slot } });
    return this;
  }

  placed(node: NodeId, id: CommandId, slot: number, epoch = 1): this {
    return this.#add(node, { type: 'placed', id, at: { epoch, slot } });
  }

  commit(node: NodeId, slot: number, id: CommandId | null, op: Operation, { epoch = 1, value = null as string | null, life = 1 } = {}): this {
    return this.#add(node, { type: 'committed', command: id === null ? null : { id, op }, at: { epoch, slot }, value }, life);
  }

  status(node: NodeId, changes: Partial<Status>, life = 1): this {
    const status = { role: 'follower', leader: null, epoch: 1, lastSlot: 0, commitSlot: 0, configurations: [], ...changes };
    return this.#add(node, { type: 'status', status }, life);
  }

  trace(node: NodeId, name: string): this {
    return this.#add(node, { type: 'trace', name });
  }

  action(type: 'crash' | 'restart', node: NodeId): this {
    const action = type === 'crash' ? { type, node, disk: 'keep' as const } : { type, node };
    return this.#add('lab', { type: 'action', action, plannedMs: this.#atMs, nodes: [node] });
  }

  fault(phase: 'begin' | 'end', nodes: readonly NodeId[] = ['n1'], index = 0): this {
    return this.#add('lab', { type: 'fault', phase, name: 'crash', index, nodes });
  }

  traffic(node: NodeId, sent: number, bytes: number, fsyncs: number, life = 1): this {
    return this.#add(node, { type: 'traffic', sent, received: 0, lost: 0, corrupt: 0, foreign: 0, oversized: 0, bytes, fsyncs }, life);
  }

  usage(node: NodeId, cpuUserMs: number, cpuSystemMs: number, loopDelayMs = 0): this {
    return this.#add(node, { type: 'usage', cpuUserMs, cpuSystemMs, rssBytes: 0, loopDelayMs });
  }

  clock(node: NodeId, errorMs: number): this {
    return this.#add(node, { type: 'clock', errorMs });
  }

  generator(changes: { readonly sendLagMs?: number; readonly loopDelayMs?: number; readonly cpuPct?: number; readonly capped?: number }): this {
    return this.#add('load', { type: 'generator', sendLagMs: 0, loopDelayMs: 0, cpuPct: 10, sessions: 1, capped: 0, ...changes });
  }

  verdict(check: Check): Verdict {
    const observer = check.begin(planWith(), registers(null));
    for (const event of this.events) observer.observe(event);
    return observer.finish();
  }

  #add(node: NodeId, body: object, life = 1): this {
    this.events.push({ atMs: this.#atMs, node, life, sequence: this.#sequence++, ...body } as LabEvent);
    return this;
  }
}

export function put(key: string, value: string): KeyOperation {
  return { type: 'put', key, value };
}

export function get(key: string): KeyOperation {
  return { type: 'get', key };
}
