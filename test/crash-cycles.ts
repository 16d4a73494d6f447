// A live local cluster under load whose nodes are killed with SIGKILL and started again, over and over, by the lab's own crash
// fault: now the leader, now a follower, now two at once, every tenth time all of them. What disks keep varies. The lab's own
// checks then say whether an acknowledged write was lost and whether the history has an order.
import { join } from 'node:path';
import { randomStream } from '../node/kit/random.ts';
import { createLocalRunner } from '../orchestrator/cli/runners/local.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { makePlans } from '../orchestrator/plan.ts';
import { REGISTRY, runPlan } from './run-plan.ts';

const DISKS = ['keep', 'keep', 'lose-unsynced', 'torn-tail'] as const;
const WARMUP_MS = 3_000;
const SETTLE_MS = 6_000;
/** A cluster that lost all of its nodes needs longer. */
const AFTER_ALL_MS = 4_000;
const EVERY_ALL = 10;

export type CrashRun = { readonly protocol: string; readonly nodes: 3 | 5; readonly cycles: number; readonly seed: string; readonly folder: string };

/** A kill counts for each node. unknown: outcomes that clients were not told. */
export type CrashOutcome = {
  readonly kills: number; readonly restarts: number; readonly lives: number; readonly ofLeaders: number; readonly seconds: number;
  readonly acknowledged: number; readonly reads: number; readonly failed: number; readonly unknown: number;
  readonly verdicts: readonly { readonly check: string; readonly valid: boolean | 'unknown'; readonly because: string }[];
  readonly invalid: readonly string[];
};

/** Each cycle is a fault of the experiment: killed, down for a while, started, and some time to work. */
function crashExperiment({ protocol, nodes, cycles, seed }: Omit<CrashRun, 'folder'>): string {
  const random = randomStream(seed, 'crash-cycles');
  const faults: string[] = [];
  let atMs = 500;
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const disk = DISKS[Math.floor(random() * DISKS.length)] ?? 'keep';
    const downMs = 150 + Math.round(random() * 500);
    const all = cycle % EVERY_ALL === 0 || cycle === cycles;
    const victim = all ? 'all' : random() < 0.5 ? 'leader' : 'any-follower';
    faults.push(`  - { at: ${atMs}ms, crash: ${victim}, disk: ${disk}, for: ${downMs}ms }`);
    // A second one while the first is down.
    if (!all && nodes === 5 && random() < 0.3) faults.push(`  - { at: ${atMs + 60}ms, crash: any-follower, disk: keep, for: ${downMs}ms }`);
    atMs += downMs + (all ? AFTER_ALL_MS : 700 + Math.round(random() * 500));
  }
  return `name: crash-cycles\nprotocols: [${protocol}]\nnodes: ${nodes}\nload: { workload: register, keys: 20, reads: 40%, rate: 60/s, timeout: 5s }
run: { warmup: ${WARMUP_MS}ms, measure: ${atMs + 1_000}ms, settle: ${SETTLE_MS}ms, seed: "${seed}" }\nfaults:\n${faults.join('\n')}\n`;
}

export async function crashCycles(given: CrashRun): Promise<CrashOutcome> {
  const runner = createLocalRunner(null);
  const [plan] = makePlans(parseExperiment(crashExperiment(given), join(given.folder, 'crash-cycles.yaml'), REGISTRY, []), { runner: 'local', supports: runner.supports });
  if (plan === undefined) throw new Error('no plan');
  const { events, summary } = await runPlan(runner, plan, { inside: given.folder, keep: ['action', 'status', 'invoke', 'reply'] });
  const actions = (type: string) => events.flatMap((event) => (event.type === 'action' && event.action.type === type ? event.nodes : [])).length;
  const operations = new Map(events.flatMap((event) => (event.type === 'invoke' ? [[event.command.id, event.command.op.type] as const] : [])));
  const replies = events.flatMap((event) => (event.type === 'reply' ? [{ outcome: event.reply.outcome, type: operations.get(event.id) }] : []));
  const answered = (outcome: string, read: boolean) => replies.filter((reply) => reply.outcome === outcome && (reply.type === 'get') === read).length;
  return {
    kills: actions('crash'), restarts: actions('restart'), seconds: Math.round((plan.warmupMs + plan.measureMs) / 1000),
    lives: new Set(events.flatMap((event) => (event.type === 'status' && event.life > 1 ? [`${event.node} ${event.life}`] : []))).size,
    ofLeaders: events.filter((event) => event.type === 'action' && event.action.type === 'crash' && 'node' in event.action && event.action.node === 'leader').length,
    acknowledged: answered('ok', false), reads: answered('ok', true), failed: answered('fail', false), unknown: answered('unknown', false) + operations.size - replies.length,
    verdicts: summary.verdicts.map(({ check, valid, because }) => ({ check, valid, because })), invalid: summary.invalid,
  };
}
