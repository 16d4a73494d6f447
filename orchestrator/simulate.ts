// The runner `sim`: a whole plan in virtual time. Nodes, links, disks and clocks are the simulator's; clients, faults and
// selectors are the same code as on real processes. A seed fixes every byte of the event stream.
import type { NodeId } from '../node/contract.ts';
import { randomStream } from '../node/kit/random.ts';
import { LinkSteps } from '../netem/schedule.ts';
import type { Reply } from '../node/replica.ts';
import type { Bytes } from '../node/wire.ts';
import { World } from '../sim/world.ts';
import { Aims } from './aims.ts';
import { BUILTINS, named, type Registry } from './builtins.ts';
import { LabError } from './errors.ts';
import type { Aim, ClientEvent, Plan, RunContext, RunEvent, Runner } from './kinds.ts';
import { openClientDelay } from './load/client-delay.ts';
import { Sessions } from './load/sessions.ts';
import { simulatedProbes } from './probing.ts';
import { Resolver } from './resolve.ts';
import type { ResolvedAction, View } from './resolve.ts';
import { membersOf, seatOf } from './seats.ts';
import { submitChange } from './submission.ts';

const SLICE_MS = 250;

/** What a plan is run with. */
type Nouns = Pick<Registry, 'protocols' | 'workloads'>;

function simulatedFsyncMs(plan: Plan): number {
  if (plan.fsyncMs === 'real') throw new LabError('bad-experiment', 'this plan asks for a real disk, which the simulator has not', 'give disk.fsync a duration, or run it with --on local');
  return plan.fsyncMs;
}

/** breathe: lets the host's event loop turn, so that progress shows and Ctrl-C is heard. */
export function createSimulator(bytes: Bytes, breathe: () => Promise<void>, registry: Nouns = BUILTINS): Runner {
  return {
    name: 'sim',
    summary: 'deterministic simulator in virtual time: no sockets, no processes, the same bytes for the same seed',
    supports: new Set(['crash', 'stop', 'start', 'restart', 'pause', 'resume', 'cut', 'links', 'clock', 'disk', 'reconfigure', 'load']),
    probe: () => Promise.resolve({ ok: true }),
    async run(plan, context) {
      const run = new SimulatedRun(plan, bytes, context.emit, registry);
      const endMs = plan.warmupMs + plan.measureMs + plan.settleMs;
      while (!run.finished && run.world.nowMs < endMs && !context.stop.requested) {
        run.world.advance(Math.min(endMs, run.world.nowMs + SLICE_MS));
        context.progress('virtual time', run.world.nowMs / endMs);
        await breathe();
      }
      run.close();
    },
    certify(plan, { emit }) {
      for (const [sequence, probes] of simulatedProbes(plan).entries()) emit({ atMs: 0, node: 'lab', life: 0, sequence, type: 'certificate', phase: 'idle', ...probes });
      return Promise.resolve();
    },
  };
}

class SimulatedRun {
  readonly world: World;
  readonly #plan: Plan;
  readonly #emit: RunContext['emit'];
  readonly #sessions: Sessions;
  readonly #resolver: Resolver;
  #sequence = 0;
  /** Of faults that wait for a change of membership: what is to come after it. */
  readonly #changing = new Map<number, Plan['schedule'][number][]>();
  #changes = 0;

  constructor(plan: Plan, bytes: Bytes, emit: RunContext['emit'], registry: Nouns) {
    this.#plan = plan;
    this.#emit = emit;
    const protocol = named(registry.protocols, plan.protocol, 'protocol');
    const aims = new Aims(plan.schedule, ({ aim, entries }, node) => this.#strike(aim, entries, node));
    this.world = new World({
      protocol, bytes, seed: plan.seed, epochMs: plan.epochMs, links: plan.links, detail: plan.detail,
      seats: plan.nodes.map(({ id }) => seatOf(plan, id)),
      clocks: Object.fromEntries(plan.nodes.map(({ id, clock }) => [id, clock])),
      fsyncMs: simulatedFsyncMs(plan), requestTimeoutMs: plan.load.timeoutMs,
    }, emit, (node, moment) => aims.see(node, moment, this.world.nowMs));
    this.#resolver = new Resolver(plan, randomStream(plan.seed, 'selectors'));
    const delay = openClientDelay(plan);
    this.#sessions = new Sessions(plan, named(registry.workloads, plan.load.workload, 'workload'), {
      now: () => this.world.nowMs,
      at: (atMs, action) => this.world.at(Math.max(atMs, this.world.nowMs), action),
      request: (region, to, commands, answer) => {
        const replies: Reply[] = [];
        let answered = 0;
        // A batch is answered when its last command is.
        const back = (index: number) => (reply: Reply) => {
          replies[index] = reply;
          if (++answered === commands.length) this.world.at(this.world.nowMs + delay(to, region, this.world.nowMs), () => answer(replies));
        };
        this.world.at(this.world.nowMs + delay(region, to, this.world.nowMs), () => {
          for (const [index, command] of commands.entries()) this.world.request(to, command, back(index));
        });
      },
      emit: (event) => this.#own('load', event),
    });
    for (const probes of simulatedProbes(plan)) this.#own('lab', { type: 'certificate', phase: 'idle', ...probes });
    for (const id of membersOf(plan)) this.world.start(id);
    this.#nextLinks(new LinkSteps(plan.links, plan.linkSchedule?.tracks ?? []));
    for (const entry of plan.schedule) if (entry.aim === undefined) this.world.at(entry.atMs, () => this.#act(entry));
    this.world.at(0, () => this.#sessions.start());
  }

  get finished(): boolean {
    return this.world.nowMs >= this.#plan.warmupMs + this.#plan.measureMs && this.#sessions.finished;
  }

  close(): void {
    const { opened, capped } = this.#sessions;
    this.#own('load', { type: 'generator', sendLagMs: 0, loopDelayMs: 0, cpuPct: 0, sessions: opened, capped });
    this.world.close();
  }

  #own(node: 'load' | 'lab', event: ClientEvent | RunEvent): void {
    this.#emit({ atMs: this.world.nowMs, node, life: 0, sequence: this.#sequence++, ...event });
  }

  /** Before any fault of the same instant: what began first may see the links as they were, nobody else. */
  #nextLinks(steps: LinkSteps): void {
    if (steps.nextMs === Infinity) return;
    this.world.at(steps.nextMs, () => {
      const { plannedMs, skipped, links } = steps.advance(this.world.nowMs);
      this.world.schedule(links);
      this.#own('lab', { type: 'scheduled-links', plannedMs, skipped });
      this.#nextLinks(steps);
    });
  }

  #view(): View {
    return new Map(this.#plan.nodes.map(({ id }) => [id, { status: this.world.status(id), up: this.world.isUp(id) }]));
  }

  /** The entries of an aimed fault keep their distances. */
  #strike({ afterMs, untilMs }: Aim, entries: Plan['schedule'], node: NodeId): void {
    const { world } = this;
    const aimedMs = entries[0]?.atMs ?? 0;
    for (const entry of entries) {
      this.#resolver.bind(entry.fault.index, node);
      const atMs = world.nowMs + (afterMs + (entry.atMs - aimedMs));
      if (atMs >= untilMs) continue;
      if (atMs === world.nowMs) this.#act(entry);
      else world.at(atMs, () => this.#act(entry));
    }
  }

  #act(entry: Plan['schedule'][number]): void {
    const { name, index, phase } = entry.fault;
    const waiting = this.#changing.get(index);
    if (waiting !== undefined) {
      waiting.push(entry);
      return;
    }
    const action = this.#resolver.resolve(entry, this.#view());
    const { nodes } = action;
    if (phase === 'begin') this.#own('lab', { type: 'fault', phase, name, index, nodes });
    this.#own('lab', { type: 'action', action: entry.action, plannedMs: entry.atMs, nodes });
    const end = (): void => { if (phase === 'end') this.#own('lab', { type: 'fault', phase, name, index, nodes }); };
    if (action.type === 'reconfigure') this.#change(action, index, end);
    else {
      this.#perform(action);
      end();
    }
  }

  /** What comes later of the same fault waits for the answer, and is left out unless that is ok. */
  #change({ nodes, add, remove }: Extract<ResolvedAction, { type: 'reconfigure' }>, index: number, end: () => void): void {
    if (nodes.length === 0) return;
    const { world } = this;
    const waiting: Plan['schedule'][number][] = [];
    this.#changing.set(index, waiting);
    submitChange({ id: `lab${++this.#changes}:1`, op: { type: 'reconfigure', add, remove } }, {
      now: () => world.nowMs,
      later: (afterMs, run) => world.at(world.nowMs + afterMs, run),
      view: (use) => use(this.#view()),
      ask: (node, command, answer) => world.request(node, command, answer),
      emit: (event) => this.#own('lab', event),
    }, (reply) => {
      if (reply.outcome !== 'ok') return;
      this.#changing.delete(index);
      this.#resolver.changed({ slot: reply.at.slot, add, remove });
      this.#sessions.membersAre(this.#resolver.members);
      end();
      for (const entry of waiting) this.#act(entry);
    });
  }

  #perform(action: ResolvedAction): void {
    const { world } = this;
    switch (action.type) {
      case 'crash':
        for (const node of action.nodes) world.crash(node, action.disk);
        return;
      case 'start':
      case 'stop':
      case 'restart':
      case 'pause':
      case 'resume':
        for (const node of action.nodes) world[action.type](node);
        return;
      case 'cut':
        world.cut(action.overlay, action.pairs);
        return;
      case 'links':
        world.links(action.overlay, action.links);
        return;
      case 'clock':
        for (const node of action.nodes) world.clock(node, action.change);
        return;
      case 'disk':
        for (const node of action.nodes) world.disk(node, action.change);
        return;
      case 'detach':
      case 'attach':
      case 'limit':
        // Refused at planning.
        return;
      case 'reconfigure':
      case 'load':
        // The arrivals know the schedule.
    }
  }
}
