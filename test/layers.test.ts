// The layers are real: in a copy of the tree, a planted `process` in each pure project and a planted import against the
// layers must fail the type check that passes without them.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectFiles, ROOT } from './tree.ts';

let copy = '';

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'lab-layers-'));
  for (const file of projectFiles().filter((name) => /\.(ts|json)$/.test(name) && existsSync(join(ROOT, name)))) cpSync(join(ROOT, file), join(copy, file));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function typeCheck(project: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-b', project], { cwd: copy, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

function withPlanted(project: string, source: string): string {
  const file = join(copy, project, 'planted.ts');
  writeFileSync(file, source);
  const { status, output } = typeCheck(project);
  rmSync(file);
  expect(status).not.toBe(0);
  return output;
}

test('the tree as it is passes', () => {
  expect(typeCheck('.')).toEqual({ status: 0, output: '' });
});

test.each(['node', 'netem', 'sim', 'orchestrator'])('a planted `process` in %s/ is found', (project) => {
  expect(withPlanted(project, 'export const planted = process.pid;\n')).toMatch(/planted\.ts.*Cannot find name 'process'/);
});

test.each(['node', 'netem', 'sim', 'orchestrator'])('a planted timer in %s/ is found', (project) => {
  expect(withPlanted(project, 'export const planted = setTimeout;\n')).toMatch(/planted\.ts.*Cannot find name 'setTimeout'/);
});

test.each([
  ['node', '../netem/link.ts', 'Link'],
  ['netem', '../node/contract.ts', 'Json'],
  ['sim', '../orchestrator/kinds.ts', 'Plan'],
  ['orchestrator', '../node/host/udp.ts', 'Anything'],
])('an import in %s/ of %s is found', (project, module, name) => {
  expect(withPlanted(project, `import type { ${name} } from '${module}';\nexport type Planted = ${name};\n`)).toMatch(/TS6307|TS6059|not listed within the file list/);
});
