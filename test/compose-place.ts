// A copy of the lab in a folder of its own, with a Compose project, ports and addresses of its own, so that services of the tests
// meet nobody else's; and images of InfluxDB and Grafana made here, where no registry can be reached.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './tree.ts';

const BUILT = process.env['SERVERS_CACHE'] ?? join(homedir(), '.cache/lab-servers');
const PARTS = ['lab', 'package.json', 'docker-compose.yml', 'dashboards', 'experiments', 'netem', 'node', 'orchestrator', 'sim'];
/** docker compose, or docker-compose where the plug-in is not installed. */
const COMPOSE = spawnSync('docker', ['compose', 'version']).status === 0 ? ['docker', 'compose'] : ['docker-compose'];
const WITHIN_MS = 300_000;

const ENTRYPOINT = `#!/bin/bash
set -e
D=/var/lib/influxdb2
PATHS=(--bolt-path $D/influxd.bolt --sqlite-path $D/influxd.sqlite --engine-path $D/engine)
if [ ! -f $D/influxd.bolt ]; then
  influxd "\${PATHS[@]}" --http-bind-address 127.0.0.1:9999 & pid=$!
  node /setup.mjs
  kill $pid; wait $pid || true
fi
exec influxd "\${PATHS[@]}"
`;
/** As the official image sets up what is new, from the same variables. */
const SETUP = `import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const { env } = process;
const of = (name) => env['DOCKER_INFLUXDB_INIT_' + name] ?? readFileSync(env['DOCKER_INFLUXDB_INIT_' + name + '_FILE'], 'utf8').trim();
const body = JSON.stringify({ username: of('USERNAME'), password: of('PASSWORD'), token: of('ADMIN_TOKEN'), org: of('ORG'), bucket: of('BUCKET') });
for (let left = 300; left > 0; left--, await sleep(100)) {
  const answer = await fetch('http://127.0.0.1:9999/api/v2/setup', { method: 'POST', body }).catch(() => null);
  if (answer?.ok) process.exit(0);
}
process.exit(1);
`;
const GRAFANA_RUN = `#!/bin/bash
set -e
export GF_SECURITY_ADMIN_PASSWORD="$(<"$GF_SECURITY_ADMIN_PASSWORD__FILE")"
exec /usr/share/grafana/grafana server --homepath /usr/share/grafana cfg:default.log.mode=console cfg:default.paths.data=/var/lib/grafana cfg:default.paths.logs=/var/log/grafana cfg:default.paths.plugins=/var/lib/grafana/plugins cfg:default.paths.provisioning=/etc/grafana/provisioning
`;

/** Which of these servers were not built. */
export function missingServers(...names: readonly ('influxd' | 'grafana')[]): readonly string[] {
  return names.map((name) => join(BUILT, name)).filter((path) => !existsSync(path));
}

/** Built on a base with Node.js, once for each build of the server; returns its tag. */
function image(name: string, base: string, server: string, dockerfile: string, files: { readonly [name: string]: string }): string {
  const { size, mtimeMs } = statSync(join(BUILT, server));
  const tag = `lab-test-${name}:${createHash('sha256').update(JSON.stringify([base, size, mtimeMs, dockerfile, files])).digest('hex').slice(0, 12)}`;
  if (spawnSync('docker', ['image', 'inspect', tag]).status === 0) return tag;
  const context = mkdtempSync(join(tmpdir(), 'lab-image-'));
  try {
    cpSync(join(BUILT, server), join(context, server), { recursive: true });
    writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nUSER 0\n${dockerfile}`);
    for (const [file, text] of Object.entries(files)) {
      writeFileSync(join(context, file), text);
      chmodSync(join(context, file), 0o755);
    }
    const { status, stderr } = spawnSync('docker', ['build', '--quiet', '--tag', tag, context], { encoding: 'utf8', env: { ...process.env, DOCKER_BUILDKIT: '0' } });
    if (status !== 0) throw new Error(`the image of ${name} cannot be made: ${stderr}`);
  } finally {
    rmSync(context, { recursive: true });
  }
  return tag;
}

export function serverImages(base: string): { readonly influxdb: string; readonly grafana: string } {
  return {
    influxdb: image('influxdb', base, 'influxd', 'COPY influxd /usr/local/bin/influxd\nCOPY entrypoint.sh setup.mjs /\nRUN mkdir -p /var/lib/influxdb2 && chown 1000:1000 /var/lib/influxdb2\nENTRYPOINT ["/entrypoint.sh"]\n', { 'entrypoint.sh': ENTRYPOINT, 'setup.mjs': SETUP }),
    grafana: image('grafana', base, 'grafana', 'COPY grafana /usr/share/grafana\nCOPY run.sh /\nRUN mkdir -p /var/lib/grafana /var/log/grafana /etc/grafana\n', { 'run.sh': GRAFANA_RUN }),
  };
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** What stands before the last digit of ports that are all free. */
async function freePrefix(): Promise<string> {
  for (;;) {
    const prefix = randomInt(1_500, 3_000);
    const free = await Promise.all(Array.from({ length: 10 }, async (_, digit) => isFree(prefix * 10 + digit)));
    if (free.every(Boolean)) return String(prefix);
  }
}

type Ended = SpawnSyncReturns<string>;

export class ComposePlace {
  readonly folder: string;
  readonly project = `lab-test-${randomBytes(3).toString('hex')}`;
  readonly ports: string;
  readonly env: NodeJS.ProcessEnv;

  private constructor(folder: string, ports: string) {
    this.folder = folder;
    this.ports = ports;
    const state = join(folder, 'state');
    mkdirSync(state, { mode: 0o700 });
    this.env = {
      ...process.env, PATH: `${process.env['PATH']}:${BUILT}`, XDG_RUNTIME_DIR: state, COMPOSE_PROJECT_NAME: this.project, LAB_INFLUX_URL: '', LAB_INFLUX_TOKEN: '', LAB_INFLUX_TOKEN_FILE: '',
      LAB_CLUSTER_NET: `198.19.${randomInt(128, 248)}`, LAB_NODE_PORT: ports, LAB_INFLUX_PORT: `${ports}8`, LAB_GRAFANA_PORT: `${ports}9`,
    };
  }

  static async open(): Promise<ComposePlace> {
    const folder = mkdtempSync(join(tmpdir(), 'lab-compose-'));
    for (const part of PARTS) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    return new ComposePlace(folder, await freePrefix());
  }

  /** Over docker-compose.yml, as a user would who has no registry. */
  override(text: string): void {
    writeFileSync(join(this.folder, 'docker-compose.override.yml'), text);
  }

  lab(...argv: readonly string[]): Ended {
    return spawnSync(join(this.folder, 'lab'), argv, { cwd: this.folder, env: this.env, encoding: 'utf8', timeout: WITHIN_MS });
  }

  compose(...argv: readonly string[]): Ended {
    const [program = '', ...rest] = COMPOSE;
    return spawnSync(program, [...rest, ...argv], { cwd: this.folder, env: this.env, encoding: 'utf8', timeout: WITHIN_MS, maxBuffer: 16 << 20 });
  }

  /** Containers, networks and volumes of the project. */
  left(): readonly string[] {
    const filter = `label=com.docker.compose.project=${this.project}`;
    return [['ps', '-aq'], ['network', 'ls', '-q'], ['volume', 'ls', '-q']].flatMap((argv) => spawnSync('docker', [...argv, '--filter', filter], { encoding: 'utf8' }).stdout.split('\n').filter((id) => id !== ''));
  }

  close(): void {
    if (this.left().length > 0) this.compose('--profile', '*', 'down', '--volumes');
    rmSync(this.folder, { recursive: true });
  }
}

/** Why Compose cannot be used; null: it can. */
export function missingCompose(): string | null {
  const [program = '', ...rest] = COMPOSE;
  return spawnSync(program, [...rest, 'version'], { env: { ...process.env, PATH: `${process.env['PATH']}:${BUILT}` } }).status === 0 ? null : 'there is no Docker Compose';
}
