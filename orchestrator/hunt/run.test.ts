// A hunt runs a case the same way every time, sees what a protocol does wrong, and makes the case small.
import { expect, test } from 'vitest';
import { protocol } from '../../node/contract.ts';
import type { AnyProtocol, Command, Env, Json } from '../../node/contract.ts';
import { toy } from '../../node/protocols/toy.ts';
import { BUILTINS } from '../builtins.ts';
import { nodeBytes } from '../../test/bytes.ts';
import { drawCase } from './draw.ts';
import { huntCase, runCase } from './run.ts';
import { shrink } from './shrink.ts';

const { faults } = BUILTINS;

/** The toy, with an environment that does something else. */
function planted(name: string, change: () => Partial<Env<Json, Command, { readonly resendMs: number }>>): AnyProtocol {
  return protocol<Json, Command, { readonly resendMs: number }>({ ...toy, name, create: (env) => toy.create({ ...env, ...change() }) });
}
const forgetful = planted('forgetful', () => ({ persist: () => undefined }));
const deaf = planted('deaf', () => ({ setTimer: () => undefined }));

test('the same case gives the same bytes, from its seed and from its file', async () => {
  const record = async (hunted: ReturnType<typeof drawCase>) => {
    const lines: string[] = [];
    await runCase(nodeBytes, toy, hunted, { detail: 'messages', see: (event) => lines.push(JSON.stringify(event)) });
    return lines.join('\n');
  };
  for (const seed of ['1', '2']) {
    const hunted = drawCase(toy, {}, seed, faults);
    const first = await record(hunted);
    expect(first.length).toBeGreaterThan(10_000);
    expect(await record(JSON.parse(JSON.stringify(hunted)) as typeof hunted) === first).toBe(true);
  }
});

test('the toy keeps what it claims', async () => {
  for (const seed of ['1', '2', '3']) {
    const { violations } = await huntCase(nodeBytes, toy, {}, seed);
    expect([seed, violations.filter(({ check }) => check !== 'liveness')]).toEqual([seed, []]);
  }
});

test('that the toy stands still without its first member is found, and that it goes on without another is not', async () => {
  const hunted = drawCase(toy, {}, '1', faults);
  const without = (node: string) => runCase(nodeBytes, toy, { ...hunted, options: {}, faults: [{ atMs: 2_000, name: 'crash', params: { value: node, disk: 'flip-bit', for: '1s' } }] });
  expect((await without('n1')).violations.map(({ check }) => check)).toEqual(['liveness']);
  expect((await without('n2')).violations).toEqual([]);
});

test('one that forgets is found, and what is left of its case is small and still fails', async () => {
  const hunted = await huntCase(nodeBytes, forgetful, {}, '1');
  const [first] = hunted.violations;
  expect(hunted.violations.map(({ check }) => check)).toContain('prefix-agreement');
  const check = first?.check ?? '';
  const small = await shrink(hunted.hunted, check, 40, (candidate) => runCase(nodeBytes, forgetful, candidate));
  expect(small.runs).toBeLessThanOrEqual(40);
  expect(small.hunted.violations.map((violation) => violation.check)).toContain(check);
  expect(small.hunted.hunted.faults.length).toBeLessThanOrEqual(3);
  expect(small.hunted.hunted.nodes).toBeLessThanOrEqual(hunted.hunted.nodes);
  expect((await runCase(nodeBytes, forgetful, JSON.parse(JSON.stringify(small.hunted.hunted)) as typeof small.hunted.hunted)).violations).toEqual(small.hunted.violations);
});

test('one that does not go on is found', async () => {
  const seen = await Promise.all(['1', '2'].map((seed) => huntCase(nodeBytes, deaf, {}, seed)));
  expect(seen.flatMap(({ violations }) => violations.map(({ check }) => check))).toContain('liveness');
});

test('a violation of what is not claimed is a finding', async () => {
  const humble: AnyProtocol = { ...forgetful, claims: () => [] };
  const { violations, findings } = await huntCase(nodeBytes, humble, {}, '1');
  expect(violations).toEqual([]);
  expect(findings.map(({ check }) => check)).toContain('prefix-agreement');
});

test('a machine that throws is a violation, and options that cannot be are refused', async () => {
  const thrower: AnyProtocol = { ...toy, name: 'thrower', create: () => { throw new Error('boom'); } };
  expect((await huntCase(nodeBytes, thrower, {}, '1')).violations).toMatchObject([{ check: 'assertion', because: expect.stringContaining('boom') as string }]);
  await expect(huntCase(nodeBytes, toy, { resendsMs: 3 }, '1')).rejects.toThrow(/toy: resendsMs unknown option/);
});
