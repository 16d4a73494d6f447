// Published tables: the lab's own are within their tolerances, a table that is not so is found, and bad ones are refused by name.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parsePublished } from '../orchestrator/reproduce/published.ts';

const root = join(import.meta.dirname, '..');
const own = join(root, 'experiments/published');
const folder = mkdtempSync(join(tmpdir(), 'lab-published-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
cpSync(own, folder, { recursive: true });

type Row = { readonly case: string; readonly published: number; readonly model: number; readonly set: readonly string[] };
const caspaxos = JSON.parse(readFileSync(join(own, 'caspaxos.json'), 'utf8')) as { rows: Row[] } & { readonly [field: string]: unknown };
const write = (name: string, table: unknown) => writeFileSync(join(folder, `${name}.json`), JSON.stringify(table));

function lab(...argv: readonly string[]): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'orchestrator/cli/main.ts'), 'reproduce', ...argv], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('lab reproduce', () => {
  test('finds every published value of CASPaxos within its tolerance, and within 1 % of the model', async () => {
    const { status, stdout } = await lab('caspaxos', '--on', 'sim', '--json');
    expect(status).toBe(0);
    const [table] = (JSON.parse(stdout) as { tables: { rows: (Row & { measured: number; verdict: string })[] }[] }).tables;
    expect(table?.rows.map(({ model }) => model)).toEqual([676, 716.4, 338, 43.6, 43.6, 338]);
    for (const { measured, model, verdict } of table?.rows ?? []) {
      expect(verdict).toBe('ok');
      expect(Math.abs(measured - model)).toBeLessThan(0.01 * model);
    }
  });

  test('says which row differs, and ends with 2', async () => {
    const [first, ...others] = caspaxos.rows as [Row, ...Row[]];
    write('moved', { ...caspaxos, rows: [{ ...first, published: 2 * first.published }, { ...others[4], model: 330 }, others[0]] });
    const { status, stdout } = await lab('moved', '--from', folder);
    expect(status).toBe(2);
    expect(stdout.split('\n').flatMap((line) => /(ok|DIFFERS)$/.exec(line)?.[1] ?? [])).toEqual(['DIFFERS', 'DIFFERS', 'ok']);
  });

  test('counts elections of a machine without PreVote, beside the Monte Carlo, and refuses a tolerance that so few cannot hold', async () => {
    const ongaro = JSON.parse(readFileSync(join(own, 'ongaro.json'), 'utf8')) as { rows: object[] };
    const small = { ...ongaro, repeat: 60 };
    write('elections', { ...small, rows: [{ ...ongaro.rows[0], tolerance: { published: 0.4, model: 0.2 } }, { ...ongaro.rows[0], case: 'strict', tolerance: { published: 0.15, model: 0.001 } }] });
    const page = join(folder, 'page.html');
    const { status, stdout } = await lab('elections', '--from', folder, '--page', page);
    expect(stdout).toContain('of each row 60 elections');
    expect(stdout).toMatch(/REFUSED {2}strict: chance alone moves it by ± \d+(\.\d)? %, more than the tolerance of 0\.1 % \(60 elections\)/);
    expect(stdout.split('\n').flatMap((line) => / {2}(ok|DIFFERS|REFUSED)$/.exec(line)?.[1] ?? [])).toEqual(['ok', 'REFUSED']);
    expect(status).toBe(2);
    expect(readFileSync(page, 'utf8')).toContain('1 of 2 rows are within their tolerance; 1 are refused');
  });

  test('names the tables, and the nearest name', async () => {
    expect((await lab()).stdout).toMatch(/^caspaxos {2}Latency of a loop[\s\S]*^flexible {2}[\s\S]*^ongaro {2}[\s\S]*^stick {2}/m);
    const { status, stderr } = await lab('caspaxo');
    expect(status).toBe(3);
    expect(stderr).toMatch(/has no table "caspaxo"[\s\S]*caspaxos/);
  });

  test.each([
    [{ experiment: 'none.yaml' }, /broken\.json: experiment: .*none\.yaml cannot be read \(ENOENT\)/],
    [{ rows: [{ ...caspaxos.rows[0], label: 'leaderles' }] }, /broken\.json: label: .* has no run "leaderles"[\s\S]*leaderless/],
    [{ rows: [{ ...caspaxos.rows[0], set: ['load.clients={ mars: 1 }'] }] }, /mars/],
  ])('refuses %j in one line', async (wrong, message) => {
    write('broken', { ...caspaxos, ...wrong });
    const { status, stderr } = await lab('broken', '--from', folder);
    expect(status).toBe(3);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('a table', () => {
  const refusal = (table: unknown) => () => parsePublished(typeof table === 'string' ? table : JSON.stringify(table), 'mine.json');
  test.each([
    ['no JSON', '{', /mine\.json: it is no JSON/], ['an unknown figure', { ...caspaxos, figure: 'commit.p42' }, /mine\.json: figure: /],
    ['no rows', { ...caspaxos, rows: [] }, /mine\.json: rows: /], ['another version', { ...caspaxos, version: 2 }, /mine\.json: version: /],
    ['a tolerance above all', { ...caspaxos, tolerance: { published: 2, model: 0 } }, /mine\.json: tolerance\.published: /],
  ])('with %s is refused with its place', (_, table, message) => {
    expect(refusal(table)).toThrow(message);
  });
});
