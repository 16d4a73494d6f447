// Grafana 10 for tests, on 127.0.0.1 with folders of its own, provisioned from dashboards/provisioning as docker-compose does it.
// It is where ../shared/servers put it: SERVERS_CACHE, or the folder lab-servers of the user's cache.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GENERATED } from '../dashboards/generate.ts';
import { freePort } from './influx-server.ts';
import { ROOT } from './tree.ts';

const BUILT = join(process.env['SERVERS_CACHE'] ?? join(homedir(), '.cache/lab-servers'), 'grafana');
const READY_WITHIN_MS = 60_000;

/** Whether to skip what needs Grafana, said with its reason. LAB_REQUIRE=grafana: it is run, and fails. */
export function skipsGrafana(what: string): boolean {
  const missing = !existsSync(join(BUILT, 'grafana')) || !existsSync(join(BUILT, 'public/views/index.html'));
  const required = (process.env['LAB_REQUIRE'] ?? '').split(',').includes('grafana');
  if (missing && !required) console.log(`skipped: ${what} (there is no Grafana in ${BUILT})`);
  return missing && !required;
}

export class GrafanaServer {
  readonly url: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #said = '';

  private constructor(folder: string, port: number, env: { readonly [name: string]: string }) {
    this.url = `http://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#child = spawn(join(BUILT, 'grafana'), ['server', '--homepath', join(folder, 'home'), '--config', join(folder, 'grafana.ini')], { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (text: Buffer) => { this.#said = (this.#said + text.toString()).slice(-4_000); });
    this.#child.on('error', (error) => { this.#said = error.message; });
  }

  /** influx: of the sink. results: what the boards' links to reports lead to. */
  static async start(influx: { readonly [name: string]: string }, results: string): Promise<GrafanaServer> {
    const folder = mkdtempSync(join(tmpdir(), 'lab-grafana-'));
    const port = await freePort();
    makeHome(join(folder, 'home'), results);
    writeFileSync(join(folder, 'grafana.ini'), settings(folder, port));
    const { LAB_INFLUX_URL = '', LAB_INFLUX_DB = '', LAB_INFLUX_TOKEN = '' } = influx;
    const server = new GrafanaServer(folder, port, { LAB_INFLUX_URL, LAB_INFLUX_DB, LAB_INFLUX_TOKEN, LAB_DASHBOARDS: GENERATED });
    await server.#ready();
    return server;
  }

  /** An answer as JSON. */
  async get(path: string): Promise<unknown> {
    return (await fetch(`${this.url}${path}`)).json();
  }

  async post(path: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await fetch(`${this.url}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  }

  /** No process and no file is left. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => { this.#child.once('exit', resolve); });
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    for (const deadline = performance.now() + READY_WITHIN_MS; performance.now() < deadline; await sleep(200)) {
      const answer = await fetch(`${this.url}/api/health`).catch(() => null);
      if (answer?.ok === true) return;
      if (this.#child.exitCode !== null) break;
    }
    await this.stop();
    throw new Error(`Grafana did not start: ${this.#said}`);
  }
}

/** What was built, and the results where docker-compose mounts them. */
function makeHome(home: string, results: string): void {
  mkdirSync(join(home, 'public'), { recursive: true });
  for (const name of readdirSync(BUILT)) if (name !== 'public') symlinkSync(join(BUILT, name), join(home, name));
  for (const name of readdirSync(join(BUILT, 'public'))) symlinkSync(join(BUILT, 'public', name), join(home, 'public', name));
  symlinkSync(results, join(home, 'public/lab-results'));
}

/**
 * Without an admin: with one, Grafana 10 looks for the organization again by the second in which it made it, and ends where the
 * second is over.
 */
function settings(folder: string, port: number): string {
  return `[paths]
data = ${folder}/data
logs = ${folder}/logs
plugins = ${folder}/plugins
provisioning = ${join(ROOT, 'dashboards/provisioning')}
[server]
http_addr = 127.0.0.1
http_port = ${port}
[security]
angular_support_enabled = false
disable_gravatar = true
disable_initial_admin_creation = true
[auth.anonymous]
enabled = true
org_role = Viewer
[analytics]
reporting_enabled = false
check_for_updates = false
check_for_plugin_updates = false
[news]
news_feed_enabled = false
[log]
level = warn
`;
}
