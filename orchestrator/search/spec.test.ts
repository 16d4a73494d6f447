// The section `search`: what it is read as, and what each mistake is answered with.
import { expect, test } from 'vitest';
import { BUILTINS, createRegistry } from '../builtins.ts';
import { parseExperiment } from '../experiment.ts';
import { fieldValue } from './spec.ts';

const registry = createRegistry([BUILTINS]);
const read = (search: string, more = '') => parseExperiment(`name: a\nprotocols: [raft]\n${more}search: ${search}\n`, 'a.yaml', registry).search;

test('it is read with its units', () => {
  expect(read('{ vary: load.rate, between: [10/s, 5000/s], hold: commit.p99 < 500ms }')).toEqual({
    fields: [{ path: 'load.rate', times: 1 }], prefix: '', unit: '/s', low: 10, high: 5000, hold: [{ metric: 'commit.p99', below: 500 }],
    resolution: { share: 0.05 }, points: 5, repeat: 3, runs: 200,
  });
});

test('ranges keep their sign, several fields their factors, and several targets all hold', () => {
  const search = read('{ vary: { a.0: 1, a.1: 2 }, between: [±1ms, ±200ms], hold: [errors < 1, throughput above 90/s], resolution: 5ms }');
  expect(search).toMatchObject({ fields: [{ path: 'a.0', times: 1 }, { path: 'a.1', times: 2 }], prefix: '±', resolution: { absolute: 5 }, hold: [{ metric: 'errors', below: 1 }, { metric: 'throughput', above: 90 }] });
  expect(search === null ? null : fieldValue(search, 0.0000005 + 12.5)).toBe('±12.500001ms');
});

test('an experiment without it has none', () => {
  expect(parseExperiment('name: a\nprotocols: [raft]\n', 'a.yaml', registry).search).toBeNull();
});

test.each([
  ['{ vary: load.rate, between: [10/s], hold: errors < 1 }', 'write both ends'],
  ['{ vary: load.rate, between: [10/s, 50/m], hold: errors < 1 }', 'in the same one'],
  ['{ vary: load.rate, between: [50/s, 10/s], hold: errors < 1 }', 'the lower end first'],
  ['{ vary: load.rate, between: [fast, 10/s], hold: errors < 1 }', 'as the field itself is written'],
  ['{ vary: load.rate, between: [1/s, 10/s], hold: latency < 1s }', 'known'],
  ['{ vary: load.rate, between: [1/s, 10/s], hold: commit.p99 }', 'a figure, < or >'],
  ['{ vary: load.rate, between: [1/s, 10/s], hold: commit.p99 < 500 }', '500s or 500ms'],
  ['{ vary: load.rate, between: [1/s, 10/s], hold: errors < 1, resolution: 3ms }', 'write a share such as 5%'],
  ['{ vary: load.rate, between: [1/s, 10/s], hold: errors < 1, resolution: 20/s }', 'a smaller step'],
  ['{ vary: load.rate, between: [1/s, 10/s], hold: errors < 1, runs: 5 }', 'or fewer points'],
  ['{ vary: load.rate, between: [1/s, 10/s], hold: errors < 1, repet: 5 }', 'repeat'],
  ['{ vary: {}, between: [1/s, 10/s], hold: errors < 1 }', 'name a field'],
])('%s is refused with its place and a remedy', (search, remedy) => {
  try {
    read(search);
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad-experiment', message: expect.stringMatching(/^a\.yaml:3:\d+: search/) as string, hint: expect.stringContaining(remedy) as string });
    return;
  }
  throw new Error('it was accepted');
});

test.each([['sweep: { load.rate: [1/s] }\n', 'sweep'], ['expect: { errors: below 1 }\n', 'expect']])('%s beside it is refused: one of them decides', (more, place) => {
  expect(() => read('{ vary: load.rate, between: [1/s, 10/s], hold: errors < 1 }', more)).toThrow(`a.yaml:3:1: ${place}`);
});
