// The sink `influx` against real servers: what is written is acknowledged and read back, to the nanosecond; a replay changes
// nothing; live points are replaced by exact ones; and what a server refuses is told in one line.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readEvents } from '../orchestrator/cli/event-file.ts';
import type { Plan, Summary } from '../orchestrator/kinds.ts';
import { Aggregator, commonTags } from '../orchestrator/sinks/aggregator.ts';
import { MEASUREMENTS } from '../orchestrator/sinks/measurements.ts';
import type { Point } from '../orchestrator/sinks/points.ts';
import { InfluxServer, type InfluxVersion, skipsInflux } from './influx-server.ts';
import { recordRun } from './recorded-run.ts';
import { ROOT } from './tree.ts';

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
/** By measurement, tags and time. */
type Points = ReadonlyMap<string, { readonly [field: string]: unknown }>;

const SETTLE_MS = 2_000;
const INFLUX_TYPES = { float: 'float', integer: 'integer', text: 'string', boolean: 'boolean' } as const;
const place = mkdtempSync(join(tmpdir(), 'lab-influx-runs-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

function lab(argv: readonly string[], env: { readonly [name: string]: string }): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, 'orchestrator/cli/main.ts'), ...argv], { cwd: ROOT, env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text: Buffer) => { stdout += text.toString(); });
    child.stderr.on('data', (text: Buffer) => { stderr += text.toString(); });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

function keyOf(measurement: string, tags: { readonly [name: string]: string }, time: string): string {
  return [measurement, ...Object.entries(tags).filter(([, value]) => value !== '').map(([name, value]) => `${name}=${value}`).sort(), time].join('|');
}

/** RFC 3339 as InfluxDB writes it: without zeros at the end. */
function timeOf(startedAtMs: number, atNs: number): string {
  const ns = BigInt(startedAtMs) * 1_000_000n + BigInt(atNs);
  const second = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const fraction = String(ns % 1_000_000_000n).padStart(9, '0').replace(/0+$/, '');
  return `${second}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** What the run's files say is to be there. */
function expectedOf(folder: string): { readonly run: string; readonly points: Points } {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const plan = read('plan.json') as Plan;
  const { startedAt, lab, cpu, os } = read('environment.json') as {
    readonly startedAt: string; readonly lab: { readonly version: string; readonly revision: string | null; readonly modified: boolean | null };
    readonly cpu: { readonly model: string; readonly cores: number }; readonly os: { readonly kernel: string };
  };
  const startedAtMs = Date.parse(startedAt);
  const facts = {
    run: `${plan.label}-${plan.runner}-${plan.repetition}-${startedAt.replaceAll(/[-:.]/g, '')}`, startedAtMs, folder: folder.split('/').slice(-2).join('/'),
    ...lab, machine: `${cpu.model}, ${cpu.cores} cores, kernel ${os.kernel}`,
  };
  const points = new Map<string, Point['fields']>();
  const aggregator = new Aggregator(plan, facts, false, ({ measurement, tags, atNs, fields }) => {
    const key = keyOf(measurement, { ...commonTags(plan, facts), ...tags }, timeOf(startedAtMs, atNs));
    expect(points.has(key), `two points ${key}`).toBe(false);
    points.set(key, fields);
  });
  for (const event of readEvents(join(folder, 'events.ndjson'))) aggregator.observe(event);
  aggregator.finish(read('summary.json') as Summary);
  return { run: facts.run, points };
}

async function readBack(server: InfluxServer, run: string): Promise<Points> {
  const points = new Map<string, { [field: string]: unknown }>();
  for (const { name } of MEASUREMENTS) {
    for (const { tags = {}, columns, values } of await server.query(`SELECT * FROM "${name}" WHERE "run" = '${run}' GROUP BY *`)) {
      for (const [time, ...row] of values) {
        points.set(keyOf(name, tags, String(time)), Object.fromEntries(row.flatMap((value, index) => (value === null ? [] : [[columns[index + 1] as string, value]]))));
      }
    }
  }
  return points;
}

describe.each(['1.x', '2.7'] as const satisfies readonly InfluxVersion[])('InfluxDB %s', (version) => {
  describe.skipIf(skipsInflux(version, 'the sink influx'))('really', () => {
    let server: InfluxServer;
    const folder = join(place, version, 'recorded');
    beforeAll(async () => {
      server = await InfluxServer.start(version);
      await recordRun(folder);
    });
    afterAll(() => server?.stop());

    test('what a replay writes is read back, field by field and nanosecond by nanosecond, and again the same', async () => {
      const { run, points } = expectedOf(folder);
      expect(points.size).toBeGreaterThan(60);
      expect(await lab(['replay', folder, '--sink', 'influx'], server.env)).toMatchObject({ code: 0, stderr: '' });
      const first = await readBack(server, run);
      expect(first).toEqual(points);
      expect(await lab(['replay', folder, '--sink', 'influx'], server.env)).toMatchObject({ code: 0 });
      expect(await readBack(server, run)).toEqual(first);
    });

    test('fields have the types of the table', async () => {
      const types = new Map(MEASUREMENTS.map(({ name, fields }) => [name, new Map(fields.map((field) => [field.name, INFLUX_TYPES[field.type]]))]));
      const series = await server.query('SHOW FIELD KEYS');
      expect(series.length).toBeGreaterThan(8);
      for (const { name, values } of series) for (const [field, type] of values) expect([name, field, type]).toEqual([name, field, types.get(name)?.get(String(field))]);
    });

    test('a run on real processes is there while it goes, and exactly when it has ended; it says where', async () => {
      const out = join(place, version, 'out');
      const short = ['run.warmup=1s', 'run.measure=7s', 'load.timeout=2s', `run.settle=${SETTLE_MS}ms`].flatMap((value) => ['--set', value]);
      const running = lab(['run', 'raft', '--wan', 'lan', '--nodes', '3', '--rate', '40/s', '--on', 'local', '--fault', 'crash:leader@2s,for=1s', '--out', out, '--sink', 'influx', ...short], server.env);
      const ended = new AbortController();
      void running.then(() => ended.abort());
      let live = new Set<string>();
      while (!ended.signal.aborted) {
        await sleep(200);
        const series = await server.query('SHOW SERIES WHERE "runner" = \'local\'');
        const known = await server.query('SELECT "ended" FROM "run" WHERE "runner" = \'local\'');
        // What it writes when it has ended cannot come before its measure window is over; `ended` has the settle phase in it.
        const overMs = Number(known[0]?.values[0]?.[1] ?? 0) - SETTLE_MS;
        if (Date.now() < overMs) live = new Set([...live, ...series.flatMap(({ values }) => values.map(([key]) => String(key).split(',')[0] as string))]);
      }
      const { code, stdout, stderr } = await running;
      // 2: too busy a machine to measure on.
      expect([0, 2], stderr).toContain(code);
      expect(stderr).not.toContain('warning');
      expect(live).toEqual(new Set(MEASUREMENTS.flatMap((measurement) => (measurement.live ? [measurement.name] : []))));
      const [experiment = ''] = readdirSync(out);
      const { run, points } = expectedOf(join(out, experiment, 'raft-local-1'));
      expect(await readBack(server, run)).toEqual(points);
      expect(stdout).toContain(`influx: raft on local: http://127.0.0.1:3000/d/lab-run?var-run=${run}&from=`);
    });

    test.each(refusedOf(version))('$what costs a run one line', async ({ env, line }) => {
      if (version === '1.x') await server.query('CREATE DATABASE "norp" WITH NAME "other"');
      const out = join(place, version, 'refused');
      const { code, stderr } = await lab(['run', 'raft', 'paxos', '--nodes', '3', '--wan', 'lan', '--set', 'run.warmup=1s', '--set', 'run.measure=1s', '--out', out, '--sink', 'influx'], { ...server.env, ...env });
      expect(code).toBe(0);
      const warnings = stderr.split('\n').filter((text) => text.includes('warning'));
      expect(warnings).toEqual([expect.stringMatching(line)]);
      expect(warnings[0]).toContain(`the files are whole: lab replay ${out}/`);
    });

    // Of a database of its own, which a 2.7 would need a bucket for.
    if (version === '1.x') test('points whose field has another type there are told, and how many were taken', async () => {
      await server.query('CREATE DATABASE "types"');
      // In the shard of the run: there a field has one type.
      const { startedAt } = JSON.parse(readFileSync(join(folder, 'environment.json'), 'utf8')) as { readonly startedAt: string };
      const other = `cost,run=other,experiment=e,protocol=p,runner=r messages="text" ${BigInt(Date.parse(startedAt)) * 1_000_000n}`;
      expect((await fetch(`${server.url}/write?db=types&rp=autogen`, { method: 'POST', body: other })).status).toBe(204);
      const { code, stderr } = await lab(['replay', folder, '--sink', 'influx'], { ...server.env, LAB_INFLUX_DB: 'types' });
      expect(code).toBe(4);
      expect(stderr).toMatch(/^error: .* refuses the points \(400: .*field type conflict.*\), after 0 of \d+ points\n {2}hint: .*LAB_INFLUX_DB.*lab replay/);
    });

    test('a run folder without events is refused in one line', async () => {
      const bare = join(place, version, 'bare');
      await recordRun(bare);
      writeFileSync(join(bare, 'events.ndjson'), '');
      expect(await lab(['replay', bare, '--sink', 'influx'], server.env)).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: .*bare holds no events: there is nothing to write\n {2}hint: .*\n$/) as string });
      rmSync(join(bare, 'events.ndjson'));
      expect(await lab(['replay', bare, '--sink', 'influx'], server.env)).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: .*events.ndjson is missing\n {2}hint: .*\n$/) as string });
    });
  });
});

type Refused = { readonly what: string; readonly env: { readonly [name: string]: string }; readonly line: RegExp };

/** 1.x without users knows no token. */
function refusedOf(version: InfluxVersion): readonly Refused[] {
  const database: Refused = { what: 'a database that is not there', env: { LAB_INFLUX_DB: 'nope' }, line: /has no database or bucket nope \(404: .*\) \(make it/ };
  if (version === '1.x') return [database, { what: 'no retention policy', env: { LAB_INFLUX_DB: 'norp' }, line: /norp .* has no retention policy autogen \(500: .*CREATE RETENTION POLICY/ }];
  return [
    database,
    { what: 'a wrong token', env: { LAB_INFLUX_TOKEN: 'wrong' }, line: /refuses the token \(401: .*LAB_INFLUX_TOKEN/ },
    { what: 'no token', env: { LAB_INFLUX_TOKEN: '' }, line: /refuses a write without a token \(401: .*LAB_INFLUX_TOKEN/ },
  ];
}
