// Faults as they are typed: the same entries as a file's, and whatever is wrong says where.
import { expect, test } from 'vitest';
import { BUILTINS, createRegistry } from './builtins.ts';
import { ExperimentDocument } from './document.ts';
import { LabError } from './errors.ts';
import { experimentOf } from './experiment.ts';
import { readFaultFlag, readFaultWords, withFaults } from './fault-text.ts';

const registry = createRegistry([BUILTINS]);

function errorOf(work: () => unknown): LabError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    return error as LabError;
  }
  throw new Error('nothing was refused');
}

function experimentWith(text: string, faults: readonly string[]) {
  return experimentOf(withFaults(ExperimentDocument.parse(text, 'my.yaml'), faults.map(readFaultFlag), faults.map((fault) => `--fault ${fault}`)), registry);
}

test.each([
  ['crash:leader@10s', { at: '10s', crash: 'leader' }],
  ['crash:leader@10s,for=5s', { at: '10s', crash: 'leader', for: '5s' }],
  ['partition:n1 n2 | n3@2s,for=1s', { at: '2s', partition: 'n1 n2 | n3', for: '1s' }],
  ['partition:n1,n2|n3@2s', { at: '2s', partition: 'n1,n2|n3' }],
  ['isolate-leader@2s,direction=in', { at: '2s', 'isolate-leader': true, direction: 'in' }],
])('the flag %j is an entry', (text, entry) => {
  expect(readFaultFlag(text)).toEqual(entry);
});

test.each([
  [['crash', 'leader', '--for', '5s'], { crash: 'leader', for: '5s' }],
  [['partition', 'n1', 'n2', '|', 'n3', '--for=1s'], { partition: 'n1 n2 | n3', for: '1s' }],
  [['clock-offset', 'n1', '--offset', '-300ms'], { 'clock-offset': 'n1', offset: '-300ms' }],
  [['isolate-leader'], { 'isolate-leader': true }],
])('the words %j are an entry that happens at once', (words, entry) => {
  expect(readFaultWords(words)).toEqual({ at: '0s', phase: 'fixed', ...entry });
});

test.each([
  ['crash:leader', 'no time is given'],
  ['crash:leader@', 'no time is given'],
  ['crash:leader@1s@2s', 'two times'],
  ['@1s', 'no fault is named'],
  ['crash:n1@1s,for', '"for" is not option=value'],
  ['crash:[@1s', 'cannot be read'],
])('the flag %j is refused with its form', (text, what) => {
  const error = errorOf(() => readFaultFlag(text));
  expect(error.code).toBe('bad-command-line');
  expect(error.message).toContain(`--fault ${text}: `);
  expect(error.message).toContain(what);
});

test('an option without a value and no name at all are refused', () => {
  expect(errorOf(() => readFaultWords(['crash', 'n1', '--for'])).message).toContain('--for has no value');
  expect(errorOf(() => readFaultWords([])).message).toContain('no fault is named');
});

test('faults of flags follow those of the file, and each error names its own source', () => {
  const base = 'name: mine\nprotocols: [stick]\n';
  const own = `${base}faults:\n  - { at: 1s, crash: n1 }\n`;
  expect(experimentWith(own, ['pause:n2@3s', 'crash:n3@2s']).variants[0]?.settings.faults.map(({ name, atMs }) => [name, atMs]))
    .toEqual([['crash', 1000], ['pause', 3000], ['crash', 2000]]);
  expect(experimentWith(base, ['pause:n2@3s']).variants[0]?.settings.faults).toHaveLength(1);
  expect(experimentWith(own, []).variants[0]?.settings.faults).toHaveLength(1);
  const wrong = errorOf(() => experimentWith(own, ['pause:n2@3s', 'crash:n3@2s,for=5']));
  expect(wrong.message).toContain('--fault crash:n3@2s,for=5: ');
  expect(wrong.hint).toContain('5s');
  expect(errorOf(() => experimentWith(own, ['crsh:n3@2s'])).hint).toContain('did you mean crash?');
  expect(errorOf(() => experimentWith(`${base}faults:\n  - { at: 1s, crsh: n1 }\n`, ['pause:n2@3s'])).message).toContain('my.yaml:4:');
});
