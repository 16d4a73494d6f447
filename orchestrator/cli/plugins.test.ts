// Loading modules that are wrong in every way that a stranger's can be: one line each, with the file and the remedy.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

type Answer = { readonly files?: readonly string[]; readonly faults?: readonly string[]; readonly sinks?: readonly string[]; readonly code?: string; readonly message?: string; readonly hint?: string };
type Case = { readonly title: string; readonly files: { readonly [name: string]: string }; readonly load: readonly string[]; readonly said: RegExp };

const root = mkdtempSync(join(tmpdir(), 'lab-plugins-'));
/** The name is all that differs. */
const fault = (name: string) => `{ name: '${name}', summary: 'nothing happens', params: { safeParse: (data) => ({ success: true, data }) }, actions: () => [] }`;

const CASES: readonly Case[] = [
  {
    title: 'a file that is not there', files: {}, load: ['no-such.ts'],
    said: /^no-such\.ts: there is no such file \| give the path of a module, such as --plugin \.\/mine\.ts$/,
  }, {
    title: 'a module in a folder of CommonJS, as npm init -y makes it', load: ['mine.ts'],
    files: { 'package.json': '{ "type": "commonjs" }', 'mine.ts': 'export default {};' },
    said: /^mine\.ts: it is no ES module, because .*package\.json says "type": "commonjs" \| run: npm pkg set type=module.*\.mts$/,
  }, {
    title: 'a module that exports as CommonJS does', load: ['mine.cjs'],
    files: { 'mine.cjs': 'exports.mine = 1;' }, said: /^mine\.cjs: mine: a plug-in has no such field/,
  }, {
    title: 'a module that throws', load: ['mine.mjs'],
    files: { 'mine.mjs': 'const nothing = null;\nexport default { protocols: nothing.list };' },
    said: /^mine\.mjs: it throws at import: Cannot read properties of null .*mine\.mjs:2\) \| node .* shows where$/,
  }, {
    title: 'a module that throws no error but a text', load: ['mine.mjs'],
    files: { 'mine.mjs': 'throw \'no\';' }, said: /^mine\.mjs: it throws at import: no \|/,
  }, {
    title: 'a package that is not installed', load: ['mine.mjs'], files: { 'mine.mjs': 'import \'no-such-package\';' },
    said: /^mine\.mjs: it imports the package no-such-package, which is not installed there \| run in its folder: npm install no-such-package$/,
  }, {
    title: 'a relative import without its ending', load: ['mine.mjs'], files: { 'part.mjs': '', 'mine.mjs': 'import \'./part\';' },
    said: /^mine\.mjs: Cannot find module '\.\/part' .* \| give the path with its ending/,
  }, {
    title: 'something of the lab that a plug-in may not import', load: ['mine.mjs'], files: { 'mine.mjs': 'import \'consensus-lab/replica\';' },
    said: /^mine\.mjs: the lab offers no consensus-lab\/replica \| it offers: consensus-lab\/contract, consensus-lab\/kit\/\*, consensus-lab\/kinds/,
  }, {
    title: 'TypeScript that Node cannot strip', load: ['mine.mts'], files: { 'mine.mts': 'enum Color { red }\nexport default { Color };' },
    said: /^mine\.mts: TypeScript enum is not supported in strip-only mode \(mine\.mts:1\) \| .*erasableSyntaxOnly/,
  }, {
    title: 'a type that is imported like a value', load: ['mine.mts'],
    files: { 'mine.mts': 'import { Json } from \'consensus-lab/contract\';\nexport default { x: null as Json };' },
    said: /^mine\.mts: .*does not provide an export named 'Json' \(mine\.mts:1\) \| if that is a type, write import type/,
  }, {
    title: 'a text that is no program', load: ['mine.mjs'], files: { 'mine.mjs': 'export default {\n' },
    said: /^mine\.mjs: it cannot be read: Unexpected end of input \| node --check .*mine\.mjs shows where$/,
  }, {
    title: 'a name that the lab has', load: ['mine.mjs'], files: { 'mine.mjs': `export default { faults: [${fault('crash')}] };` },
    said: /^mine\.mjs: faults\.0\.name: "crash" is taken by the lab \| give it another name$/,
  }, {
    title: 'a name that an earlier plug-in has', load: ['first.mjs', 'second.mjs'],
    files: { 'first.mjs': `export default { faults: [${fault('mine')}] };`, 'second.mjs': `export default { faults: [${fault('other')}, ${fault('mine')}] };` },
    said: /^second\.mjs: faults\.1\.name: "mine" is taken by first\.mjs \| give it another name$/,
  }, {
    title: 'a name that is there twice', load: ['twice.mjs'], files: { 'twice.mjs': `export default { faults: [${fault('mine')}, ${fault('mine')}] };` },
    said: /^twice\.mjs: faults\.1\.name: "mine" is taken by twice\.mjs \| give it another name$/,
  }, {
    title: 'a module without a default export', load: ['mine.mjs'], files: { 'mine.mjs': 'export const protocols = [];' },
    said: /^mine\.mjs: default export: it is missing \| write: export default \{ protocols: \[mine\] \} satisfies Plugin$/,
  },
];

let answers: readonly Answer[] = [];
const good = join(root, 'good.mjs');

beforeAll(() => {
  writeFileSync(good, `export default { faults: [${fault('mine')}] };`);
  const loads = CASES.map(({ files, load }, index) => {
    const folder = join(root, String(index));
    mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return load.map((name) => join(folder, name));
  });
  const runner = join(import.meta.dirname, '../../test/plugins-run.ts');
  answers = JSON.parse(execFileSync(process.execPath, [runner, JSON.stringify([...loads, [good, good]])], { cwd: dirname(root), encoding: 'utf8' })) as readonly Answer[];
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test.each(CASES.map(({ title, said }, index) => ({ title, said, index })))('$title is said in one line', ({ said, index }) => {
  const { code, message, hint } = answers[index] ?? {};
  expect(code).toBe('bad-plugin');
  const line = `${message} | ${hint}`.replaceAll(`${join(root, String(index))}/`, '').replaceAll(new RegExp(`[^\\s(]*/${index}/`, 'g'), '');
  expect(line).not.toContain('\n');
  expect(line).toMatch(said);
});

test('a module brings its nouns beside the built-in ones, and is loaded once though it is named twice', () => {
  const { files, faults, sinks } = answers.at(-1) ?? {};
  expect(files).toEqual([good]);
  expect(faults).toEqual(expect.arrayContaining(['mine', 'crash']));
  expect(sinks).toContain('files');
});
