// `lab hunt` as a user meets it: what it prints and how it ends, a plug-in that forgets, the corpus, and wrong input.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'lab-hunt-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lab(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(join(root, 'lab'), ['hunt', ...args], { cwd: folder, encoding: 'utf8', timeout: 120_000 });
}

const toy = readFileSync(join(root, 'node/protocols/toy.ts'), 'utf8').replaceAll('../contract.ts', 'consensus-lab/contract').replaceAll('../kit/shape.ts', 'consensus-lab/kit/shape');
const plugin = (name: string, text: string) => {
  writeFileSync(join(folder, `${name}.ts`), `${text.replace("name: 'toy'", `name: '${name}'`)}\nexport default { protocols: [toy] };\n`);
  return ['--plugin', `./${name}.ts`, '--protocol', name];
};
writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
const forgetful = plugin('forgetful', toy.replace('this.env.persist(...entries);', ''));

test('what is violated is told, shrunk, drawn and kept; and repeated first, by a hunt and alone', () => {
  const first = lab(...forgetful, '--seeds', '2', '--shrink-runs', '12');
  expect(first.stderr).not.toMatch(/Error|^error/m);
  expect(first.status).toBe(1);
  expect(first.stdout).toMatch(/^forgetful: 2 cases, [\d.]+ simulated hours in [\d.]+ s \([\d.]+ seeds\/s, \d+ simulated s per second and core\), [\d,]+ commits: \d cases violate a claim\n {2}faults: /);
  const [, file = ''] = /once more: lab hunt --replay (\S+) --plugin/.exec(first.stdout) ?? [];
  expect(file).toMatch(/^experiments\/corpus\/forgetful\/[a-z-]+-[0-9a-f]{10}\.json$/);
  const [, page = ''] = /conversation: (\S+)/.exec(first.stdout) ?? [];
  expect(readFileSync(join(folder, page), 'utf8')).toMatch(/<svg/);
  const replayed = lab('--plugin', './forgetful.ts', '--replay', file, '--json');
  expect(replayed.status).toBe(1);
  const kept = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { readonly found: object; readonly case: object; readonly violated: readonly { readonly check: string; readonly because: string }[] };
  const shown = JSON.parse(replayed.stdout) as { readonly ok: boolean; readonly case: object; readonly violations: readonly object[] };
  expect(shown).toMatchObject({ ok: false, case: kept.case });
  expect(shown.violations).toHaveLength(kept.violated.length);
  expect(shown.violations).toEqual(expect.arrayContaining(kept.violated.map((violated) => expect.objectContaining(violated) as object)));

  // Mended, the same case passes, and one of another version is told.
  const own = join(folder, 'experiments/corpus/forgetful');
  writeFileSync(join(own, 'older.json'), JSON.stringify({ case: { version: 0 } }));
  const again = lab(...plugin('forgetful', toy), '--seeds', '1');
  expect([again.status, again.stdout]).toEqual([0, expect.stringMatching(/older\.json is skipped: its version is 0, this lab runs version 1/)]);
  expect(again.stdout).toMatch(/: no violation\n[^]*corpus: \d cases repeated/);
  expect(readdirSync(own).length).toBeGreaterThan(1);
});

test('one seed of a protocol alone is told with its case', () => {
  const replayed = lab(...plugin('toy-again', toy), '--replay', '1');
  expect(replayed.stdout).toMatch(/^toy-again, seed 1: \d nodes, \d+ faults, [\d.]+ simulated s, \d+ events, \d+ commits\n(.*\n)*no violation\n$/);
  expect(replayed.status).toBe(0);
});

test('wrong input is one line with its remedy, and exit code 3', () => {
  mkdirSync(join(folder, 'bad/toy-bad'), { recursive: true });
  writeFileSync(join(folder, 'bad/toy-bad/no.json'), '{');
  writeFileSync(join(folder, 'bad/empty.json'), '{}');
  cpSync(join(folder, 'package.json'), join(folder, 'bad/other.json'));
  const bad = plugin('toy-bad', toy);
  const refused: readonly (readonly [string[], RegExp])[] = [
    [['--protocol', 'toi'], /unknown protocol "toi"/],
    [[...bad, '--set', 'resendMs=soon'], /toy-bad: resendMs: is a number/],
    [[...bad, '--set', 'resendMs'], /--set resendMs: no value/],
    [[...bad, '--time', '60'], /--time: .*no unit/],
    [[...bad, '--corpus', 'bad'], /bad\/toy-bad\/no\.json is no JSON/],
    [['--replay', 'bad/empty.json'], /bad\/empty\.json: it holds no case/],
    [['--replay', 'bad/nothing.json'], /bad\/nothing\.json cannot be read \(ENOENT\)/],
    [['--replay', '7'], /--replay 7: a seed of which protocol\?/],
    [['--seeds', '0'], /whole number/],
  ];
  for (const [args, message] of refused) {
    const { status, stdout, stderr } = lab(...args);
    expect([args, status, stdout]).toEqual([args, 3, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  }
});
