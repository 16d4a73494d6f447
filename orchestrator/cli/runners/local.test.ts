// Node processes on this machine: where they listen on a machine with one loopback address, and what a run leaves behind.
import { createServer } from 'node:net';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BUILTINS, createRegistry } from '../../builtins.ts';
import { parseExperiment } from '../../experiment.ts';
import type { LabEvent, Plan } from '../../kinds.ts';
import { makePlans } from '../../plan.ts';
import { createLocalRunner } from './local.ts';
import { type Binding, findPlaces } from './ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-local-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SHORT = 'name: short\nprotocols: [raft]\nnodes: 3\nload: { rate: 20/s, timeout: 1s }\nrun: { warmup: 1s, measure: 2s, settle: 1s }\n';
/** As run tokens are: 24 random bytes in hexadecimal digits. */
const SECRET = /\b[0-9a-f]{48}\b|"(token|secret)":"/;

function planOf(text: string): Plan {
  const { supports } = createLocalRunner(null);
  const [plan] = makePlans(parseExperiment(text, 'test', createRegistry([BUILTINS])), { runner: 'local', supports });
  return plan as Plan;
}

/** Binds any port of 127.0.0.1 by asking the machine; every other address is refused, as where loopback has but one. */
const ONE_ADDRESS: Binding = {
  udp: async (host, port) => (host === '127.0.0.1' ? port || (await freePort()) : 'EADDRNOTAVAIL'),
  tcp: (host, port) => Promise.resolve(host === '127.0.0.1' ? port : 'EADDRNOTAVAIL'),
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

function filesOf(run: string): readonly string[] {
  return readdirSync(run, { recursive: true, encoding: 'utf8' }).map((name) => join(run, name)).filter((path) => statSync(path).isFile());
}

test('where 127.0.0.2 cannot be bound, the nodes of a run share 127.0.0.1 and commit', async () => {
  const events: LabEvent[] = [];
  const run = mkdtempSync(join(folder, 'shared-'));
  await createLocalRunner(null, [], ONE_ADDRESS).run(planOf(SHORT), { folder: run, stop: { requested: false }, progress: () => undefined, emit: (event) => events.push(event) });
  const answered = events.filter((event) => event.type === 'reply' && event.reply.outcome === 'ok');
  expect(answered.length).toBeGreaterThan(20);
  const committing = new Set(events.filter((event) => event.type === 'committed').map(({ node }) => node));
  expect([...committing].sort()).toEqual(['n1', 'n2', 'n3']);
});

test('a run that fails leaves its work to look at, and no secret in it', async () => {
  const { host, port } = (await findPlaces(['n1'], null)).get('n1') as { host: string; port: number };
  const holder = createServer();
  await new Promise<void>((resolve) => { holder.listen(port, host, resolve); });
  // Taken between the look for free places and the start of the node.
  const unaware: Binding = { udp: (_host, asked) => Promise.resolve(asked === 0 ? port : asked), tcp: (_host, asked) => Promise.resolve(asked) };
  const run = mkdtempSync(join(folder, 'failed-'));
  await expect(createLocalRunner(port, [], unaware).run(planOf(SHORT), { folder: run, stop: { requested: false }, progress: () => undefined, emit: () => undefined }))
    .rejects.toMatchObject({ code: 'port-in-use' });
  holder.close();
  const files = filesOf(run);
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => SECRET.test(readFileSync(file, 'utf8')))).toEqual([]);
});
