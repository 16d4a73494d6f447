// Liveness on hand-written streams: what must be answered when, and when nobody may expect anything.
import { expect, test } from 'vitest';
import { Stream } from '../../test/event-stream.ts';
import { Liveness } from './liveness.ts';
import type { Phases } from './liveness.ts';

const PHASES: Phases = { healMs: 1_000, powerMs: 10_000, endMs: 20_000, writesAfterPower: true, boundMs: 3_000, timeoutMs: 1_000, restartable: true, everyCommand: true };
const PUT = { type: 'put', key: 'k', value: 'v' } as const;

function verdict(stream: Stream, phases: Partial<Phases> = {}) {
  const liveness = new Liveness({ ...PHASES, ...phases }, ['n1', 'n2']);
  for (const event of stream.events) liveness.observe(event);
  return liveness.finish();
}

/** Asked in both phases, answered as said; then both nodes commit again. */
function run({ first = true, second = true, reached = 7 } = {}): Stream {
  const stream = new Stream().at(2_000).invoke('c1:1', PUT).at(5_000).invoke('c1:2', PUT);
  if (first) stream.at(5_100).ok('c1:2', 7);
  stream.at(15_000).invoke('c1:3', PUT);
  if (second) stream.at(15_100).ok('c1:3', 8);
  return stream.commit('n1', 7, 'c1:2', PUT).commit('n2', reached, 'c1:2', PUT);
}

test('holds where all that was asked for in time was answered; before the bound nobody need be', () => {
  expect(verdict(run())).toMatchObject({ valid: true });
});

test.each([
  ['after healing', run({ first: false }), {}, /^1 of one command asked for later than 3000 ms after healing were not answered.*c1:2 at 5000 ms/],
  ['after the loss of power', run({ second: false }), {}, /after the loss of power were not answered.*c1:3/],
  ['a node behind', run({ reached: 6 }), {}, /^10000 ms after all nodes lost power n2 has committed up to slot 6, but slot 7 was acknowledged/],
  ['without writes to follow, a node behind', run({ second: false, reached: 6 }), { writesAfterPower: false }, /n2 has committed up to slot 6/],
] as const)('is violated: %s', (_, stream, phases, because) => {
  const found = verdict(stream, phases);
  expect(found).toMatchObject({ valid: false });
  expect(found.because).toMatch(because);
});

test('with little capacity something must be committed, not every command answered', () => {
  expect(verdict(run({ first: false }), { everyCommand: false })).toMatchObject({ valid: false });
  const busy = run({ first: false });
  busy.at(6_000).commit('n1', 9, 'c1:1', PUT);
  expect(verdict(busy, { everyCommand: false })).toMatchObject({ valid: true });
});

test('is not judged in a case that was cut short', () => {
  expect(verdict(run({ second: false }), { powerMs: 3_000 })).toMatchObject({ valid: 'unknown' });
  expect(verdict(run({ second: false }), { endMs: 12_000 })).toMatchObject({ valid: 'unknown' });
});

test('is not judged where no majority can come back', () => {
  const lost = run({ first: false });
  lost.trace('n1', 'log-damaged');
  expect(verdict(lost)).toMatchObject({ valid: 'unknown', because: 'no majority can be up: one node cannot come back' });
});
