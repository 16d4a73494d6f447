// Commits per second of three real processes on loopback, every fsync real:  node bench/host.ts [PROTOCOL] [CONNECTIONS] [SECONDS]
// Goal: at least 5,000 commits/s at 64 closed-loop connections on two cores, the load generator included. The load is one
// process with autocannon; every command is a put of its own session. What bounds it is printed: CPU of each process, the
// commands in one flush and its time.
import autocannon from 'autocannon';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Processes } from '../test/processes.ts';

const [protocol = 'raft', connections = '64', seconds = '10'] = process.argv.slice(2);
const WARMUP_SECONDS = 2;
const KEYS = 64;

/** Each connection is a session; its commands are numbered on. */
function load(url: string, durationSeconds: number, run: string): Promise<autocannon.Result> {
  let sessions = 0;
  return new Promise((resolve, reject) => {
    autocannon({
      url: `${url}/commands`, connections: Number(connections), duration: durationSeconds, method: 'POST',
      setupClient: (client) => {
        const session = `${run}${++sessions}`;
        let sequence = 0;
        const next = () => JSON.stringify({ id: `${session}:${++sequence}`, op: { type: 'put', key: `k${sequence % KEYS}`, value: `v${sequence}` } });
        client.setBody(next());
        client.on('response', () => client.setBody(next()));
      },
    }, (error: unknown, result: autocannon.Result) => {
      if (error === null || error === undefined) resolve(result);
      else reject(error);
    });
  });
}

const folder = mkdtempSync(join(tmpdir(), 'lab-bench-'));
const cluster = new Processes({ folder, protocol, count: 3 });
try {
  await cluster.startAll();
  await cluster.submitUntilOk(cluster.ids, { id: 'first:1', op: { type: 'put', key: 'k', value: 'v' } });
  const { leader } = JSON.parse((await cluster.ask('n1', 'GET', '/status')).body) as { leader: string | null };
  const entry = leader ?? 'n1';
  const { host, port } = cluster.place(entry);
  await load(`http://${host}:${port}`, WARMUP_SECONDS, 'w');
  const begunMs = Number(process.hrtime.bigint()) / 1e6;
  const cpuBefore = process.cpuUsage();
  const result = await load(`http://${host}:${port}`, Number(seconds), 'm');
  const tookMs = Number(process.hrtime.bigint()) / 1e6 - begunMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  console.log(`${protocol}, 3 nodes, ${connections} connections at ${entry}: ${Math.round(result['2xx'] / (tookMs / 1000)).toLocaleString('en')} commits/s, `
    + `latency p50 ${result.latency.p50} p99 ${result.latency.p99} ms, ${result.non2xx} refused, ${result.errors} errors`);
  console.log(`  load: ${Math.round((user + system) / 10 / tookMs)} % of a core`);
  for (const id of cluster.ids) {
    const { code, signal, stderr } = await cluster.end(id, 'SIGTERM');
    if (code !== 0) throw new Error(`${id} ended with ${signal ?? code}: ${stderr}`);
    const events = cluster.events(id);
    const usage = events.filter((event) => event.type === 'usage');
    const traffic = events.findLast((event) => event.type === 'traffic');
    const [before, after] = [usage.at(-1 - Math.round(tookMs / 1000)), usage.at(-1)];
    if (before === undefined || after === undefined || traffic === undefined) continue;
    const cpuMs = after.cpuUserMs + after.cpuSystemMs - before.cpuUserMs - before.cpuSystemMs;
    const committed = events.filter((event) => event.type === 'committed').length;
    console.log(`  ${id}: ${Math.round((cpuMs / (after.atMs - before.atMs)) * 100)} % of a core (${Math.round((after.cpuSystemMs - before.cpuSystemMs) / (after.atMs - before.atMs) * 100)} % in the kernel), `
      + `${(committed / Math.max(1, traffic.fsyncs)).toFixed(1)} commits a flush, ${(traffic.sent / Math.max(1, committed)).toFixed(2)} datagrams and ${Math.round(traffic.bytes / Math.max(1, committed))} bytes sent a commit, `
      + `${traffic.lost} lost, rss ${Math.round(after.rssBytes / 1e6)} MB, loop delay ${after.loopDelayMs.toFixed(1)} ms`);
  }
} finally {
  await cluster.close();
  rmSync(folder, { recursive: true });
}
