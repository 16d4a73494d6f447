// The register workload: what it asks follows from the draws alone, and the model knows which answers are right.
import { describe, expect, test } from 'vitest';
import type { KeyOperation } from '../../node/contract.ts';
import { KeyValue } from '../../node/kv.ts';
import { randomStream } from '../../node/kit/random.ts';
import { register } from './register.ts';

function take(params: { readonly keys: number; readonly reads: number; readonly cas: number }, client: number, count: number): readonly KeyOperation[] {
  const operations = register.operations(params, client, randomStream('s', 'client', client));
  return Array.from({ length: count }, () => operations.next().value);
}

describe('operations', () => {
  const params = { keys: 8, reads: 20, cas: 30 };

  test('are the same for the same draws', () => {
    expect(take(params, 1, 50)).toEqual(take(params, 1, 50));
    expect(take(params, 1, 50)).not.toEqual(take(params, 2, 50));
  });

  test('have the given shares and keys, and every written value is unique', () => {
    const all = [1, 2, 3].flatMap((client) => take(params, client, 2000));
    const share = (type: string) => all.filter((op) => op.type === type).length / all.length;
    expect(Math.abs(share('get') - 0.2)).toBeLessThan(0.02);
    expect(Math.abs(share('cas') - 0.3)).toBeLessThan(0.02);
    expect(Math.abs(share('put') - 0.5)).toBeLessThan(0.02);
    expect(new Set(all.map((op) => ('key' in op ? op.key : ''))).size).toBe(8);
    const written = all.flatMap((op) => ('value' in op ? [op.value] : []));
    expect(new Set(written).size).toBe(written.length);
  });
});

describe('the model', () => {
  const { model } = register;

  test('agrees with the replicated state machine on every answer it gives', () => {
    const kv = new KeyValue();
    const random = randomStream('model');
    const states = new Map<string, unknown>();
    const ops: readonly KeyOperation[] = [...take({ keys: 2, reads: 30, cas: 40 }, 1, 300), ...Array.from({ length: 40 }, (_, index) => ({ type: 'append', key: 'k1', value: String(index) }) as const)];
    let wrong = 0;
    ops.forEach((op, index) => {
      const value = kv.apply({ id: `c1:${index}`, op }, { epoch: 1, slot: index + 1 });
      const state = states.has(model.partition(op)) ? states.get(model.partition(op)) : model.initial;
      const result = model.step(state, op, value);
      expect(result.legal).toBe(true);
      states.set(model.partition(op), result.state);
      if (op.type === 'get' || op.type === 'cas') wrong += model.step(state, op, `${value}${random()}`).legal ? 0 : 1;
    });
    expect(wrong).toBe(ops.filter(({ type }) => type === 'get' || type === 'cas').length);
  });

  test('lets a compare-and-set of unknown answer have happened, or not', () => {
    const op = { type: 'cas', key: 'k', expect: 'a', value: 'b' } as const;
    expect(model.step('a', op, null)).toEqual({ legal: true, state: 'b' });
    expect(model.step('c', op, null)).toEqual({ legal: true, state: 'c' });
    expect(model.step('c', op, 'true').legal).toBe(false);
    expect(model.step('a', op, 'false').legal).toBe(false);
  });

  test('leaves a full register as it was', () => {
    expect(model.step('a', { type: 'append', key: 'k', value: 'b' }, 'full')).toEqual({ legal: true, state: 'a' });
    expect(model.step(null, { type: 'append', key: 'k', value: 'b' }, null)).toEqual({ legal: true, state: 'b' });
  });

  test('tells an empty register from an empty value', () => {
    expect(model.key(null)).not.toBe(model.key(''));
  });
});
