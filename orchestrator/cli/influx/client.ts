// The one file that knows @influxdata/influxdb-client. Its traps: what it flushes by itself nobody waits for, so it gets one
// chunk at a time, smaller than its batch, and is flushed; it retries and logs by itself, so it is told not to; a timestamp
// that is a number loses its nanoseconds; 1.x refuses unsigned integers. The old path serves 1.x and 2.x alike.
import http from 'node:http';
import https from 'node:https';
import { escape, HttpError, InfluxDB, setLogger, type WriteApi } from '@influxdata/influxdb-client';
import { assert } from '../../../node/assert.ts';
import { LabError } from '../../errors.ts';
import { type FieldType, MEASUREMENTS } from '../../sinks/measurements.ts';
import type { Point, Tags } from '../../sinks/points.ts';
import type { InfluxSettings } from './settings.ts';

/** Lines in one request. */
export const CHUNK_LINES = 5_000;
/** The one of 1.x's new databases, and of the mapping by which 2.x serves a bucket as a database. */
const RETENTION_POLICY = 'autogen';
const WRITE_WITHIN_MS = 10_000;
const CHECK_WITHIN_MS = 3_000;
/** Accepted and without effect: tells whether a write would be. */
const NOTHING = '# consensus-lab';

const TYPES = new Map(MEASUREMENTS.map(({ name, fields }) => [name, new Map(fields.map((field) => [field.name, field.type]))]));

export class InfluxClient {
  readonly #settings: InfluxSettings;
  readonly #api: WriteApi;
  readonly #agent: http.Agent;
  readonly #path: string;
  #acknowledged = 0;

  constructor(settings: InfluxSettings) {
    this.#settings = settings;
    const { url, database, token } = settings;
    const Agent = url.startsWith('https:') ? https.Agent : http.Agent;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    setLogger({ error: () => undefined, warn: () => undefined });
    const client = new InfluxDB({ url, timeout: WRITE_WITHIN_MS, transportOptions: { agent: this.#agent }, ...authorizationOf(token) });
    this.#api = client.getWriteApi('', database, 'ns', {
      batchSize: CHUNK_LINES + 1, flushInterval: 0, maxRetries: 0, gzipThreshold: Number.MAX_SAFE_INTEGER,
      writeFailed: (error) => Promise.reject(error),
      writeSuccess: (lines) => { this.#acknowledged += lines.length; },
    });
    this.#path = `/write?${new URLSearchParams({ db: database, precision: 'ns', rp: RETENTION_POLICY }).toString()}`;
    this.#api.path = this.#path;
  }

  /** Of the lines of every write() that the server has taken. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Rejects with a LabError when a write would fail. Returns the server's clock minus ours, in whole seconds; null: it does not say. */
  async check(): Promise<number | null> {
    const { url, token } = this.#settings;
    const { headers = {} } = authorizationOf(token);
    try {
      const response = await fetch(`${url}${this.#path}`, {
        method: 'POST', body: NOTHING, redirect: 'manual', signal: AbortSignal.timeout(CHECK_WITHIN_MS),
        headers: { ...headers, ...(token === null || 'Authorization' in headers ? {} : { Authorization: `Token ${token}` }) },
      });
      const text = await response.text();
      if (response.status !== 204) throw this.#refusal(response.status, messageOf(text));
      const date = Date.parse(response.headers.get('date') ?? '');
      return Number.isNaN(date) ? null : Math.round((date - Date.now()) / 1000);
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** At most CHUNK_LINES; resolves when the server has acknowledged them, rejects with what the client throws. */
  async write(lines: readonly string[]): Promise<void> {
    assert(lines.length <= CHUNK_LINES, `${lines.length} lines are more than a chunk`);
    const before = this.#acknowledged;
    this.#api.writeRecords([...lines]);
    await this.#api.flush();
    assert(this.#acknowledged - before === lines.length, `InfluxDB acknowledged ${this.#acknowledged - before} of ${lines.length} lines`);
  }

  close(): void {
    this.#api.dispose();
    this.#agent.destroy();
  }

  /** In one line, with the remedy. Throws what is no failure of the server or of the way to it: a bug must not look like one. */
  failure(error: unknown): LabError {
    if (error instanceof LabError) return error;
    if (error instanceof HttpError) return this.#refusal(error.statusCode ?? 0, messageOf(error.body ?? error.message));
    const { url } = this.#settings;
    const code = codeOf(error);
    if (code === null) throw error;
    if (code === 'timeout') return new LabError('machine-lacks', `${url} does not answer in time`, 'look at the server, or set LAB_INFLUX_URL', error);
    return new LabError('machine-lacks', `InfluxDB at ${url} cannot be reached (${code})`, 'start it, or set LAB_INFLUX_URL', error);
  }

  #refusal(status: number, said: string): LabError {
    const { url, database, token } = this.#settings;
    const words = said === '' ? String(status) : `${status}: ${said}`;
    if (status === 401 || status === 403) {
      return new LabError('machine-lacks', `${url} refuses ${token === null ? 'a write without a token' : 'the token'} (${words})`, `set LAB_INFLUX_TOKEN or LAB_INFLUX_TOKEN_FILE to one that may write to ${database}`);
    }
    if (said.includes('retention policy not found')) {
      return new LabError('machine-lacks', `the database ${database} at ${url} has no retention policy ${RETENTION_POLICY} (${words})`, `CREATE RETENTION POLICY "${RETENTION_POLICY}" ON "${database}" DURATION INF REPLICATION 1`);
    }
    if (status === 404 && /database not found|dbrp mapping|bucket/.test(said)) {
      return new LabError('machine-lacks', `${url} has no database or bucket ${database} (${words})`, `make it (1.x: CREATE DATABASE "${database}"; 2.x: influx bucket create --name ${database}), or set LAB_INFLUX_DB`);
    }
    if (/no space left/.test(said)) return new LabError('machine-lacks', `the disk of ${url} is full (${words})`, 'make room there');
    if (status >= 500 || status === 429) return new LabError('machine-lacks', `${url} fails (${words})`, 'its log says why');
    if (status === 400 || status === 413 || status === 422) return new LabError('machine-lacks', `${url} refuses the points (${words})`, `another lab may have written other types: use a new database (LAB_INFLUX_DB)`);
    return new LabError('machine-lacks', `what answers at ${url} is no InfluxDB (${words})`, 'set LAB_INFLUX_URL');
  }
}

/** Of 1.x: user:password. The client knows tokens only. */
function authorizationOf(token: string | null): { readonly token?: string; readonly headers?: { readonly [name: string]: string } } {
  if (token === null) return {};
  return token.includes(':') ? { headers: { Authorization: `Basic ${Buffer.from(token).toString('base64')}` } } : { token };
}

/** What 1.x (error) and 2.x (message) say, in one line. */
function messageOf(body: string): string {
  let said = body;
  try {
    const { error, message } = JSON.parse(body) as { readonly error?: unknown; readonly message?: unknown };
    if (typeof error === 'string') said = error;
    else if (typeof message === 'string') said = message;
  } catch {
    // Some proxy's page.
  }
  return said.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim().slice(0, 200);
}

/** timeout, or the code of the system, of Node.js or of undici; null: neither the server nor the network said this. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === 'TimeoutError' || error.name === 'RequestTimedOutError' || error.name === 'AbortError') return 'timeout';
  const { code } = error as NodeJS.ErrnoException;
  return code ?? codeOf(error.cause);
}

/** true: the same write may succeed a moment later. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof HttpError)) return codeOf(error) !== null;
  return error.statusCode === 429 || (error.statusCode ?? 0) >= 500;
}

/** Line protocol. startedAtMs: Unix ms, whole, of the points' time zero. */
export function lineWriter(startedAtMs: number, common: Tags): (point: Point) => string {
  const startNs = BigInt(startedAtMs) * 1_000_000n;
  // A run has few series and many points of each.
  const series = new Map<string, string>();
  return ({ measurement, tags, atNs, fields }) => {
    const key = [measurement, ...Object.values(tags)].join('\n');
    let head = series.get(key);
    if (head === undefined) series.set(key, head = headOf(measurement, { ...common, ...tags }));
    const types = TYPES.get(measurement);
    const body = Object.entries(fields).map(([name, value]) => fieldOf(types?.get(name), name, value));
    assert(body.length > 0, `a point of ${measurement} has no field`);
    return `${head} ${body.join(',')} ${startNs + BigInt(atNs)}`;
  };
}

/** Tags without a value are left out: the database has no empty ones. */
function headOf(measurement: string, tags: Tags): string {
  const given = Object.entries(tags).filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1));
  return [escape.measurement(measurement), ...given.map(([name, value]) => `${escape.tag(name)}=${escape.tag(value)}`)].join(',');
}

function fieldOf(type: FieldType | undefined, name: string, value: Point['fields'][string]): string {
  const key = escape.tag(name);
  if (type === 'float' && typeof value === 'number') return `${key}=${value}`;
  if (type === 'integer' && Number.isSafeInteger(value)) return `${key}=${value}i`;
  if (type === 'text' && typeof value === 'string') return `${key}=${escape.quoted(value)}`;
  assert(type === 'boolean' && typeof value === 'boolean', `the field ${name} is not in the table of measurements, or is no ${type ?? 'field'}: ${String(value)}`);
  return `${key}=${value ? 'T' : 'F'}`;
}
