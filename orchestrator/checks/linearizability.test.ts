// The search against Porcupine's verdicts and against brute force; the check on hand-written histories.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { get, put, Stream } from '../../test/event-stream.ts';
import { partitioned, registers } from '../../test/histories.ts';
import { jepsenEtcd } from '../histories/jepsen-etcd.ts';
import { porcupineKv } from '../histories/porcupine-kv.ts';
import type { Model } from '../kinds.ts';
import { judgeCalls, linearizability } from './linearizability.ts';
import { registerModel } from '../workloads/register-model.ts';
import { searchOrder } from './wgl.ts';
import type { Call } from './wgl.ts';

const folder = new URL('../../test/histories/', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');
const jepsenCalls = (text: string) => jepsenEtcd.parse({ place: 'log', text }).calls;
const kvCalls = (text: string) => porcupineKv.parse({ place: 'log', text }).calls;
const verdicts = JSON.parse(read('verdicts.json')) as { readonly [format in 'jepsen_etcd' | 'kv']: { readonly [file: string]: boolean } };

/** Every order of every choice of open calls. */
function bruteForce<S>(calls: readonly Call[], model: Model<S>): boolean {
  const extend = (rest: readonly Call[], state: S): boolean => rest.every(({ to }) => to === Infinity) || rest.some((call) => {
    if (rest.some((other) => other.to < call.from)) return false;
    const { legal, state: after } = model.step(state, call.op, call.value);
    return legal && extend(rest.filter((other) => other !== call), after);
  });
  return extend(calls, model.initial);
}

/** Histories of up to seven calls on one key with few values, so that about half of them have no order. */
const histories = fc.array(fc.record({
  kind: fc.constantFrom(...(['get', 'put', 'cas', 'append'] as const)), value: fc.constantFrom('a', 'b'), expect: fc.constantFrom(null, 'a', 'b'),
  answer: fc.constantFrom(null, 'a', 'b', 'aa', 'ab'), swapped: fc.boolean(), slot: fc.option(fc.integer({ min: 0, max: 9 })), start: fc.integer({ min: 0, max: 12 }), length: fc.integer({ min: 1, max: 8 }), open: fc.boolean(),
}), { minLength: 1, maxLength: 7 }).map((drafts) => {
  const ends = drafts.flatMap(({ start, length }, index) => [{ index, at: start, last: false }, { index, at: start + length, last: true }])
    .sort((a, b) => a.at - b.at || a.index - b.index || Number(a.last) - Number(b.last));
  const place = (index: number, last: boolean) => ends.findIndex((end) => end.index === index && end.last === last);
  return drafts.flatMap(({ kind, value, expect, answer, swapped, slot, open }, index): Call[] => {
    const op = kind === 'get' ? get('k') : kind === 'cas' ? { type: 'cas' as const, key: 'k', expect, value } : { type: kind, key: 'k', value };
    const answered = kind === 'get' ? answer : kind === 'cas' ? String(swapped || open) : null;
    return open && kind === 'get' ? [] : [{ id: `c${index}:1`, op, value: answered, from: place(index, false), to: open ? Infinity : place(index, true), slot }];
  });
});

/** Forty concurrent appends that no order explains: nobody tries all of theirs. */
const hard: readonly Call[] = [
  ...Array.from({ length: 40 }, (_, index): Call => ({ id: `h${index}`, op: { type: 'append', key: 'h', value: `${index % 7}` }, value: null, from: index, to: 100 + index, slot: null })),
  { id: 'h', op: get('h'), value: 'x', from: 200, to: 201, slot: null },
];

describe('the search for an order', () => {
  test.each(Object.entries(verdicts.jepsen_etcd))('judges %s as Porcupine does: %s', (file, linearizable) => {
    expect(searchOrder(jepsenCalls(read(file)), registers(null), { maxSteps: 2_000_000 }).linearizable).toBe(linearizable);
  });

  test.each(Object.entries(verdicts.kv))('judges %s, key by key, as Porcupine does: %s', (file, linearizable) => {
    const model = registers('');
    expect(judgeCalls(partitioned(kvCalls(read(file)), model), model).valid).toBe(linearizable);
  });

  test.each([['as it is', registers(null)], ['with an outlook on the reads to come', registerModel]])('agrees with brute force on small histories, %s', (_, model) => {
    const found = { legal: 0, illegal: 0 };
    fc.assert(fc.property(histories, (calls) => {
      const legal = bruteForce(calls, model);
      found[legal ? 'legal' : 'illegal']++;
      expect(searchOrder(calls, model, { maxSteps: 100_000 }).linearizable).toBe(legal);
    }), { numRuns: 3000, seed: 7 });
    expect(Math.min(found.legal, found.illegal)).toBeGreaterThan(300);
  });

  test('tells of an illegal history an order that is legal, and calls of which none can follow it', () => {
    const model = registers(null);
    fc.assert(fc.property(histories, (calls) => {
      expect(judgeCalls(new Map([['k', calls]]), registerModel).valid).toBe(searchOrder(calls, model, { maxSteps: 100_000 }).linearizable);
      const { linearizable, deepest: { order, stuck, taken } } = searchOrder(calls, model, { maxSteps: 100_000 });
      if (linearizable !== false) return;
      let state = model.initial;
      order.forEach((call, index) => {
        expect(calls.filter((other) => other.to < call.from).every((other) => order.indexOf(other) >= 0 && order.indexOf(other) < index)).toBe(true);
        const { legal, state: after } = model.step(state, call.op, call.value);
        expect(legal).toBe(true);
        state = after;
      });
      expect(order).toHaveLength(taken);
      const rest = calls.filter((call) => call.to !== Infinity && !order.includes(call));
      expect(new Set(stuck)).toEqual(new Set(rest.filter((call) => !rest.some((other) => other.to < call.from))));
      for (const { op, value } of stuck) expect(model.step(state, op, value).legal).toBe(false);
    }), { numRuns: 3000, seed: 8 });
  });

  test('many concurrent appends are put in order by what is read, and a wrong order is found', () => {
    const appends = Array.from({ length: 60 }, (_, index): Call => ({ id: `a${index}`, op: { type: 'append', key: 'k', value: `${String.fromCharCode(97 + index % 26)}${index},` }, value: null, from: index, to: 100 + index, slot: null }));
    const order = [...appends].sort((a, b) => a.id.localeCompare(b.id));
    const all = order.map(({ op }) => ('value' in op ? op.value : '')).join('');
    const read = (value: string): Call => ({ id: 'r', op: get('k'), value, from: 200, to: 201, slot: null });
    expect(searchOrder([...appends, read(all)], registerModel, { maxSteps: 20_000 }).linearizable).toBe(true);
    expect(searchOrder([...appends, read(`${all.slice(0, -4)}!`)], registerModel, { maxSteps: 20_000 })).toMatchObject({ linearizable: false, deepest: { doomed: { id: 'r' } } });
    expect(searchOrder([...appends, read('b1,x')], registerModel, { maxSteps: 20_000 })).toMatchObject({ linearizable: false, deepest: { taken: 2, doomed: { id: 'r' } } });
  });

  test('a key that is too hard hides no violation of another', () => {
    const stale = Array.from({ length: 60 }, (_, index): Call => ({ id: `s${index}`, op: index === 59 ? get('s') : put('s', `v${index}`), value: index === 59 ? 'v1' : null, from: 2 * index, to: 2 * index + 1, slot: null }));
    const partitions = new Map([['h', hard], ['s', stale]]);
    expect(judgeCalls(partitions, registers(null), { maxSteps: 300_000 })).toMatchObject({ valid: false, witness: { key: 's' } });
  });

  test('a search ends at its limit of memory, and when it is told that its time is over', () => {
    const calls = jepsenCalls(read('etcd_040.txt'));
    expect(searchOrder(calls, registers(null), { maxSteps: 2_000_000, maxBytes: 1_000 })).toMatchObject({ linearizable: 'unknown', limit: 'memory' });
    expect(judgeCalls(new Map([['r', calls]]), registers(null), { maxSteps: 2_000_000, maxBytes: 1_000 }).because).toMatch(/^key r: not decided in the memory allowed \(/);
    expect(searchOrder(hard, registers(null), { maxSteps: 2_000_000, outOfTime: () => true })).toMatchObject({ linearizable: 'unknown', limit: 'time' });
  });

  test('a long history of few concurrent calls needs a few steps a call', () => {
    const calls: Call[] = [];
    for (let index = 0; index < 20_000; index++) {
      const op = index % 3 === 0 ? get('k') : put('k', `v${index}`);
      const value = op.type === 'get' && index > 0 ? `v${index - 1}` : null;
      calls.push({ id: `c:${index}`, op, value, from: index * 10, to: index * 10 + (index % 3 === 1 ? 15 : 9), slot: null });
    }
    const search = searchOrder(calls, registers(null), { maxSteps: 2_000_000 });
    expect(search.linearizable).toBe(true);
    expect(search.steps).toBeLessThan(100_000);
  });

  test('open calls that explain an answer are taken, others are not needed', () => {
    const open: Call[] = Array.from({ length: 40 }, (_, index) => ({ id: `u${index}:1`, op: put('k', `u${index}`), value: null, from: index, to: Infinity, slot: null }));
    const reads = [7, 3, 31].map((value, index): Call => ({ id: `r:${index}`, op: get('k'), value: `u${value}`, from: 100 + index * 2, to: 101 + index * 2, slot: null }));
    expect(searchOrder([...open, ...reads], registers(null), { maxSteps: 2_000_000 }).linearizable).toBe(true);
    const again: Call = { id: 'r:9', op: get('k'), value: 'u7', from: 200, to: 201, slot: null };
    expect(searchOrder([...open.slice(0, 12), ...reads.slice(0, 2), again], registers(null), { maxSteps: 2_000_000 }).linearizable).toBe(false);
  });

  test('slots lead through hundreds of concurrent calls, unknown ones among them', () => {
    const calls: Call[] = [];
    for (let slot = 1; slot <= 3000; slot++) {
      const op = slot % 7 === 0 ? get('k') : put('k', `v${slot}`);
      const value = op.type === 'get' ? `v${slot - 1}` : null;
      // Invoked in an order that is not that of the slots, and answered much later.
      const from = slot * 10 + ((slot * 7919) % 4001);
      calls.push({ id: `c:${slot}`, op, value, from, to: slot % 10 === 6 ? Infinity : from + 8001 + (slot % 3), slot });
    }
    const search = searchOrder(calls, registers(null), { maxSteps: 2_000_000 });
    expect(search.linearizable).toBe(true);
    expect(search.steps).toBeLessThan(600_000);
    expect(searchOrder(calls.map((call) => ({ ...call, slot: null })), registers(null), { maxSteps: 600_000 }).linearizable).toBe('unknown');
  });

  test('a search beyond its budget is unknown', () => {
    const calls = jepsenCalls(read('etcd_040.txt'));
    expect(searchOrder(calls, registers(null), { maxSteps: 50 })).toMatchObject({ linearizable: 'unknown', steps: expect.any(Number) });
    const verdict = judgeCalls(new Map([['r', calls]]), registers(null), { maxSteps: 50 });
    expect(verdict).toMatchObject({ valid: 'unknown', because: expect.stringMatching(/^key r: not decided within \d+ steps \(\d+ operations, \d+ of unknown outcome\)$/) });
  });
});

describe('linearizability', () => {
  test('holds for a read that sees the last write', () => {
    const stream = new Stream().invoke('c1:1', put('k', '1')).ok('c1:1', 1).invoke('c2:1', get('k')).ok('c2:1', 2, '1');
    expect(stream.verdict(linearizability)).toEqual({
      check: 'linearizability', claim: 'linearizability', valid: true, because: '2 operations on one key have a legal order',
    });
  });

  test('is violated by a stale read, and names it', () => {
    const stream = new Stream().invoke('c1:1', put('k', '1')).ok('c1:1', 1).invoke('c2:1', get('k')).ok('c2:1', 2, null);
    expect(stream.verdict(linearizability)).toMatchObject({
      valid: false, witness: { key: 'k', operations: 2, explained: 1, stuck: [{ id: 'c2:1', value: null }] },
      because: 'key k: no order explains the answers; after 1 of 2 operations the state is =1 and none of these can be next: get k (c2:1) answered nothing',
    });
  });

  test('is violated by a failed write that is read', () => {
    const stream = new Stream().invoke('c1:1', put('k', '1')).reply('c1:1', { outcome: 'fail', reason: 'busy' }).invoke('c2:1', get('k')).ok('c2:1', 1, '1');
    expect(stream.verdict(linearizability).valid).toBe(false);
  });

  test.each([['seen', '1'], ['not seen', null]])('a write of unknown outcome may be %s', (_, value) => {
    const stream = new Stream().invoke('c1:1', put('k', '1')).reply('c1:1', { outcome: 'unknown', reason: 'timeout' }).invoke('c2:1', get('k')).ok('c2:1', 1, value);
    expect(stream.verdict(linearizability).valid).toBe(true);
  });

  test('a write of unknown outcome is not undone', () => {
    const stream = new Stream().invoke('c1:1', put('k', '1')).reply('c1:1', { outcome: 'unknown', reason: 'timeout' })
      .invoke('c2:1', get('k')).ok('c2:1', 1, '1').invoke('c2:2', get('k')).ok('c2:2', 2, null);
    expect(stream.verdict(linearizability).valid).toBe(false);
  });

  test('a command without any answer counts as unknown', () => {
    const cas = { type: 'cas', key: 'k', expect: null, value: '2' } as const;
    expect(new Stream().invoke('c1:1', cas).invoke('c2:1', get('k')).ok('c2:1', 1, '2').verdict(linearizability).valid).toBe(true);
  });

  test('keys are judged apart', () => {
    const stream = new Stream().invoke('c1:1', put('a', '1')).ok('c1:1', 1).invoke('c2:1', get('b')).ok('c2:1', 2, null);
    expect(stream.verdict(linearizability)).toMatchObject({ valid: true, because: '2 operations on 2 keys have a legal order' });
  });
});
