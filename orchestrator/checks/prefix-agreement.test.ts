// Two different things at one slot are found, whichever part of them differs.
import { describe, expect, test } from 'vitest';
import { put, Stream } from '../../test/event-stream.ts';
import { prefixAgreement } from './prefix-agreement.ts';

const a = put('k', '1');
const b = put('k', '2');

describe('prefix agreement', () => {
  test('holds where nodes and lives commit the same', () => {
    const stream = new Stream().commit('n1', 1, null, a).commit('n1', 2, 'c1:1', a).commit('n2', 1, null, a).commit('n2', 2, 'c1:1', { ...a })
      .commit('n1', 1, null, a, { life: 2 }).ok('c1:1', 2);
    expect(stream.verdict(prefixAgreement)).toEqual({ check: 'prefix-agreement', claim: 'agreement', valid: true, because: 'all nodes agree on 2 slots' });
  });

  test('is violated by another command at a slot, and says which', () => {
    const verdict = new Stream().at(5).commit('n1', 1, 'c1:1', a).at(6).commit('n2', 1, 'c2:1', b).verdict(prefixAgreement);
    expect(verdict.valid).toBe(false);
    expect(verdict.because).toBe('slot 1: n1 committed put k=1 (c1:1) of epoch 1, n2 committed put k=2 (c2:1) of epoch 1');
    expect(verdict.witness).toMatchObject([{ atMs: 5, node: 'n1', slot: 1 }, { atMs: 6, node: 'n2', slot: 1 }]);
  });

  test.each([
    ['a no-op in place of a command', new Stream().commit('n1', 1, 'c1:1', a).commit('n2', 1, null, a)],
    ['the same id with another operation', new Stream().commit('n1', 1, 'c1:1', a).commit('n2', 1, 'c1:1', b)],
    ['another epoch', new Stream().commit('n1', 1, 'c1:1', a).commit('n2', 1, 'c1:1', a, { epoch: 2 })],
    ['another value', new Stream().commit('n1', 1, 'c1:1', a, { value: 'true' }).commit('n2', 1, 'c1:1', a, { value: 'false' })],
    ['another command in a later life', new Stream().commit('n1', 1, 'c1:1', a).commit('n1', 1, 'c2:1', b, { life: 2 })],
    ['a client that was told another value', new Stream().commit('n1', 1, 'c1:1', a, { value: 'true' }).ok('c1:1', 1, 'false')],
    ['a client that was told another epoch', new Stream().commit('n1', 1, 'c1:1', a).ok('c1:1', 1, null, 2)],
  ])('is violated by %s', (_, stream) => {
    expect(stream.verdict(prefixAgreement).valid).toBe(false);
  });

  test('counts every disagreement and shows the first', () => {
    const stream = new Stream();
    for (let slot = 1; slot <= 3; slot++) stream.commit('n1', slot, `c1:${slot}`, a).commit('n2', slot, `c2:${slot}`, a);
    expect(stream.verdict(prefixAgreement).because).toMatch(/^slot 1: .*\(and 2 more\)$/);
  });

  test('a read served after a slot is not that slot\'s command', () => {
    expect(new Stream().commit('n1', 1, 'c1:1', a).ok('c2:1', 1, '1').verdict(prefixAgreement).valid).toBe(true);
  });
});
