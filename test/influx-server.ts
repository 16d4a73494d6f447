// Real InfluxDB servers for tests, each on 127.0.0.1 with a folder of its own: Debian's 1.x, and 2.7 where it has been built
// (SERVERS_CACHE, or the folder lab-servers of the user's cache).
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const DEBIAN = '/usr/bin/influxd';
const BUILT = join(process.env['SERVERS_CACHE'] ?? join(homedir(), '.cache/lab-servers'), 'influxd');
const READY_WITHIN_MS = 30_000;
const DATABASE = 'lab';
const TOKEN = 'a-token-of-the-tests';

export type InfluxVersion = '1.x' | '2.7';
/** Rows of one series; times in RFC 3339 with nanoseconds. */
export type Series = { readonly name: string; readonly tags?: { readonly [name: string]: string }; readonly columns: readonly string[]; readonly values: readonly (readonly unknown[])[] };

/** Whether to skip what needs this server, said with its reason. LAB_REQUIRE=influx (1.x) or influx2: it is run, and fails. */
export function skipsInflux(version: InfluxVersion, what: string): boolean {
  const required = (process.env['LAB_REQUIRE'] ?? '').split(',').includes(version === '1.x' ? 'influx' : 'influx2');
  const missing = !existsSync(version === '1.x' ? DEBIAN : BUILT);
  if (missing && !required) console.log(`skipped: ${what} on InfluxDB ${version} (there is no ${version === '1.x' ? `${DEBIAN}; apt-get install influxdb` : BUILT})`);
  return missing && !required;
}

export class InfluxServer {
  readonly url: string;
  /** '' on 1.x. */
  readonly token: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #said = '';

  private constructor(version: InfluxVersion, folder: string, port: number, otherPort: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.token = version === '1.x' ? '' : TOKEN;
    this.#folder = folder;
    const argv = version === '1.x' ? ['-config', configFile(folder, port, otherPort)] : [
      '--bolt-path', join(folder, 'i.bolt'), '--sqlite-path', join(folder, 'i.sqlite'), '--engine-path', join(folder, 'engine'), '--http-bind-address', `127.0.0.1:${port}`, '--reporting-disabled',
    ];
    this.#child = spawn(version === '1.x' ? DEBIAN : BUILT, argv, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (text: Buffer) => { this.#said = (this.#said + text.toString()).slice(-2_000); });
    this.#child.on('error', (error) => { this.#said = error.message; });
  }

  /** With the database, or the bucket, `lab`. */
  static async start(version: InfluxVersion): Promise<InfluxServer> {
    const server = new InfluxServer(version, mkdtempSync(join(tmpdir(), 'lab-influx-')), await freePort(), await freePort());
    await server.#ready();
    if (version === '1.x') await server.query(`CREATE DATABASE "${DATABASE}"`);
    else {
      const body = JSON.stringify({ username: 'tests', password: 'only-for-tests', org: 'lab', bucket: DATABASE, token: TOKEN });
      const { ok, status } = await fetch(`${server.url}/api/v2/setup`, { method: 'POST', body });
      if (!ok) throw new Error(`InfluxDB's setup answers ${status}`);
    }
    return server;
  }

  /** What a lab needs to write there. */
  get env(): { readonly [name: string]: string } {
    return { LAB_INFLUX_URL: this.url, LAB_INFLUX_DB: DATABASE, LAB_INFLUX_TOKEN: this.token, LAB_INFLUX_TOKEN_FILE: '' };
  }

  async query(q: string): Promise<readonly Series[]> {
    const response = await fetch(`${this.url}/query?db=${DATABASE}`, {
      method: 'POST', body: new URLSearchParams({ q }), headers: this.token === '' ? {} : { Authorization: `Token ${this.token}` },
    });
    // 1.x has `error` for what it cannot parse, 2.x `message`.
    const { results = [], error, message } = await response.json() as { readonly results?: readonly { readonly series?: readonly Series[]; readonly error?: string }[]; readonly error?: string; readonly message?: string };
    const failed = error ?? message ?? results.find((result) => result.error !== undefined)?.error;
    if (failed !== undefined) throw new Error(`${q}: ${failed}`);
    return results.flatMap(({ series = [] }) => series);
  }

  /** No process and no file is left. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => { this.#child.once('exit', resolve); });
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    for (const deadline = performance.now() + READY_WITHIN_MS; performance.now() < deadline; await sleep(100)) {
      const answer = await fetch(`${this.url}/ping`).catch(() => null);
      if (answer?.status === 204) return;
      if (this.#child.exitCode !== null) break;
    }
    await this.stop();
    throw new Error(`InfluxDB did not start: ${this.#said}`);
  }
}

function configFile(folder: string, port: number, otherPort: number): string {
  const path = join(folder, 'influxdb.conf');
  writeFileSync(path, `reporting-disabled = true
bind-address = "127.0.0.1:${otherPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[monitor]
  store-enabled = false
`);
  return path;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}
