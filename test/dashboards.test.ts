// The boards without a server: what is committed is what the sources make, Grafana's grid and data source are respected, and
// every query asks for what the sink writes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { boardFiles, GENERATED } from '../dashboards/generate.ts';
import { MEASUREMENTS } from '../orchestrator/sinks/measurements.ts';
import { namesOf, problemsOf } from './board-rules.ts';
import { type Board, BOARDS, type Panel, readBoard } from './boards.ts';
import { ROOT } from './tree.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const names = namesOf(read('dashboards/README.md'));
const uids = new Set(BOARDS);

test('what is committed is what the sources make (npm run dashboards)', () => {
  const made = boardFiles();
  expect(Object.keys(made).sort()).toEqual(BOARDS.map((uid) => `${uid}.json`).sort());
  expect(readdirSync(GENERATED).sort()).toEqual(Object.keys(made).sort());
  for (const [file, text] of Object.entries(made)) expect(readFileSync(join(GENERATED, file), 'utf8'), file).toBe(text);
});

test('the tables of the page are read whole', () => {
  expect([...names.keys()].sort()).toEqual(MEASUREMENTS.map(({ name }) => name).sort());
  for (const { name, tags, fields } of MEASUREMENTS) expect([...names.get(name) ?? []].sort()).toEqual([...new Set(['run', 'experiment', 'protocol', 'runner', ...tags, ...fields.map((field) => field.name)])].sort());
});

test.each(BOARDS)('%s keeps the rules', (uid) => {
  expect(problemsOf(readBoard(uid), names, uids)).toEqual([]);
});

test('the boards have what the issue of dashboards asks: variables, links to each other, bands of faults', () => {
  for (const uid of BOARDS) {
    const { templating, links, annotations } = readBoard(uid);
    const variables = templating.list.map(({ name }) => name);
    expect(variables).toContain('protocol');
    if (uid === 'lab-run' || uid === 'lab-compare') expect(variables).toEqual(expect.arrayContaining(['run', 'region', 'reports']));
    expect(links.map(({ url }) => /^\/d\/([\w-]+)/.exec(url)?.[1] ?? '').sort()).toEqual(BOARDS.filter((other) => other !== uid).sort());
    if (uid === 'lab-run' || uid === 'lab-rounds') expect(annotations.list).toMatchObject([{ name: 'Faults', enable: true, target: { timeEndColumn: 'timeEnd', textColumn: 'text' } }]);
  }
});

describe('a fault that is planted is found', () => {
  const planted = (change: (panel: Panel) => Partial<Panel>, at = 1): Board => {
    const board = readBoard('lab-run');
    return { ...board, panels: board.panels.map((panel, index) => (index === at ? { ...panel, ...change(panel) } : panel)) };
  };
  const asking = (query: string) => planted((panel) => ({ targets: (panel.targets ?? []).map((target) => ({ ...target, query })) }));
  const without = (key: 'unit' | 'noValue' | 'thresholds') => planted(({ fieldConfig }) => {
    const { [key]: _, ...defaults } = fieldConfig?.defaults ?? {};
    return { fieldConfig: { defaults } };
  });
  const run = readBoard('lab-run');
  test.each<readonly [string, Board, string]>([
    ['an id twice', planted(() => ({ id: 1 })), 'p50: id 1'],
    ['outside the grid', planted(({ gridPos }) => ({ gridPos: { ...gridPos, x: 23 } })), 'p50: outside the grid'],
    ['over another', planted(({ gridPos }) => ({ gridPos: { ...gridPos, x: gridPos.x - 1 } })), 'p50: over Commits'],
    ['another data source', planted((panel) => ({ datasource: { type: 'influxdb', uid: 'mine' }, targets: panel.targets ?? [] })), 'p50: data source mine'],
    ['an Angular panel', planted(() => ({ type: 'graph' })), 'p50: the kind of panel graph'],
    ['no unit', without('unit'), 'p50: no unit'],
    ['no words for nothing', without('noValue'), 'p50: no words for no value'],
    ['no thresholds', without('thresholds'), 'p50: no thresholds'],
    ['another measurement', asking('SELECT "p50" FROM "commit" WHERE "run" =~ /^${run:regex}$/'), 'panel p50 A: measurement commit'],
    ['another field', asking('SELECT "p95" FROM "commits" WHERE "run" =~ /^${run:regex}$/'), 'panel p50 A: commits has no p95'],
    ['another tag', asking('SELECT "p50" FROM "commits" WHERE $timeFilter GROUP BY "node"'), 'panel p50 A: commits has no node'],
    ['a field without quotes', asking('SELECT mean(p50) FROM "commits"'), 'panel p50 A: the word p50'],
    ['a variable that is not there', asking('SELECT "p50" FROM "commits" WHERE "run" =~ /^${rune:regex}$/'), 'variable rune is used and not there'],
    ['a variable without use', { ...run, templating: { list: [...run.templating.list, { name: 'spare', type: 'textbox', query: '' }] } }, 'variable spare: nothing uses it'],
    ['a variable before the one it needs', { ...run, templating: { list: run.templating.list.toReversed() } }, 'variable run: uses protocol before it is there'],
    ['a link to nowhere', { ...run, links: [{ url: '/d/lab-gone' }] }, 'link to /d/lab-gone: there is no such board'],
  ])('%s', (_, board, problem) => {
    expect(problemsOf(board, names, uids)).toContain(problem);
  });
});

test('the data source is provisioned as the boards name it, with no secret in the file', () => {
  const { datasources } = parse(read('dashboards/provisioning/datasources/lab.yaml')) as { readonly datasources: readonly { readonly [key: string]: unknown }[] };
  expect(datasources).toMatchObject([{
    uid: 'lab-influx', type: 'influxdb', access: 'proxy', url: '$LAB_INFLUX_URL',
    jsonData: { version: 'InfluxQL', dbName: '$LAB_INFLUX_DB', httpMode: 'POST', timeInterval: '1s', httpHeaderName1: 'Authorization' }, secureJsonData: { httpHeaderValue1: 'Token $LAB_INFLUX_TOKEN' },
  }]);
  const { providers } = parse(read('dashboards/provisioning/dashboards/lab.yaml')) as { readonly providers: unknown };
  expect(providers).toMatchObject([{ type: 'file', options: { path: '$LAB_DASHBOARDS' } }]);
});
