// How late the load generator sends, on local:  node bench/load.ts [RATE] [SECONDS] [PROTOCOL]
// Goal: p99 of the send lag at most 2 ms at 500 commands/s. First the generator's own timers alone, at the same arrivals and
// with nothing to send: what this machine can do just now. Then a whole run of three nodes with its load process, which has
// the machine to share with them.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILTINS, createRegistry, named } from '../orchestrator/builtins.ts';
import { Timers } from '../orchestrator/cli/load/timers.ts';
import { createLocalRunner } from '../orchestrator/cli/runners/local.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { judge } from '../orchestrator/judge.ts';
import type { Plan } from '../orchestrator/kinds.ts';
import { arrivals } from '../orchestrator/load/arrivals.ts';
import { makePlans } from '../orchestrator/plan.ts';

const [rate = '500', seconds = '20', protocol = 'raft'] = process.argv.slice(2);
const registry = createRegistry([BUILTINS]);
const runner = createLocalRunner(null);
const text = `name: bench-load\nprotocols: [${protocol}]\nnodes: 3\nload: { rate: ${rate}/s }\nrun: { warmup: 2s, measure: ${seconds}s }`;
const [plan] = makePlans(parseExperiment(text, 'bench', registry), { runner: runner.name, supports: runner.supports });

function percentile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(2);
}

async function timersAlone(of: Plan): Promise<void> {
  const begunMs = performance.now();
  const timers = new Timers(() => performance.now() - begunMs);
  const lagsMs: number[] = [];
  const cpuBefore = process.cpuUsage();
  await new Promise<void>((resolve) => {
    const upcoming = arrivals(of);
    const next = (): void => {
      const arrival = upcoming.next();
      if (arrival.done === true) resolve();
      else timers.at(arrival.value.atMs, () => { lagsMs.push(timers.now() - arrival.value.atMs); next(); });
    };
    next();
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  lagsMs.sort((a, b) => a - b);
  console.log(`timers alone: lag p50 ${percentile(lagsMs, 0.5)} p99 ${percentile(lagsMs, 0.99)} max ${percentile(lagsMs, 1)} ms, `
    + `${Math.round((user + system) / 10 / (performance.now() - begunMs))} % of a core, ${lagsMs.length} arrivals, load average ${(loadavg()[0] ?? NaN).toFixed(1)}`);
}

async function wholeRun(of: Plan): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lab-bench-'));
  try {
    const judgement = judge(of, { protocol: named(registry.protocols, of.protocol, 'protocol'), workload: named(registry.workloads, of.load.workload, 'workload'), checks: registry.checks });
    const lagsMs: number[] = [];
    await runner.run(of, {
      folder, stop: { requested: false }, progress: () => undefined,
      emit: (event) => {
        judgement.observe(event);
        if (event.type === 'invoke' && event.intendedMs >= of.warmupMs) lagsMs.push(event.atMs - event.intendedMs);
      },
    });
    lagsMs.sort((a, b) => a - b);
    const { metrics, baseline } = judgement.finish(false);
    const shown = (name: string, digits = 1) => metrics[name]?.value?.toFixed(digits) ?? '-';
    console.log(`${protocol} on local, 3 nodes, ${rate}/s: send lag p50 ${percentile(lagsMs, 0.5)} p99 ${percentile(lagsMs, 0.99)} max ${percentile(lagsMs, 1)} ms, `
      + `loop delay max ${shown('loopDelay.max')} ms, generator ${shown('generatorCpu.max', 2)} of a core, busiest node ${shown('nodeCpu.max', 2)}, `
      + `commit p50 ${shown('commit.p50', 2)} p99 ${shown('commit.p99', 2)} ms, load average ${(loadavg()[0] ?? NaN).toFixed(1)}`);
    for (const reason of baseline.because) console.log(`  no baseline: ${reason}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (plan === undefined) throw new Error('no plan');
await timersAlone(plan);
await wholeRun(plan);
