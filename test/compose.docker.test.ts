// docker-compose.yml and `lab up`: what the file allows, always where Compose is; and for real on a Docker daemon: five nodes that
// commit by curl while one is killed, InfluxDB and Grafana filled by a run, what goes wrong in one line, and nothing left.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PROTOCOLS } from '../node/registry.ts';
import { connectDocker, type Engine } from '../orchestrator/cli/docker/engine.ts';
import { ensureNodeImage } from '../orchestrator/cli/docker/image.ts';
import { LabError } from '../orchestrator/errors.ts';
import { ComposePlace, missingCompose, missingServers, serverImages } from './compose-place.ts';

type Service = {
  readonly image: string; readonly read_only?: boolean; readonly cap_drop?: readonly string[]; readonly cap_add?: readonly string[]; readonly privileged?: boolean;
  readonly security_opt?: readonly string[]; readonly user?: string; readonly mem_limit?: string; readonly pids_limit?: number; readonly healthcheck?: object;
  readonly ports?: readonly { readonly host_ip?: string }[]; readonly environment?: { readonly [name: string]: string }; readonly networks?: { readonly [name: string]: { readonly ipv4_address?: string } | null };
};
type Config = { readonly services: { readonly [name: string]: Service }; readonly secrets: { readonly [name: string]: { readonly file?: string } } };

const WITHIN_MS = 300_000;
const CHROMIUM = '/usr/bin/chromium';
const NODES = ['n1', 'n2', 'n3', 'n4', 'n5'];
const required = (process.env['LAB_REQUIRE'] ?? '').split(',');
const noCompose = missingCompose();
if (noCompose !== null) {
  if (required.includes('docker')) throw new Error(noCompose);
  console.log(`skipped: docker-compose.yml (${noCompose})`);
}

/** What a service is allowed that it must not be, or lacks. */
function weaknesses({ services, secrets }: Config): readonly string[] {
  const rules: readonly (readonly [string, (service: Service, name: string) => boolean])[] = [
    ['a writable root', ({ read_only }) => read_only !== true],
    ['capabilities', ({ cap_drop = [], cap_add = [], privileged }) => cap_drop.join() !== 'ALL' || cap_add.length > 0 || privileged === true],
    ['new privileges', ({ security_opt = [] }) => !security_opt.includes('no-new-privileges:true')],
    ['root as its user', ({ user = '0' }) => /^(0|root)\b/.test(user)],
    ['no limit of memory or processes', ({ mem_limit, pids_limit = 0 }) => mem_limit === undefined || pids_limit <= 0],
    ['no health check', ({ healthcheck }) => healthcheck === undefined],
    ['a port beyond loopback', ({ ports = [] }) => ports.length === 0 || ports.some(({ host_ip }) => host_ip !== '127.0.0.1')],
    ['an image without a patch version', ({ image }, name) => (NODES.includes(name) ? image !== 'consensus-lab-node:made-by-lab-up' : !/:\d+\.\d+\.\d+$/.test(image))],
    ['a secret in its environment', ({ environment = {} }) => Object.keys(environment).some((key) => /PASSWORD|TOKEN|SECRET|KEY/.test(key) && !key.endsWith('_FILE'))],
    ['an address that is not for benchmarks', ({ networks = {} }, name) => NODES.includes(name) && !/^198\.1[89]\./.test(networks['cluster']?.ipv4_address ?? '')],
  ];
  return [
    ...Object.entries(services).flatMap(([name, service]) => rules.flatMap(([what, is]) => (is(service, name) ? `${name} has ${what}` : []))),
    ...Object.entries(secrets).flatMap(([name, { file }]) => (file?.includes('/.made-by-lab-up/') === true ? [] : `${name} is no file of lab up`)),
  ];
}

describe.skipIf(noCompose !== null)('docker-compose.yml', () => {
  let place: ComposePlace;
  beforeAll(async () => { place = await ComposePlace.open(); });
  afterAll(() => place.close());
  const config = (...argv: readonly string[]): Config => {
    const { status, stdout, stderr } = place.compose(...argv, 'config', '--format', 'json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout) as Config;
  };

  test('it is InfluxDB and Grafana, and with the profile the nodes', () => {
    expect(Object.keys(config().services).sort()).toEqual(['grafana', 'influxdb']);
    expect(Object.keys(config('--profile', 'cluster').services).sort()).toEqual(['grafana', 'influxdb', ...NODES]);
  });

  test('every service is confined, pinned and on loopback, and every secret is a file', () => {
    expect(weaknesses(config('--profile', 'cluster'))).toEqual([]);
  });

  test.each<readonly [string, (service: object) => object, string]>([
    ['published everywhere', (service) => ({ ...service, ports: [{ target: 1, published: '1' }] }), 'a port beyond loopback'],
    ['privileged', (service) => ({ ...service, privileged: true }), 'capabilities'],
    ['with a default password', (service) => ({ ...service, environment: { ADMIN_PASSWORD: 'admin' } }), 'a secret in its environment'],
    ['of the latest image', (service) => ({ ...service, image: 'influxdb:2.7' }), 'an image without a patch version'],
    ['without limits', (service) => ({ ...service, pids_limit: undefined }), 'no limit of memory or processes'],
  ])('a service %s would be found', (_name, planted, found) => {
    const { services, secrets } = config('--profile', 'cluster');
    expect(weaknesses({ secrets, services: { ...services, influxdb: planted(services['influxdb'] as Service) as Service } })).toEqual([`influxdb has ${found}`]);
  });
});

let engine: Engine | null = null;
let base = '';
try {
  if (noCompose !== null) throw new LabError('machine-lacks', noCompose, 'install it');
  engine = await connectDocker();
  ({ tag: base } = await ensureNodeImage(engine, null, () => undefined));
} catch (error) {
  if (!(error instanceof LabError) || required.includes('docker')) throw error;
  engine = null;
  console.log(`skipped: lab up (${error.message}; ${error.hint})`);
}

describe.skipIf(engine === null)('the nodes of docker-compose.yml', () => {
  let place: ComposePlace;
  beforeAll(async () => { place = await ComposePlace.open(); });
  afterEach(() => { place.compose('--profile', '*', 'down', '--volumes'); });
  afterAll(() => place.close());

  const url = (node: string) => `http://127.0.0.1:${place.ports}${node.slice(1)}`;
  /** As the README shows it. */
  const curl = (node: string, command: object) => {
    const { stdout, stderr, status } = spawnSync('curl', ['-sS', '-H', `Authorization: Bearer ${readFileSync(join(place.folder, '.made-by-lab-up/cluster-token'), 'utf8')}`, '-d', JSON.stringify(command), `${url(node)}/commands`], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout) as { readonly outcome: string; readonly value?: unknown };
  };

  const status = (node: string) => JSON.parse(spawnSync('curl', ['-sS', `${url(node)}/status`], { encoding: 'utf8' }).stdout) as { readonly leader: string; readonly life: number };

  test('without lab up, Docker names what makes what is missing', () => {
    const { status, stderr } = place.compose('up', '--wait', 'n1');
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/does not exist: \S+\/\.made-by-lab-up\//);
  }, WITHIN_MS);

  test('docker compose up, curl, one is killed, curl, it comes back in another life, down', () => {
    expect(place.lab('up', '--cluster', 'raft', '--prepare')).toMatchObject({ status: 0 });
    expect(place.left()).toEqual([]);
    // Without the secrets of the boards.
    for (const name of ['influxdb-password', 'influxdb-token', 'grafana-password']) rmSync(join(place.folder, '.made-by-lab-up', name));
    expect(place.compose('up', '--wait', ...NODES)).toMatchObject({ status: 0 });
    expect(spawnSync('curl', ['-sS', '-d', '{}', `${url('n1')}/commands`], { encoding: 'utf8' }).stdout).toContain('token');
    expect(curl('n1', { id: 'me:1', op: { type: 'put', key: 'k', value: 'v' } })).toMatchObject({ outcome: 'ok' });
    const { leader } = status('n1');
    const follower = NODES.find((node) => node !== leader) as string;
    const other = NODES.find((node) => node !== leader && node !== follower) as string;
    expect(place.compose('kill', follower).status).toBe(0);
    expect(curl(other, { id: 'me:2', op: { type: 'get', key: 'k' } })).toMatchObject({ outcome: 'ok', value: 'v' });
    expect(place.compose('up', '--wait', ...NODES).status).toBe(0);
    expect(status(follower)).toMatchObject({ life: 2 });
    expect(curl(follower, { id: 'me:3', op: { type: 'get', key: 'k' } })).toMatchObject({ outcome: 'ok', value: 'v' });
    expect(place.compose('--profile', 'cluster', 'down', '--volumes').status).toBe(0);
    expect(place.left()).toEqual([]);
  }, WITHIN_MS);

  test.each(PROTOCOLS.map(({ name }) => name))('lab up --cluster %s, a command, another protocol in its place, lab down', (name) => {
    const up = place.lab('up', '--cluster', name, '--json');
    expect(up).toMatchObject({ status: 0 });
    expect(JSON.parse(up.stdout)).toMatchObject({ protocol: name, nodes: NODES.map((node) => ({ node, url: url(node) })) });
    expect(curl('n2', { id: 'me:1', op: { type: 'put', key: 'k', value: name } })).toMatchObject({ outcome: 'ok' });
    const next = PROTOCOLS.find((protocol) => protocol.name !== name)?.name ?? '';
    expect(place.lab('up', '--cluster', next)).toMatchObject({ status: 0 });
    expect(curl('n2', { id: 'me:2', op: { type: 'get', key: 'k' } })).toMatchObject({ outcome: 'ok', value: null });
    expect(place.lab('down', '--volumes')).toMatchObject({ status: 0, stderr: '' });
    expect(place.left()).toEqual([]);
    expect(readdirSync(place.folder)).not.toContain('.made-by-lab-up');
  }, WITHIN_MS);

  test('a port that is taken, an unknown protocol and a node that cannot start are one line each, and nothing is left', async () => {
    expect(place.lab('up', '--cluster', 'rafd')).toMatchObject({ status: 3, stderr: expect.stringMatching(/unknown protocol "rafd"\n {2}hint: did you mean raft/) as string });
    const taken = createServer();
    await new Promise<void>((resolve) => { taken.listen(Number(`${place.ports}3`), '127.0.0.1', resolve); });
    try {
      expect(place.lab('up', '--cluster', 'raft')).toMatchObject({ status: 4, stderr: expect.stringMatching(new RegExp(`error: 127\\.0\\.0\\.1:${place.ports}3 is taken by another program\\n {2}hint: .*LAB_NODE_PORT`)) as string });
    } finally {
      await new Promise((resolve) => { taken.close(resolve); });
    }
    // Volumes alone.
    expect(place.left()).toHaveLength(NODES.length);
    place.override('services: { n4: { command: [node, compose.mjs, n9] } }\n');
    try {
      const { status, stderr } = place.lab('up', '--cluster', 'raft');
      expect({ status, stderr }).toMatchObject({ status: 4, stderr: expect.stringMatching(/error: n4 does not become healthy; it said: .*sockets\.n9/) as string });
    } finally {
      rmSync(join(place.folder, 'docker-compose.override.yml'));
    }
  }, WITHIN_MS);
});

/** In a browser, where there is one: it shows panels, none with an error, and asks nobody else. */
async function openBoard(url: string): Promise<void> {
  if (!existsSync(CHROMIUM)) {
    if (required.includes('browser')) throw new Error(`there is no ${CHROMIUM}`);
    return console.log(`skipped: the board of lab up in a browser (there is no ${CHROMIUM})`);
  }
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1_600, height: 1_200 } });
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('request', (request) => { if (!/^(http:\/\/127\.0\.0\.1:|data:|blob:)/.test(request.url())) wrong.push(request.url()); });
    page.on('response', (response) => { if (response.url().includes('/api/ds/query') && !response.ok()) wrong.push(`${response.status()} ${response.url()}`); });
    await page.goto(url);
    await page.waitForSelector('section canvas, [data-testid^="data-testid Panel header"]', { timeout: 60_000 });
    await page.waitForLoadState('networkidle');
    expect(wrong).toEqual([]);
    expect(await page.locator('[data-testid="data-testid Panel status error"]').count()).toBe(0);
  } finally {
    await browser.close();
  }
}

const missing = missingServers('influxd', 'grafana');
if (engine !== null && missing.length > 0) {
  if (required.includes('grafana')) throw new Error(`there is no ${missing.join(', ')}`);
  console.log(`skipped: lab up with InfluxDB and Grafana (there is no ${missing.join(', ')})`);
}

describe.skipIf(engine === null || missing.length > 0)('InfluxDB and Grafana of docker-compose.yml', () => {
  let place: ComposePlace;
  beforeAll(async () => {
    place = await ComposePlace.open();
    const { influxdb, grafana } = serverImages(base);
    place.override(`services: { influxdb: { image: "${influxdb}" }, grafana: { image: "${grafana}" } }\n`);
  }, WITHIN_MS);
  afterAll(() => place.close());

  test('lab up, a run finds them by itself, its board and its data are there, lab down', async () => {
    const up = place.lab('up', '--json');
    expect(up, up.stderr).toMatchObject({ status: 0 });
    const { influxdb, grafana } = JSON.parse(up.stdout) as { readonly influxdb: { readonly url: string; readonly tokenFile: string }; readonly grafana: { readonly url: string } };
    expect(statSync(join(place.folder, '.made-by-lab-up')).mode & 0o777).toBe(0o700);
    const ran = place.lab('run', 'raft', '--on', 'sim', '--rate', '50/s', '--set', 'run.measure=5s', '--sink', 'influx');
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.stderr + ran.stdout).toContain(`${grafana.url}/d/lab-run?`);
    expect(await (await fetch(`${grafana.url}/api/datasources/uid/lab-influx/health`)).json()).toMatchObject({ status: 'OK' });
    expect(await (await fetch(`${grafana.url}/api/dashboards/uid/lab-run`)).json()).toMatchObject({ dashboard: { uid: 'lab-run' } });
    const query = { queries: [{ refId: 'A', datasource: { uid: 'lab-influx' }, rawQuery: true, query: 'SELECT sum("ok") FROM "commits"', resultFormat: 'table' }], from: '0', to: String(Date.now() + 60_000) };
    const answer = await (await fetch(`${grafana.url}/api/ds/query`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(query) })).text();
    expect(answer).toMatch(/"values":\[\[\d+\],\[[1-9]\d*\]\]/);
    expect((await fetch(`${influxdb.url}/query?db=lab&q=SHOW%20MEASUREMENTS`)).status).toBe(401);
    const [own = ''] = readdirSync(join(place.folder, 'results')).filter((name) => name !== 'baselines');
    expect((await fetch(`${grafana.url}/public/lab-results/${own}/report.html`)).status).toBe(200);
    await openBoard(/http:\S+\/d\/lab-run\?\S+/.exec(ran.stderr + ran.stdout)?.[0] ?? '');

    expect(place.lab('down')).toMatchObject({ status: 0, stderr: '' });
    expect(place.left()).toHaveLength(1);
    expect(readdirSync(join(place.folder, '.made-by-lab-up'))).not.toContain('services.json');

    // The data were made with the token that is now another one.
    writeFileSync(influxdb.tokenFile, 'f'.repeat(48));
    expect(place.lab('up')).toMatchObject({ status: 4, stderr: expect.stringMatching(/InfluxDB at \S+ does not take the token in \S+ \(HTTP 401\)\n {2}hint: .*lab down --volumes/) as string });
    expect(place.lab('down', '--volumes')).toMatchObject({ status: 0, stderr: '' });
    expect(place.left()).toEqual([]);
  }, WITHIN_MS);

  test('a taken port of Grafana is one line, and InfluxDB is ended with it', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => { taken.listen(Number(`${place.ports}9`), '127.0.0.1', resolve); });
    try {
      expect(place.lab('up')).toMatchObject({ status: 4, stderr: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${place.ports}9 is taken by another program\\n {2}hint: .*LAB_GRAFANA_PORT`)) as string });
    } finally {
      await new Promise((resolve) => { taken.close(resolve); });
    }
    expect(spawnSync('docker', ['ps', '-aq', '--filter', `label=com.docker.compose.project=${place.project}`], { encoding: 'utf8' }).stdout).toBe('');
    expect(place.lab('down', '--volumes')).toMatchObject({ status: 0 });
  }, WITHIN_MS);
});
