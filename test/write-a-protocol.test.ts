// The route of docs/write-a-protocol.md, walked line by line from an empty folder, and the rule that it says to break.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/write-a-protocol.md'), 'utf8');
const place = mkdtempSync(join(tmpdir(), 'lab-author-'));
const folder = join(place, 'mine');

function block(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1] ?? '';
}

const lines = block('sh').split('\n').map((line) => line.replace(/\s+#.*$/, '')).filter((line) => line !== '');

beforeAll(() => {
  mkdirSync(folder);
  symlinkSync(root, join(place, 'consensus-lab'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

test('there is a route', () => {
  expect(lines.length).toBeGreaterThanOrEqual(6);
});

test.each(lines)('%s', (line) => {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { cwd: folder, encoding: 'utf8', timeout: 110_000, env: { ...process.env, npm_config_offline: 'true' } });
  // 2: a busy machine makes a run on processes invalid as a measurement.
  expect(line.includes('--on local') ? [0, 2] : [0], stdout + stderr).toContain(status);
  if (line.includes(' conform ')) expect(stdout).toMatch(/\nmine: conforms \(\d+ scenes\)\n$/);
  if (line.includes(' run ')) expect(stdout).toMatch(/^mine .* ok$/m);
}, 120_000);

test('the file type-checks with the settings shown', () => {
  writeFileSync(join(folder, 'tsconfig.json'), block('json'));
  expect(execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder, encoding: 'utf8' })).toBe('');
});

test('the rule that the page says to break is found broken', () => {
  const file = join(folder, 'mine.ts');
  const text = readFileSync(file, 'utf8');
  const broken = text.replace('this.env.send(to, { after', 'this.env.sendBeforeDurable(to, { after');
  expect(broken).not.toBe(text);
  writeFileSync(file, broken);
  const { status, stdout } = spawnSync(join(root, 'lab'), ['conform', 'mine', '--plugin', './mine.ts', '--seeds', '20', '--json'], { cwd: folder, encoding: 'utf8', timeout: 110_000 });
  expect(status).toBe(1);
  const { conforms, rows } = JSON.parse(stdout) as { readonly conforms: boolean; readonly rows: readonly { readonly scene: string; readonly problems: readonly string[] }[] };
  expect(conforms).toBe(false);
  expect(rows.filter(({ problems }) => problems.length > 0).map(({ scene }) => scene)).toContain('a crash inside a flush loses nothing durable, and it recovers');
}, 120_000);
