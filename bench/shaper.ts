// What the links in the nodes' transport achieve, one way, under a protocol's own traffic:  node bench/shaper.ts [PROTOCOL] [PER_SECOND] [SECONDS]
// Goal: within ±1 ms of the configured delay at p95, for 5 to 200 ms. Each datagram is timed by the nodes' own events, sent to
// received, on the one monotonic clock that the processes of a machine share; so turns and the kernel are in the figures.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PERFECT_LINK } from '../netem/link.ts';
import { Processes } from '../test/processes.ts';

const [protocol = 'raft', perSecond = '100', seconds = '6'] = process.argv.slice(2);
const DELAYS_MS = [5, 10, 20, 50, 100, 200];
const SETTLE_MS = 1_000;

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Achieved minus configured, of every datagram that was sent in the window and received, sorted. */
function errorsMs(cluster: Processes, delayMs: number, fromMs: number, toMs: number): readonly number[] {
  const sent = new Map<string, number>();
  const received = new Map<string, number>();
  for (const id of cluster.ids) {
    for (const event of cluster.events(id)) {
      if (event.type === 'sent' && event.atMs >= fromMs && event.atMs < toMs) sent.set(`${id} ${event.peer} ${event.frame}`, event.atMs);
      else if (event.type === 'received') received.set(`${event.peer} ${id} ${event.frame}`, event.atMs);
    }
  }
  return [...sent].flatMap(([key, atMs]) => {
    const arrivedMs = received.get(key);
    return arrivedMs === undefined ? [] : [arrivedMs - atMs - delayMs];
  }).sort((a, b) => a - b);
}

async function bench(delayMs: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lab-bench-'));
  const cluster = new Processes({ folder, protocol, options: protocol === 'raft' ? { electionTimeoutMs: [2_000, 4_000] } : {}, count: 3, change: { detail: 'messages' } });
  try {
    await Promise.all(cluster.ids.map((id) => cluster.start(id)));
    const links = Object.fromEntries(cluster.ids.map((id) => [id, { ...PERFECT_LINK, delayMs }]));
    for (const id of cluster.ids) await cluster.control(id, 'links', { links });
    await Promise.all(cluster.ids.map((id) => cluster.release(id)));
    await cluster.submitUntilOk(cluster.ids, { id: 'first:1', op: { type: 'put', key: 'k', value: 'v' } });
    const begunMs = performance.now();
    for (let number = 1; performance.now() - begunMs < Number(seconds) * 1_000; number++) {
      void cluster.submit(cluster.ids[number % 3] as string, { id: `s${number}:1`, op: { type: 'put', key: 'k', value: `${number}` } }).catch(() => undefined);
      await sleep(Math.max(0, begunMs + (number * 1_000) / Number(perSecond) - performance.now()));
    }
    const endMs = cluster.events('n1').at(-1)?.atMs ?? 0;
    await sleep(delayMs + SETTLE_MS);
    const errors = errorsMs(cluster, delayMs, endMs - Number(seconds) * 1_000 + 500, endMs);
    const within = errors.filter((error) => Math.abs(error) <= 1).length / errors.length;
    const figure = (share: number) => percentile(errors, share).toFixed(2).padStart(6);
    console.log(`${String(delayMs).padStart(4)} ms  error p5 ${figure(0.05)}  p50 ${figure(0.5)}  p95 ${figure(0.95)}  p99 ${figure(0.99)} ms  `
      + `within ±1 ms ${(within * 100).toFixed(1)} %  of ${errors.length.toLocaleString('en')} datagrams`);
  } finally {
    await cluster.close();
    rmSync(folder, { recursive: true });
  }
}

console.log(`${protocol}, 3 nodes, ${perSecond} commands/s, ${seconds} s for each delay; userspace links`);
for (const delayMs of DELAYS_MS) await bench(delayMs);
