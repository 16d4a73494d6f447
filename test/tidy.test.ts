// The tree keeps its own rules: header comments, protocol names in their files, tables of the README as in the registries,
// experiments that parse.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROTOCOLS } from '../node/registry.ts';
import { BUILTINS } from '../orchestrator/builtins.ts';
import { ERROR_CODES, EXIT } from '../orchestrator/errors.ts';
import { parseExperiment } from '../orchestrator/experiment.ts';
import { METRICS } from '../orchestrator/metrics/names.ts';
import { projectFiles, ROOT } from './tree.ts';

const files = projectFiles();
const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const sources = files.filter((file) => file.endsWith('.ts'));

test('every source opens with a comment that says what it is', () => {
  const bare = sources.filter((file) => !/^(#!.*\n)?\/[/*]/.test(textOf(file)));
  expect(bare).toEqual([]);
});

test('no file of the tree names a machine or a registry', () => {
  const named = files.filter((file) => !file.startsWith('test/histories/') && /(?<![\w.])\/(work|farm)\/|registry\.npmjs|\.pypi\.org|deb\.debian/.test(textOf(file)));
  expect(named.filter((file) => file !== 'test/tidy.test.ts')).toEqual([]);
});

/** Comments may explain by example; code may not depend on a protocol's name. */
function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

test('a protocol is named only in its own files, its own commands, the registry, tests and benches', () => {
  const names = new RegExp(`\\b(${PROTOCOLS.map(({ name }) => name).join('|')})\\b`, 'i');
  const allowed = (file: string) => file.startsWith('node/protocols/') || file === 'node/registry.ts' || file.startsWith('orchestrator/cli/protocols/') || /\.test\.ts$|^test\/|^bench\//.test(file);
  expect(PROTOCOLS.length).toBeGreaterThanOrEqual(3);
  expect(sources.filter((file) => !allowed(file) && names.test(withoutComments(textOf(file))))).toEqual([]);
});

test('a protocol imports nothing of another protocol', () => {
  const crossing = files.filter((file) => /^node\/protocols\/[^/]+\.ts$/.test(file) && !file.endsWith('.test.ts'))
    .flatMap((file) => [...textOf(file).matchAll(/from '(\.\/[^']+)'/g)].map((match) => `${file} imports ${match[1]}`))
    .filter((line) => {
      const [, own, other] = /^node\/protocols\/([\w-]+)\.ts imports \.\/([\w-]+)/.exec(line) ?? [];
      return other?.startsWith(own ?? '') !== true;
    });
  expect(crossing).toEqual([]);
});

describe('every experiment parses', () => {
  const experiments = files.filter((file) => file.startsWith('experiments/') && file.endsWith('.yaml'));
  test.each(experiments)('%s', (file) => {
    expect(parseExperiment(textOf(file), file, BUILTINS).name).toMatch(/^[a-z]/);
  });
  test('there are some', () => expect(experiments.length).toBeGreaterThanOrEqual(5));
});

describe('the tables of the README are those of the registries', () => {
  const readme = textOf('README.md');
  /** First cells of the table under a marker comment. */
  const firstCells = (marker: string) => {
    const [, table = ''] = new RegExp(`<!-- ${marker} -->\\n((?:\\|.*\\n)+)`).exec(readme) ?? [];
    return table.split('\n').slice(2).filter((line) => line !== '').map((line) => /^\| `?([^`|]+?)`? \|/.exec(line)?.[1] ?? '').sort((a, b) => a.localeCompare(b));
  };
  test.each([
    ['protocols', PROTOCOLS.map(({ name }) => name)],
    ['faults', (BUILTINS.faults ?? []).map(({ name }) => name)],
    ['workloads', (BUILTINS.workloads ?? []).map(({ name }) => name)],
    ['checks', (BUILTINS.checks ?? []).map(({ name }) => name)],
    ['metrics', METRICS.map(({ name }) => name)],
    ['error codes', Object.keys(ERROR_CODES)],
    ['exit codes', Object.values(EXIT).map(String)],
  ])('%s', (marker, names) => {
    expect(firstCells(marker)).toEqual([...names].sort((a, b) => a.localeCompare(b)));
  });
});

test('what the pages link to is there', () => {
  const pages = files.filter((file) => /^(README|CHANGELOG|docs\/.*)\.md$/.test(file));
  const lost = pages.flatMap((page) => [...textOf(page).replaceAll(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !existsSync(join(ROOT, dirname(page), target)))
    .map((target) => `${page}: ${target}`));
  expect(pages.length).toBeGreaterThan(10);
  expect(lost).toEqual([]);
});

test('each decision has a number of its own, and the list names it', () => {
  const decisions = files.filter((file) => /^docs\/adr\/\d{4}-/.test(file));
  const numbers = decisions.map((file) => /(\d{4})-/.exec(file)?.[1] ?? '');
  expect(new Set(numbers).size).toBe(decisions.length);
  const list = textOf('docs/adr/README.md');
  for (const [index, file] of decisions.entries()) {
    expect(list).toContain(`[${numbers[index]}](${file.replace('docs/adr/', '')})`);
    expect(textOf(file)).toMatch(new RegExp(`^# ${numbers[index]} `));
  }
});
