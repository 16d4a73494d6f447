// The build context: what a node and the load generator need, all of it and nothing else, the same each time.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf, readContext } from './context.ts';

test('imports are found in each form, types and built-in modules are not', () => {
  const source = [
    "import { a } from './a.ts';", "import type { B } from './b.ts';", "import './c.ts';", "import d, {\n  e,\n} from 'd/e.js';", "export * from './f.ts';",
    "import fs from 'node:fs';", "const g = await import('./g.ts');", "import h from './h.json' with { type: 'json' };", "// import { i } from './i.ts';",
  ].join('\n');
  expect(importsOf(source)).toEqual(['./a.ts', './c.ts', 'd/e.js', './f.ts', './g.ts', './h.json']);
});

test('it holds no tests, no runners, no Node.js, and the same bytes each time', () => {
  const context = readContext();
  expect(context.files).toContain('Dockerfile');
  expect(context.files).toContain('lab/node/host/main.ts');
  expect(context.files).toContain('lab/node/kit/quorum.ts');
  expect(context.files).toContain('lab/orchestrator/cli/load/sleeping-thread.ts');
  expect(context.files.filter((file) => /\.test\.|runners\/|dockerode|node-linux|\.env|\.git/.test(file))).toEqual([]);
  expect(context.archive.length).toBeLessThan(20e6);
  expect(readContext().hash).toBe(context.hash);
});

test('unpacked elsewhere, every module of it loads, and a node says what it wants', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-context-'));
  try {
    expect(spawnSync('tar', ['-xf', '-', '-C', folder], { input: readContext().archive }).status).toBe(0);
    const run = (file: string) => spawnSync(process.execPath, [file], { cwd: join(folder, 'lab'), encoding: 'utf8', env: {} });
    expect(run('load-all.mjs')).toMatchObject({ status: 0, stderr: '' });
    expect(run('node/host/main.ts')).toMatchObject({ status: 3, stderr: expect.stringContaining('usage') as string });
    expect(existsSync(join(folder, 'lab/orchestrator/cli/main.ts'))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
