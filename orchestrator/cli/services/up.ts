// `lab up`: InfluxDB and Grafana, or five nodes to try by hand, as services of docker-compose.yml. It makes what they need,
// starts them, waits until they are healthy, and says where they are. `lab down` is its opposite.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { EXIT, LabError } from '../../errors.ts';
import { connectDocker, type Engine } from '../docker/engine.ts';
import { ensureNodeImage } from '../docker/image.ts';
import { CLUSTER_NODES, clusterFile } from './cluster-file.ts';
import { type Compose, findCompose } from './compose.ts';
import { CLUSTER_TOKEN, forgetServices, GRAFANA_PASSWORD, INFLUX_TOKEN, madePath, makeSecrets, noteServices, removeMade, type Services, writeMade } from './made.ts';

export type UpFlags = { readonly cluster?: string; readonly prepare: boolean; readonly json: boolean };
export type DownFlags = { readonly volumes: boolean; readonly json: boolean };

/** As docker-compose.yml calls it. */
const NODE_IMAGE = { repository: 'consensus-lab-node', tag: 'made-by-lab-up' };
const DASHBOARDS = ['influxdb', 'grafana'];
const INFLUX_PORT = 8_086;
const GRAFANA_PORT = 3_000;
const NODE_PORT = 7_000;
const ANSWER_WITHIN_MS = 10_000;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Returns the exit code; progress goes to stderr. Rejects with a LabError; what it has started is then gone again, after Ctrl-C too. */
export async function bringUp(flags: UpFlags, stop: { readonly requested: boolean }): Promise<number> {
  try {
    await prepareAndStart(flags);
    return EXIT.ok;
  } catch (error) {
    // Ctrl-C reaches Compose too, which then fails.
    if (stop.requested) return EXIT.interrupted;
    throw error;
  }
}

async function prepareAndStart(flags: UpFlags): Promise<void> {
  const cluster = flags.cluster === undefined ? null : clusterFile(flags.cluster);
  const engine = await connectDocker();
  const compose = await findCompose();
  const { rootless, remapped } = await engine.describe();
  // A daemon that maps users has other numbers outside.
  makeSecrets(process.getuid?.() === 0 && !rootless && !remapped);
  if (cluster === null) {
    await (flags.prepare ? undefined : bringUpDashboards(compose, flags.json));
  } else {
    await makeImage(engine);
    const changed = writeMade('cluster.json', `${JSON.stringify(cluster)}\n`);
    await (flags.prepare ? undefined : bringUpCluster(compose, cluster.protocol, changed, flags.json));
  }
  if (flags.prepare) announce(flags.json, { prepared: cluster === null ? DASHBOARDS : CLUSTER_NODES }, `docker compose up --wait ${(cluster === null ? DASHBOARDS : CLUSTER_NODES).join(' ')} starts them\n`);
}

async function makeImage(engine: Engine): Promise<void> {
  const { tag } = await ensureNodeImage(engine, null, (line) => say(`docker: ${line}`));
  await engine.tag(tag, NODE_IMAGE.repository, NODE_IMAGE.tag);
}

function announce(json: boolean, document: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify({ version: 1, ...document }, null, 2)}\n` : text);
}

/** As the user would type it. */
function shown(name: string): string {
  const path = madePath(name);
  const short = relative(process.cwd(), path);
  return short.length < path.length ? short : path;
}

async function bringUpDashboards(compose: Compose, json: boolean): Promise<void> {
  // Grafana shows reports from here; a folder that Docker made would be root's.
  const results = resolve(process.env['LAB_RESULTS'] ?? 'results');
  if (!existsSync(results)) mkdirSync(results, { recursive: true });
  process.env['LAB_RESULTS'] = results;
  say('starting InfluxDB and Grafana; their images are pulled once');
  await compose.up(DASHBOARDS, false);
  const services: Services = { influxUrl: await compose.url('influxdb', INFLUX_PORT), grafanaUrl: await compose.url('grafana', GRAFANA_PORT) };
  await checkToken(services.influxUrl);
  noteServices(services);
  announce(json, { influxdb: { url: services.influxUrl, tokenFile: madePath(INFLUX_TOKEN) }, grafana: { url: services.grafanaUrl, passwordFile: madePath(GRAFANA_PASSWORD) } }, `InfluxDB  ${services.influxUrl}  bucket lab, token in ${shown(INFLUX_TOKEN)}
Grafana   ${services.grafanaUrl}  boards without a login; admin's password in ${shown(GRAFANA_PASSWORD)}
lab run experiments/quickstart.yaml --sink influx writes there, lab down ends them
`);
}

/** InfluxDB takes its token from the file only when it is new: its data may be of another one. */
async function checkToken(url: string): Promise<void> {
  const authorization = `Token ${readFileSync(madePath(INFLUX_TOKEN), 'utf8')}`;
  const answer = await fetch(`${url}/query?db=lab&q=SHOW%20MEASUREMENTS`, { headers: { authorization }, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).catch(() => null);
  if (answer?.ok === true) return;
  throw new LabError('machine-lacks', `InfluxDB at ${url} does not take the token in ${shown(INFLUX_TOKEN)} (${answer === null ? 'no answer' : `HTTP ${answer.status}`})`,
    'its data were made with another one: put that one back, or lab down --volumes removes the data');
}

async function bringUpCluster(compose: Compose, protocol: string, changed: boolean, json: boolean): Promise<void> {
  say(`starting ${CLUSTER_NODES.length} nodes of ${protocol}`);
  await compose.up(CLUSTER_NODES, changed);
  const urls = await Promise.all(CLUSTER_NODES.map(async (node) => ({ node, url: await compose.url(node, NODE_PORT) })));
  const [first = { url: '' }] = urls;
  announce(json, { protocol, nodes: urls, tokenFile: madePath(CLUSTER_TOKEN) }, `${urls.map(({ node, url }) => `${node}  ${url}\n`).join('')}
curl ${first.url}/status
curl -H "Authorization: Bearer $(cat ${shown(CLUSTER_TOKEN)})" -d '{"id":"me:1","op":{"type":"put","key":"k","value":"v"}}' ${first.url}/commands
docker compose kill n2, docker compose start n2: it crashes, it comes back; lab down ends all
`);
}

/** Ends all of docker-compose.yml. */
export async function bringDown({ volumes, json }: DownFlags): Promise<void> {
  await connectDocker();
  const compose = await findCompose();
  await compose.down(volumes);
  forgetServices();
  if (volumes) removeMade();
  announce(json, { volumes }, volumes ? 'all services are ended, their data and secrets are removed\n' : 'all services are ended; their data stay: lab down --volumes removes them\n');
}
