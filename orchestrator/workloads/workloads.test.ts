// Each workload against the replicated state machine, which its model must agree with, and its model against planted
// violations, which the linearizability check must find.
import { describe, expect, test } from 'vitest';
import type { KeyOperation } from '../../node/contract.ts';
import { randomStream } from '../../node/kit/random.ts';
import { KeyValue } from '../../node/kv.ts';
import type { Reply } from '../../node/replica.ts';
import { linearizability } from '../checks/linearizability.ts';
import type { LabEvent, Plan, Verdict, Workload } from '../kinds.ts';
import { BUILTINS } from '../builtins.ts';
import { counter } from './counter.ts';
import { hotKey } from './hot-key.ts';
import { readIncrement } from './read-increment.ts';

type Step = { readonly client: number; readonly op: KeyOperation; readonly value: string | null };
/** What the state machine answers is changed on the way to the client, or the command is applied so many times. */
type Plant = (step: Step & { readonly index: number }) => { readonly value?: string | null; readonly times?: number };

const honest: Plant = () => ({});

/** `clients` sessions in turn, each command applied and answered before the next. */
function steps(workload: Workload, params: object, { clients = 3, count = 300, plant = honest } = {}): readonly Step[] {
  const kv = new KeyValue();
  const parsed = workload.params.parse(params);
  const sessions = Array.from({ length: clients }, (_, index) => (
    { client: index + 1, answered: null as Reply | null, operations: workload.operations(parsed, index + 1, randomStream('s', 'session', index + 1)) }));
  return Array.from({ length: count }, (_, index) => {
    const session = sessions[index % clients]!;
    const { client } = session;
    const op = session.operations.next(session.answered).value;
    const at = { epoch: 1, slot: index + 1 };
    let value = kv.apply({ id: `c${client}:${index}`, op }, at);
    const planted = plant({ client, op, value, index });
    for (let time = 1; time < (planted.times ?? 1); time++) kv.apply({ id: `again${index}-${time}:1`, op }, at);
    if (planted.value !== undefined) value = planted.value;
    session.answered = { outcome: 'ok', value, at };
    return { client, op, value };
  });
}

function verdictOf(workload: Workload, all: readonly Step[]): Verdict {
  const check = linearizability.begin({} as Plan, workload.model);
  all.forEach(({ client, op, value }, index) => {
    const event = (body: object) => check.observe({ atMs: index, node: 'load', life: 0, sequence: 0, ...body } as LabEvent);
    const id = `c${client}:${index}`;
    event({ type: 'invoke', client: `c${client}`, region: 'r', command: { id, op }, intendedMs: index });
    event({ type: 'reply', client: `c${client}`, id, reply: { outcome: 'ok', value, at: { epoch: 1, slot: index + 1 } } });
  });
  return check.finish();
}

describe.each(BUILTINS.workloads.map((workload) => [workload.name, workload] as const))('%s', (_name, workload: Workload) => {
  test('asks the same for the same draws and answers', () => {
    expect(steps(workload, {})).toEqual(steps(workload, {}));
  });

  test('has a model that agrees with the replicated state machine', () => {
    expect(verdictOf(workload, steps(workload, {}, { count: 2_000 }))).toMatchObject({ valid: true });
  });

  test('has a model that finds a read of nothing where something was written', () => {
    const stale: Plant = ({ op, value }) => (op.type === 'get' && value !== null ? { value: null } : {});
    expect(verdictOf(workload, steps(workload, { keys: 2 }, { plant: stale }))).toMatchObject({ valid: false });
  });
});

describe('counter', () => {
  const increments = (all: readonly Step[]) => all.filter(({ op }) => op.type === 'append');

  test('a read sees as many marks as increments went before it', () => {
    const all = steps(counter, { keys: 1, reads: '30%' }, { count: 100 });
    all.forEach(({ op, value }, index) => {
      if (op.type === 'get') expect((value ?? '').length).toBe(increments(all.slice(0, index)).length);
    });
  });

  test('finds an increment that is applied twice', () => {
    const twice: Plant = ({ op, index }) => (op.type === 'append' && index > 20 && index < 26 ? { times: 2 } : {});
    expect(verdictOf(counter, steps(counter, { keys: 1 }, { plant: twice, count: 100 }))).toMatchObject({ valid: false });
  });

  test('finds an acknowledged increment that later reads do not show', () => {
    const all = steps(counter, { keys: 1 }, { count: 100 });
    const lostAt = all.findIndex(({ op }, index) => index > 20 && op.type === 'append');
    const shown = all.map((step, index) => (step.op.type === 'get' && index > lostAt ? { ...step, value: (step.value ?? '').slice(1) || null } : step));
    expect(verdictOf(counter, shown)).toMatchObject({ valid: false });
  });

  test('goes on with a fresh counter when a read shows that it is large', () => {
    const all = steps(counter, { keys: 1, reads: '10%' }, { clients: 2, count: 3_000 });
    const keys = new Set(all.map(({ op }) => op.key));
    expect(keys.size).toBeGreaterThan(3);
    expect(Math.max(...all.map(({ value }) => (value ?? '').length))).toBeLessThan(700);
  });
});

describe('hot-key', () => {
  test('asks the hot key in its share and every other key evenly', () => {
    const all = steps(hotKey, { keys: 11, hot: '60%' }, { count: 20_000 });
    const share = (key: string) => all.filter(({ op }) => op.key === key).length / all.length;
    expect(Math.abs(share('k1') - 0.6)).toBeLessThan(0.02);
    for (let key = 2; key <= 11; key++) expect(Math.abs(share(`k${key}`) - 0.04)).toBeLessThan(0.01);
  });

  test('refuses shares that are more than everything', () => {
    expect(hotKey.params.safeParse({ reads: '70%', cas: '40%' }).success).toBe(false);
  });
});

describe('read-increment', () => {
  test('writes one more than it read, and reads again after it lost a race', () => {
    const all = steps(readIncrement, { keys: 1 }, { clients: 2, count: 40 });
    const lost = all.filter(({ op, value }) => op.type === 'cas' && value === 'false');
    expect(lost.length).toBeGreaterThan(5);
    for (const client of [1, 2]) {
      const own = all.filter((step) => step.client === client);
      own.forEach((step, index) => {
        const before = own[index - 1];
        if (step.op.type !== 'cas') expect(before?.op.type).not.toBe('get');
        else expect([step.op.expect, Number(step.op.value)]).toEqual([before?.value ?? null, Number(before?.value ?? 0) + 1]);
      });
    }
  });

  test('alone on its number it never loses, and the number counts its writes', () => {
    const all = steps(readIncrement, {}, { clients: 3, count: 600 });
    expect(all.filter(({ op }) => op.type === 'cas').every(({ value }) => value === 'true')).toBe(true);
    expect(all.filter(({ op }) => op.type === 'get').at(-1)?.value).toBe('99');
  });

  test('reads again after a refusal', () => {
    const operations = readIncrement.operations({ keys: 1 }, 1, Math.random);
    expect(operations.next(null).value.type).toBe('get');
    expect(operations.next({ outcome: 'fail', reason: 'busy' }).value.type).toBe('get');
  });

  test('finds a compare-and-set that is acknowledged to two clients', () => {
    const double: Plant = ({ op, value, index }) => (op.type === 'cas' && value === 'false' && index > 10 ? { value: 'true' } : {});
    expect(verdictOf(readIncrement, steps(readIncrement, { keys: 1 }, { clients: 2, plant: double }))).toMatchObject({ valid: false });
  });
});
