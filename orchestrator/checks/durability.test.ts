// A lost acknowledged write is found, before and after its acknowledgement and across lives.
import { describe, expect, test } from 'vitest';
import { get, put, Stream } from '../../test/event-stream.ts';
import { durability } from './durability.ts';

const a = put('k', '1');
const b = put('k', '2');
const acknowledged = () => new Stream().invoke('c1:1', a).commit('n1', 1, 'c1:1', a).ok('c1:1', 1);

describe('durability', () => {
  test('holds where every acknowledged write stays', () => {
    const stream = acknowledged().commit('n2', 1, 'c1:1', a).action('crash', 'n1').action('restart', 'n1').commit('n1', 1, 'c1:1', a, { life: 2 });
    expect(stream.verdict(durability)).toEqual({ check: 'durability', claim: 'durability', valid: true, because: 'one acknowledged write kept' });
  });

  test.each([
    ['another node commits something else there', acknowledged().commit('n2', 1, 'c2:1', b), 'n2 committed put k=2 (c2:1) there'],
    ['the restarted node commits something else there', acknowledged().commit('n1', 1, 'c2:1', b, { life: 2 }), 'n1 committed put k=2 (c2:1) there in its life 2'],
    ['a no-op takes its place', acknowledged().commit('n2', 1, null, a), 'n2 committed no command there'],
    ['another node had committed something else before', new Stream().invoke('c1:1', a).commit('n2', 1, 'c2:1', b).commit('n1', 1, 'c1:1', a).ok('c1:1', 1), 'n2 committed put k=2 (c2:1) there'],
    ['another node had committed something else between', new Stream().invoke('c1:1', a).commit('n1', 1, 'c1:1', a).commit('n2', 1, 'c2:1', b).ok('c1:1', 1), 'n2 committed put k=2 (c2:1) there'],
  ])('is violated when %s', (_, stream, where) => {
    expect(stream.verdict(durability)).toMatchObject({ valid: false, because: `the write c1:1, acknowledged at slot 1, is lost: ${where}` });
  });

  test('is unknown when no node that is up has come so far', () => {
    const stream = acknowledged().invoke('c1:2', b).commit('n1', 2, 'c1:2', b).ok('c1:2', 2).commit('n2', 1, 'c1:1', a).action('crash', 'n1');
    expect(stream.verdict(durability)).toMatchObject({ valid: 'unknown', witness: { lastAcknowledgedSlot: 2, reachedSlot: 1 } });
    expect(stream.commit('n2', 2, 'c1:2', b).verdict(durability).valid).toBe(true);
  });

  test('a restarted node that has not come so far again proves nothing', () => {
    const stream = acknowledged().action('crash', 'n1').action('restart', 'n1').commit('n1', 0, null, a, { life: 2 });
    expect(stream.verdict(durability).valid).toBe('unknown');
  });

  test('a node that restored a state has come as far as that', () => {
    const restarted = () => acknowledged().action('crash', 'n1').action('restart', 'n1');
    expect(restarted().restored('n1', 1, 2).verdict(durability).valid).toBe(true);
    expect(restarted().restored('n1', 0, 2).verdict(durability).valid).toBe('unknown');
  });

  test('reads and writes without an acknowledgement promise nothing', () => {
    const stream = acknowledged().invoke('c3:1', get('k')).ok('c3:1', 1, '1')
      .invoke('c4:1', a).commit('n1', 2, 'c4:1', a).reply('c4:1', { outcome: 'unknown', reason: 'timeout' }).commit('n2', 1, 'c1:1', a).commit('n2', 2, 'c5:1', b);
    expect(stream.verdict(durability)).toMatchObject({ valid: true, because: 'one acknowledged write kept' });
  });

  test('is violated by a change of membership that was answered with ok and is not at its slot', () => {
    const op = { type: 'reconfigure', add: ['n4'], remove: ['n1'] } as const;
    const answered = () => new Stream().change({ type: 'submitted', command: { id: 'lab1:1', op } })
      .change({ type: 'answered', id: 'lab1:1', attempts: 1, reply: { outcome: 'ok', value: null, at: { epoch: 1, slot: 1 } } });
    expect(answered().commit('n4', 1, 'lab1:1', op).verdict(durability).valid).toBe(true);
    expect(answered().commit('n4', 1, null, op).verdict(durability)).toMatchObject({ valid: false });
  });

  test('is not shown by a node that was replaced, however much that has kept', () => {
    const op = { type: 'reconfigure', add: ['n4'], remove: ['n1'] } as const;
    const replaced = () => new Stream().invoke('c1:1', put('k', '1')).commit('n1', 1, 'c1:1', put('k', '1')).ok('c1:1', 1)
      .change({ type: 'submitted', command: { id: 'lab1:1', op } }).commit('n1', 2, 'lab1:1', op)
      .change({ type: 'answered', id: 'lab1:1', attempts: 1, reply: { outcome: 'ok', value: null, at: { epoch: 1, slot: 2 } } });
    expect(replaced().verdict(durability)).toMatchObject({ valid: 'unknown', because: 'writes were acknowledged up to slot 2, but at the end no member that is up has committed beyond slot 0' });
    expect(replaced().commit('n4', 1, 'c1:1', put('k', '1')).commit('n4', 2, 'lab1:1', op).verdict(durability).valid).toBe(true);
    expect(replaced().commit('n4', 1, null, op).verdict(durability)).toMatchObject({ valid: false });
  });
});
