// What nobody asked for, what is applied twice and what has a gap is found.
import { describe, expect, test } from 'vitest';
import { put, Stream } from '../../test/event-stream.ts';
import { integrity } from './integrity.ts';

const a = put('k', '1');
const cas = { type: 'cas', key: 'k', expect: null, value: '1' } as const;
const asked = () => new Stream().invoke('c1:1', a);

describe('integrity', () => {
  test('holds for commits that were asked for, repeated ones and later lives', () => {
    const stream = asked().invoke('c1:2', cas)
      .commit('n1', 1, 'c1:1', a).commit('n1', 2, 'c1:2', cas, { value: 'true' }).commit('n1', 3, 'c1:2', cas, { value: 'true' }).commit('n1', 4, 'c1:1', a)
      .commit('n1', 1, 'c1:1', a, { life: 2 }).commit('n1', 2, 'c1:2', cas, { value: 'true', life: 2 });
    expect(stream.verdict(integrity)).toMatchObject({ claim: 'validity', valid: true, because: 'each of 6 commits was asked for, and applied once' });
  });

  test('holds for a change of membership that the lab asked for, and for no other', () => {
    const op = { type: 'reconfigure', add: ['n4'], remove: ['n1'] } as const;
    const submitted = () => new Stream().change({ type: 'submitted', command: { id: 'lab1:1', op } });
    expect(submitted().commit('n1', 1, 'lab1:1', op).verdict(integrity).valid).toBe(true);
    expect(new Stream().commit('n1', 1, 'lab1:1', op).verdict(integrity)).toMatchObject({ valid: false, because: 'n1 committed reconfigure +n4 -n1 (lab1:1) at slot 1, which no client asked for' });
    expect(submitted().commit('n1', 1, 'lab1:1', { ...op, add: ['n5'] }).verdict(integrity).valid).toBe(false);
    expect(submitted().change({ type: 'answered', id: 'lab1:1', attempts: 1, reply: { outcome: 'fail', reason: 'busy' } }).commit('n1', 1, 'lab1:1', op).verdict(integrity).valid).toBe(false);
  });

  test('goes on behind a restored state, whose sessions it does not know, and at no other slot', () => {
    const stream = () => asked().commit('n1', 1, 'c1:1', a).restored('n1', 7);
    expect(stream().commit('n1', 8, 'c1:1', a).verdict(integrity).valid).toBe(true);
    expect(stream().commit('n1', 9, 'c1:1', a).verdict(integrity)).toMatchObject({ valid: false, because: 'n1 committed slot 9 after slot 7 of its life 1' });
    expect(asked().commit('n1', 1, 'c1:1', a).restored('n1', 7, 2).commit('n1', 1, 'c1:1', a, { life: 2 }).verdict(integrity).valid).toBe(false);
  });

  test('an invocation may be recorded after the commit', () => {
    expect(new Stream().commit('n1', 1, 'c1:1', a).invoke('c1:1', a).verdict(integrity).valid).toBe(true);
  });

  test.each([
    ['a command that no client asked for', asked().commit('n1', 1, 'c9:1', a), 'n1 committed put k=1 (c9:1) at slot 1, which no client asked for'],
    ['another operation than was asked for', asked().commit('n1', 1, 'c1:1', put('k', '2')), 'n1 committed put k=2 (c1:1) at slot 1, but its client asked for something else'],
    ['another operation, recorded before its invocation', new Stream().commit('n1', 1, 'c1:1', put('k', '2')).invoke('c1:1', a), 'n1 committed put k=2 (c1:1) at slot 1, but its client asked for something else'],
    ['a command applied twice', new Stream().invoke('c1:1', cas).commit('n1', 1, 'c1:1', cas, { value: 'true' }).commit('n1', 2, 'c1:1', cas, { value: 'false' }),
      "n1 applied cas k nothing→1 (c1:1) again at slot 2: it answered 'false' after 'true'"],
    ['a gap', asked().commit('n1', 1, 'c1:1', a).commit('n1', 3, null, a), 'n1 committed slot 3 after slot 1 of its life 1'],
    ['a slot committed twice', asked().commit('n1', 1, 'c1:1', a).commit('n1', 1, 'c1:1', a), 'n1 committed slot 1 after slot 1 of its life 1'],
    ['a life that does not begin at slot 1', asked().commit('n1', 1, 'c1:1', a).commit('n1', 2, null, a, { life: 2 }), 'n1 committed slot 2 after slot 0 of its life 2'],
    ['a commit after the client was told that it failed', asked().reply('c1:1', { outcome: 'fail', reason: 'busy' }).commit('n1', 1, 'c1:1', a),
      'n1 committed put k=1 (c1:1) at slot 1, though its client was told that it failed'],
    ['a client told that a committed command failed', asked().commit('n1', 1, 'c1:1', a).reply('c1:1', { outcome: 'fail', reason: 'busy' }),
      'n1 committed put k=1 (c1:1) at slot 1, though its client was told that it failed'],
  ])('is violated by %s', (_, stream, because) => {
    expect(stream.verdict(integrity)).toMatchObject({ valid: false, because });
  });

  test('a commit after an unknown outcome is no violation', () => {
    expect(asked().reply('c1:1', { outcome: 'unknown', reason: 'timeout' }).commit('n1', 1, 'c1:1', a).verdict(integrity).valid).toBe(true);
  });
});
