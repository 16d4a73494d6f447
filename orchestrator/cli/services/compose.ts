// Docker Compose, as the program that the user has: started with an argument vector in the folder of docker-compose.yml, so
// that its own rules count (COMPOSE_PROJECT_NAME, docker-compose.override.yml, .env). Its failures become one line each.
import { spawn } from 'node:child_process';
import { LabError } from '../../errors.ts';
import { dockerFailure } from '../docker/failure.ts';
import { PACKAGE_ROOT } from '../tree.ts';

const OLDEST = [2, 20] as const;
const CALL_WITHIN_MS = 60_000;
/** Images may have to be pulled. */
const UP_WITHIN_MS = 1_800_000;
const HEALTHY_WITHIN_S = 180;
const DOWN_WITHIN_MS = 120_000;
const KEPT_CHARS = 65_536;
const MOST_SAID_CHARS = 300;
const ALL = ['--profile', '*'];
/** Docker's own progress, not its errors. */
const PROGRESS = /^\s*(Container|Network|Volume|Image|Service)\b(?!.*Error)|^\s*[\w-]+ (Pulling|Pulled|Skipped|Interrupted|Downloading|Extracting|Waiting)|^time=|^\s*$/;

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
type Finding = { readonly argv: readonly string[]; readonly found: string | null };

function run(argv: readonly string[], withinMs: number): Promise<Ended> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { cwd: PACKAGE_ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    // Node's own limit would hold this process for that long where the program is not there.
    const late = setTimeout(() => child.kill(), withinMs);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => { said[name] = (said[name] + text).slice(-KEPT_CHARS); });
    child.once('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(late);
      resolve({ code, ...said });
    });
  });
}

/** Docker's plug-in, or Compose alone. Rejects with a LabError when there is neither. */
export async function findCompose(): Promise<Compose> {
  const findings = await Promise.all([['docker', 'compose'], ['docker-compose']].map(async (argv): Promise<Finding> => {
    const ended = await run([...argv, 'version', '--short'], CALL_WITHIN_MS).catch(() => null);
    return { argv, found: ended?.code === 0 ? ended.stdout.trim() : null };
  }));
  const usable = findings.find(({ found }) => found !== null && isNewEnough(found));
  if (usable?.found != null) return new Compose(usable.argv, usable.found);
  const old = findings.find(({ found }) => found !== null);
  const remedy = 'install the plug-in: Debian or Ubuntu: sudo apt install docker-compose-plugin; docs.docker.com/compose/install has the others';
  if (old === undefined) throw new LabError('machine-lacks', 'Docker Compose, which starts the services, is not there', remedy);
  throw new LabError('machine-lacks', `Docker Compose ${old.found} is too old: ${OLDEST.join('.')} is needed`, remedy);
}

/** 'v2.40.3', '2.40.3+ds1'. */
export function isNewEnough(version: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
}

export class Compose {
  readonly version: string;
  readonly #argv: readonly string[];

  constructor(argv: readonly string[], version: string) {
    this.#argv = argv;
    this.version = version;
  }

  /** Of those that run. */
  async running(): Promise<ReadonlySet<string>> {
    return new Set((await this.#ask('listing the services', [...ALL, 'ps', '--services', '--status', 'running'])).split('\n').filter((line) => line !== ''));
  }

  /** Returns when all are healthy. What this has started and is not is removed again. */
  async up(services: readonly string[], again: boolean): Promise<void> {
    const before = await this.running();
    const argv = ['up', '--detach', '--wait', '--wait-timeout', String(HEALTHY_WITHIN_S), ...(again ? ['--force-recreate'] : []), ...services];
    const { code, stderr } = await this.#run(argv, UP_WITHIN_MS);
    if (code === 0) return;
    const failure = await this.#failureOf(stderr);
    const started = services.filter((service) => !before.has(service));
    // Its own failure would say less than the one that there is.
    if (before.size === 0) await this.#run([...ALL, 'down'], DOWN_WITHIN_MS);
    else if (started.length > 0) await this.#run(['rm', '--stop', '--force', ...started], DOWN_WITHIN_MS);
    throw failure;
  }

  /** Everything of the project, whatever its profile. */
  async down(volumes: boolean): Promise<void> {
    await this.#ask('stopping the services', [...ALL, 'down', '--remove-orphans', ...(volumes ? ['--volumes'] : [])], DOWN_WITHIN_MS);
  }

  /** Where a port of a service is published: 'http://127.0.0.1:8086'. */
  async url(service: string, port: number): Promise<string> {
    return `http://${(await this.#ask(`looking for the port of ${service}`, ['port', service, String(port)])).trim()}`;
  }

  async #failureOf(stderr: string): Promise<LabError> {
    const service = unhealthyService(stderr);
    if (service === null) return composeFailure(stderr, 'starting the services');
    const logs = await this.#run(['logs', '--no-log-prefix', '--no-color', '--tail', '20', service], CALL_WITHIN_MS).catch(() => null);
    const said = wordsOf(logs?.stdout ?? '');
    return new LabError('machine-lacks', `${service} does not become healthy${said === undefined ? '' : `; it said: ${said}`}`, 'lab up again, or docker compose up without --detach, shows all that it says');
  }

  async #ask(doing: string, argv: readonly string[], withinMs: number = CALL_WITHIN_MS): Promise<string> {
    const { code, stdout, stderr } = await this.#run(argv, withinMs);
    if (code !== 0) throw composeFailure(stderr, doing);
    return stdout;
  }

  #run(argv: readonly string[], withinMs: number): Promise<Ended> {
    return run([...this.#argv, '--ansi', 'never', '--progress', 'plain', ...argv], withinMs);
  }
}

/** Its last line about what is wrong, else its last; undefined: none. */
function wordsOf(logs: string): string | undefined {
  const lines = logs.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return (lines.findLast((line) => /error|fail|cannot|denied|fatal|no such/i.test(line)) ?? lines.at(-1))?.slice(0, MOST_SAID_CHARS);
}

/** 'container consensus-lab-grafana-1 is unhealthy', or has exited; null: it failed otherwise. */
export function unhealthyService(stderr: string): string | null {
  const [, service = null] = /container \S*?-([a-z0-9]+)-\d+ (?:is unhealthy|exited|has no healthcheck)/.exec(stderr) ?? [];
  return service;
}

const RULES: readonly { readonly when: RegExp; readonly failure: (found: RegExpExecArray, line: string) => LabError }[] = [
  {
    when: /(\d+\.\d+\.\d+\.\d+:\d+).*?(?:address already in use|port is already allocated|ports are not available)|Bind for (\S+) failed/,
    failure: ([, socket, bound]) => new LabError('port-in-use', `${socket ?? bound} is taken by another program`,
      'end it (ss -ltnp shows it), or choose another port: LAB_INFLUX_PORT, LAB_GRAFANA_PORT, LAB_NODE_PORT (docker-compose.yml)'),
  },
  {
    when: /not healthy after (\S+)/,
    failure: ([, after]) => new LabError('machine-lacks', `the services are not healthy after ${after}`, 'lab up again, or docker compose up without --detach, shows all that they say'),
  },
  {
    when: /pull access denied|manifest .*(?:unknown|not found)|failed to resolve|no such host|dial tcp|TLS handshake|i\/o timeout|toomanyrequests/i,
    failure: (_found, line) => new LabError('machine-lacks', `an image cannot be pulled: ${line}`, 'docker compose pull tries again; docker-compose.override.yml can name images that are here'),
  },
  {
    when: /pool overlaps/i,
    failure: () => new LabError('port-in-use', 'another network has addresses of the nodes', 'choose another /24 by its first three numbers: LAB_CLUSTER_NET=198.19.249'),
  },
];

export function composeFailure(stderr: string, doing: string): LabError {
  const line = stderr.split('\n').findLast((text) => !PROGRESS.test(text))?.trim() ?? 'it says nothing';
  for (const { when, failure } of RULES) {
    const found = when.exec(line);
    if (found !== null) return failure(found, line);
  }
  return dockerFailure({ message: line.replace(/^Error response from daemon: /, '') }, { doing, url: process.env['DOCKER_HOST'] ?? 'its usual place' });
}
