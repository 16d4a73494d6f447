// The sink `influx` before servers that fail in every way there is: one line with the remedy, never a run, and what is
// written is counted.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { planWith, put, Stream } from '../../../test/event-stream.ts';
import { recordRun } from '../../../test/recorded-run.ts';
import { PROTOCOLS } from '../../../node/registry.ts';
import { BUILTINS } from '../../builtins.ts';
import { LabError } from '../../errors.ts';
import { judge } from '../../judge.ts';
import type { LabEvent, Summary } from '../../kinds.ts';
import { influx } from '../sinks/influx.ts';
import { openSinks } from '../sinks/open.ts';
import { replayFolders } from '../replay.ts';
import { InfluxClient } from './client.ts';

type Answer = { readonly status: number; readonly body?: string; readonly date?: string } | 'hang' | 'break';
type Asked = { readonly path: string; readonly authorization: string | undefined; readonly lines: readonly string[] };

const FINE: Answer = { status: 204 };
let folder = '';
let server: http.Server;
let asked: Asked[];
/** How many requests were answered before this one. */
let answer: (count: number) => Answer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lab-fake-'));
  writeFileSync(join(folder, 'environment.json'), JSON.stringify({ startedAt: '2026-01-02T03:04:05.678Z', lab: { version: '0', revision: null, modified: null } }));
  asked = [];
  answer = () => FINE;
  server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => { text += part.toString(); });
    request.on('end', () => {
      asked.push({ path: request.url ?? '', authorization: request.headers.authorization, lines: text.split('\n') });
      const to = answer(asked.length - 1);
      if (to === 'hang') return;
      if (to === 'break') {
        request.socket.destroy();
        return;
      }
      response.writeHead(to.status, { 'Content-Type': 'application/json', ...(to.date === undefined ? {} : { Date: to.date }) });
      response.end(to.body ?? '');
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  vi.stubEnv('LAB_INFLUX_URL', urlOf());
  for (const name of ['LAB_INFLUX_DB', 'LAB_INFLUX_TOKEN', 'LAB_INFLUX_TOKEN_FILE', 'LAB_GRAFANA_URL']) vi.stubEnv(name, '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((resolve) => { server.close(resolve); });
  rmSync(folder, { recursive: true });
});

function urlOf(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const plan = planWith();
const { events } = new Stream().at(1).status('n1', { role: 'leader', leader: 'n1' }).at(100).invoke('c1:1', put('k', 'a')).at(150).ok('c1:1', 1).at(2000).clock('n1', 0.5);

function summaryOf(events: readonly LabEvent[]): Summary {
  const [protocol] = PROTOCOLS;
  const [workload] = BUILTINS.workloads;
  if (protocol === undefined || workload === undefined) throw new Error('nothing is registered');
  const judgement = judge(plan, { protocol, workload, checks: [] });
  for (const event of events) judgement.observe(event);
  return judgement.finish(true);
}

/** The warnings that a run would show. */
async function run(): Promise<readonly string[]> {
  const warnings: string[] = [];
  const sinks = await openSinks([influx], plan, folder, (text) => warnings.push(text));
  for (const event of events) sinks.write(event);
  await sinks.close(summaryOf(events));
  return warnings;
}

const points = () => asked.flatMap(({ lines }) => lines).filter((line) => line !== '' && !line.startsWith('#'));

test('a server that is there gets every point by the path of 1.x and 2.x, with whole nanoseconds', async () => {
  expect(await run()).toEqual([]);
  expect(new Set(asked.map(({ path }) => path))).toEqual(new Set(['/write?db=lab&precision=ns&rp=autogen']));
  expect(points()).toContain('node,experiment=test,node=n1,protocol=raft,region=n1,run=raft-sim-0-20260102T030405678Z,runner=sim clock_error_ms=0.5 1767323047678000000');
  expect(points()).toContain('commits,experiment=test,protocol=raft,region=all,run=raft-sim-0-20260102T030405678Z,runner=sim sent=1i,ok=1i,failed=0i,unknown=0i,unavailable=0i,p50=50,p90=50,p99=50,p99_9=50,max=50 1767323045678000000');
});

test.each([
  ['a token', { LAB_INFLUX_TOKEN: 'abc' }, 'Token abc'],
  ['user and password of 1.x', { LAB_INFLUX_TOKEN: 'me:secret' }, `Basic ${Buffer.from('me:secret').toString('base64')}`],
] as const)('%s is sent with each request, and is in no file and no line', async (_, env, header) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  answer = (count) => (count === 0 ? FINE : { status: 500, body: '{"error":"engine"}' });
  const warnings = await run();
  expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([header]));
  expect(warnings.join()).not.toContain(env.LAB_INFLUX_TOKEN);
});

test('a token is read from a file', async () => {
  writeFileSync(join(folder, 'token'), 'from-a-file\n');
  vi.stubEnv('LAB_INFLUX_TOKEN_FILE', join(folder, 'token'));
  await run();
  expect(asked[0]?.authorization).toBe('Token from-a-file');
});

describe('each failure is one line with its remedy, and how to send the points later', () => {
  const later = () => `the files are whole: lab replay ${join(folder, '..')} --sink influx)`;

  test.each([
    ['a wrong token', { status: 401, body: '{"code":"unauthorized","message":"unauthorized access"}' }, /refuses a write without a token \(401: unauthorized access\) \(set LAB_INFLUX_TOKEN/],
    ['no such database', { status: 404, body: '{"error":"database not found: \\"lab\\""}' }, /has no database or bucket lab \(404/],
    ['no such bucket', { status: 404, body: '{"code":"not found","message":"no dbrp mapping found"}' }, /has no database or bucket lab \(404/],
    ['no retention policy', { status: 500, body: '{"error":"retention policy not found: autogen"}' }, /has no retention policy autogen/],
    ['a full disk', { status: 500, body: '{"error":"write /var/wal/1.wal: no space left on device"}' }, /the disk of .* is full \(500: write .*\) \(make room there/],
    ['a server error', { status: 503, body: 'Service\nUnavailable' }, /fails \(503: Service Unavailable\) \(its log says why/],
    ['something else', { status: 200, body: '<html>hello</html>' }, /what answers at .* is no InfluxDB \(200: <html>hello<\/html>\) \(set LAB_INFLUX_URL/],
    ['a broken connection', 'break', /InfluxDB at .* cannot be reached \(\w+\) \(start it/],
    ['no answer', 'hang', /does not answer in time/],
  ] as const satisfies readonly (readonly [string, Answer, RegExp])[])('%s at the begin', async (_, to, line) => {
    answer = () => to;
    const warnings = await run();
    expect(warnings).toEqual([expect.stringMatching(line)]);
    expect(warnings[0]).toMatch(/^warning: the sink influx is left out: [^\n]*$/);
    expect(warnings[0]).toContain(later());
    expect(points()).toEqual([]);
  });

  test.each([
    ['a token that ends', { status: 401, body: '{"message":"unauthorized access"}' }, 1, /refuses a write without a token .*after 0 of \d+ points/],
    ['a full disk', { status: 500, body: '{"error":"no space left on device"}' }, 3, /the disk of .* is full .*after 0 of \d+ points/],
    ['a server that is gone', 'break', 3, /cannot be reached .*after 0 of \d+ points/],
  ] as const satisfies readonly (readonly [string, Answer, number, RegExp])[])('%s in the middle', async (_, to, attempts, line) => {
    answer = (count) => (count === 0 ? FINE : to);
    const warnings = await run();
    expect(warnings).toEqual([expect.stringMatching(line)]);
    expect(warnings[0]).toContain(later());
    expect(asked).toHaveLength(1 + attempts);
  });

  test('a bug is not taken for a server that is gone', async () => {
    vi.spyOn(InfluxClient.prototype, 'write').mockRejectedValue(new ReferenceError('lines is not defined'));
    expect(await run()).toEqual(['warning: the sink influx is left out: lines is not defined']);
    vi.restoreAllMocks();
  });

  test('nothing listens', async () => {
    const url = urlOf();
    await new Promise((resolve) => { server.close(resolve); });
    expect(await run()).toEqual([expect.stringContaining(`InfluxDB at ${url} cannot be reached (ECONNREFUSED) (start it`)]);
  });

  test('a server that comes back within two seconds costs nothing', async () => {
    answer = (count) => (count === 1 ? 'break' : FINE);
    expect(await run()).toEqual([]);
  });
});

test.each([
  ['LAB_INFLUX_URL', 'influx.example', /LAB_INFLUX_URL: "influx\.example" is no http/],
  ['LAB_INFLUX_URL', 'http://me:secret@127.0.0.1', /LAB_INFLUX_URL: it holds a password/],
  ['LAB_INFLUX_URL', 'http://127.0.0.1/?db=lab', /LAB_INFLUX_URL: it ends with a query/],
  ['LAB_INFLUX_DB', 'a b', /LAB_INFLUX_DB: "a b" is no name/],
  ['LAB_INFLUX_TOKEN', 'a b', /the token of LAB_INFLUX_TOKEN holds a space/],
  ['LAB_INFLUX_TOKEN_FILE', '/nowhere/token', /LAB_INFLUX_TOKEN_FILE: \/nowhere\/token cannot be read \(ENOENT\)/],
  ['LAB_GRAFANA_URL', 'grafana', /LAB_GRAFANA_URL: "grafana" is no http/],
])('%s=%s is refused', async (name, value, line) => {
  vi.stubEnv(name, value);
  const warnings = await run();
  expect(warnings).toEqual([expect.stringMatching(line)]);
  expect(warnings[0]).not.toContain('secret');
});

test('a clock of the server that is off is told, and no error', async () => {
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  answer = () => ({ status: 204, date: new Date(Date.now() + 3_600_000).toUTCString() });
  expect(await run()).toEqual([]);
  expect(said.filter((text) => text.includes('clock'))).toEqual([expect.stringMatching(/^warning: the clock of http:.* is (3599|3600|3601) s ahead of this machine's: .*\n$/)]);
});

test('live points go while the run goes; none comes after the exact ones', async () => {
  const sink = await influx.open(plan, folder);
  for (const event of events) sink.live?.(event);
  await vi.waitFor(() => expect(points().some((line) => line.includes('state="running"'))).toBe(true));
  for (const event of events) sink.write(event);
  await sink.close(summaryOf(events));
  expect(points().findLast((line) => line.startsWith('run,'))).toContain('state="partial"');
  expect(sink.view?.()).toBe('http://127.0.0.1:3000/d/lab-run?var-run=raft-sim-0-20260102T030405678Z&from=1767323044678&to=1767323048678');
});

test('a replay that fails ends with an error, and one that succeeds sends the same again', async () => {
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  await recordRun(folder);
  const flags = { plugin: [], sink: ['influx'], json: false };
  answer = (count) => (count === 0 ? FINE : { status: 500, body: '{"error":"engine"}' });
  await expect(replayFolders([folder], flags, { requested: false })).rejects.toThrow(LabError);
  answer = () => FINE;
  asked = [];
  expect(await replayFolders([folder], flags, { requested: false })).toBe(0);
  const first = points();
  asked = [];
  expect(await replayFolders([folder], flags, { requested: false })).toBe(0);
  expect(first.length).toBeGreaterThan(60);
  expect(points()).toEqual(first);
});
