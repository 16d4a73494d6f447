// The load process: `node orchestrator/cli/load.ts CONFIG.json`. It starts before the run, begins at the run's origin,
// and ends at the end-of-file of its stdin. It audits itself: send lag, event-loop delay and CPU, once a second.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { NodeId } from '../../node/contract.ts';
import { named } from '../builtins.ts';
import { ERROR_CODES, EXIT, LabError } from '../errors.ts';
import type { ClientEvent, RunEvent } from '../kinds.ts';
import { splitLines } from './lines.ts';
import { LineFile } from './event-file.ts';
import { openClosedLoop } from './load/closed.ts';
import { type LoadConfig, type LoadMessage, MEASURE, MEMBERS, PAUSED, RESUMED } from './load/config.ts';
import { openLoop } from './load/open.ts';
import { Recent } from './load/recent.ts';
import { measureRoundTrips } from './load/round-trips.ts';
import { loadPlugins } from './plugins.ts';
import { openRunClock } from './run-clock.ts';

const AUDIT_MS = 1_000;
const FLUSH_MS = 100;
/** The histogram holds whole intervals of its own timer. */
const LOOP_RESOLUTION_MS = 5;

function say(message: LoadMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Gives events their envelope and keeps the figures that the audit and the progress show. */
function openRecord(config: LoadConfig, now: () => number) {
  const file = new LineFile(config.eventsFile);
  const counts = { ok: 0, notOk: 0, sendLagMs: 0 };
  const recent = new Recent();
  let sequence = 0;
  let closed = false;
  const emit = (event: ClientEvent): void => {
    if (closed) return;
    const atMs = now();
    recent.observe(event, atMs);
    if (event.type === 'invoke') counts.sendLagMs = Math.max(counts.sendLagMs, atMs - event.intendedMs);
    else if (event.type === 'reply') {
      if (event.reply.outcome === 'ok') counts.ok++;
      else counts.notOk++;
    }
    file.write({ atMs, node: 'load', life: 0, sequence: sequence++, ...event });
  };
  /** Beside the commands: before the load. */
  const measured = (event: RunEvent): void => { if (!closed) file.write({ atMs: now(), node: 'load', life: 0, sequence: sequence++, ...event }); };
  const close = (): void => {
    closed = true;
    file.close();
  };
  return { counts, recent, emit, measured, flush: () => file.flush(), close };
}

async function main(path: string): Promise<void> {
  const config = JSON.parse(readFileSync(path, 'utf8')) as LoadConfig;
  const { plan } = config;
  const now = openRunClock(BigInt(config.originNs));
  const { registry } = await loadPlugins(config.plugins);
  const workload = named(registry.workloads, plan.load.workload, 'workload');
  const { counts, recent, emit, measured, flush, close: closeRecord } = openRecord(config, now);
  const loop = plan.load.ratePerSecond === null ? await openClosedLoop(config, workload, now, emit) : openLoop(config, workload, now, emit);
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  let cpu = process.cpuUsage();
  let auditedMs = now();
  const audit = (): void => {
    const used = process.cpuUsage(cpu);
    const atMs = now();
    emit({
      type: 'generator', sendLagMs: counts.sendLagMs, loopDelayMs: Math.max(0, delay.max / 1e6 - LOOP_RESOLUTION_MS),
      cpuPct: (used.user + used.system) / 10 / Math.max(1, atMs - auditedMs), sessions: loop.sessions, capped: loop.capped,
    });
    say({ type: 'progress', ok: counts.ok, notOk: counts.notOk, outstanding: loop.outstanding, ...recent.figures(atMs) });
    cpu = process.cpuUsage();
    auditedMs = atMs;
    counts.sendLagMs = 0;
    delay.reset();
  };
  let auditing: NodeJS.Timeout | undefined;
  let polling: NodeJS.Timeout | undefined;
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    clearInterval(auditing);
    clearInterval(polling);
    if (now() > 0) audit();
    closeRecord();
    await loop.close();
  };
  const finish = async (): Promise<void> => {
    await close();
    say({ type: 'finished' });
  };
  const measure = async (): Promise<void> => {
    for (const probes of await measureRoundTrips(plan, loop.ask, now)) measured({ type: 'certificate', phase: 'idle', ...probes });
    say({ type: 'measured' });
  };
  listen({ measure: () => void measure(), membersAre: (members) => loop.membersAre(members), ended: () => void close().finally(() => process.exit(0)) });
  const begin = (): void => {
    loop.start();
    auditedMs = now();
    delay.reset();
    auditing = setInterval(audit, AUDIT_MS);
    polling = setInterval(() => {
      flush();
      // The last timeout is due at the end of the settle phase at the latest; what is open then stays without an outcome.
      if (loop.finished || now() >= plan.warmupMs + plan.measureMs + plan.settleMs + FLUSH_MS) void finish();
    }, FLUSH_MS);
  };
  setTimeout(begin, Math.max(0, -now()));
  say({ type: 'ready' });
}

/** To what the lab says on stdin (load/config.ts). */
function listen(told: { measure(): void; membersAre(members: readonly NodeId[]): void; ended(): void }): void {
  const paused = new Set<number>();
  // However this process ends: nobody else wakes them when the lab has been killed, and a stopped process cannot end itself.
  process.once('exit', () => { for (const pid of paused) wake(pid); });
  // A lab that was killed reads no more: its end is heard on stdin, and what is said meanwhile is lost.
  process.stdout.on('error', () => undefined);
  process.stdin.setEncoding('utf8').on('end', () => told.ended());
  splitLines(process.stdin, (line) => {
    const [word, ...ids] = line.split(' ');
    if (word === MEASURE) told.measure();
    else if (word === MEMBERS) told.membersAre(ids);
    else if (word === PAUSED) paused.add(Number(ids[0]));
    else if (word === RESUMED) paused.delete(Number(ids[0]));
  });
}

function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended meanwhile.
  }
}

// The last line of stderr is what the lab shows.
process.on('uncaughtException', (error) => {
  if (error instanceof LabError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(ERROR_CODES[error.code].exit);
  }
  process.stderr.write(`${error.stack ?? ''}\nload: a bug: ${error.message.split('\n')[0] ?? ''}\n`);
  process.exit(EXIT.bug);
});
await main(process.argv[2] ?? '');
