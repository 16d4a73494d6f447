// `lab wan NAME --measure`: what is printed, the JSON document, and what is refused. On the simulator, where links are exact.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LabError } from '../errors.ts';
import { measureNetwork } from './wan-measure.ts';

let printed: string;
beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => { vi.restoreAllMocks(); });

const GO_ON = { requested: false };
const SIM = { on: 'sim', json: false };

test('a line for each link, with what was asked and what was achieved', async () => {
  expect(await measureNetwork('aws-5', { ...SIM, regions: 'us-east-1,eu-west-1,sa-east-1' }, GO_ON)).toBe(0);
  const lines = printed.trimEnd().split('\n');
  expect(lines[0]).toBe('aws-5 on sim: as configured, medians off by 0.00 ms at most');
  expect(lines[1]).toMatch(/^from +to +asked ms +p50 ms +p95 ms +off by +loss$/);
  expect(lines.slice(2)).toHaveLength(6);
  expect(lines[2]).toMatch(/^us-east-1 +eu-west-1 +34\.8 +34\.8 +34\.8 +\+0\.00 +0\/50 +ok$/);
});

test('what cannot be shown is said, in one line for all links', async () => {
  expect(await measureNetwork('lossy-edge', SIM, GO_ON)).toBe(0);
  expect(printed).toContain('lossy-edge on sim: as configured');
  expect(printed.trimEnd().split('\n').at(-1)).toMatch(/^\? {4}loss: of 50 probes only 0\.\d+ are to be lost \(20 links\)$/);
});

test('one JSON document', async () => {
  expect(await measureNetwork('caspaxos-3', { ...SIM, json: true }, GO_ON)).toBe(0);
  const { measured } = JSON.parse(printed) as { readonly measured: readonly object[] };
  expect(measured).toMatchObject([{ runner: 'sim', certificate: { verdict: 'ok', worstMs: 0, breaches: [] } }]);
});

test.each<[string, string | undefined, { readonly on: string; readonly regions?: string }, RegExp]>([
  ['no network', undefined, { on: 'sim' }, /--measure without a network/],
  ['an unknown network', 'aws-6', { on: 'sim' }, /unknown network "aws-6"/],
  ['an unknown runner', 'aws-5', { on: 'simm' }, /simm/],
  ['an unknown region', 'aws-5', { on: 'sim', regions: 'mars' }, /"mars" is not a region of aws-5/],
])('%s is refused', async (_, name, flags, message) => {
  const error: unknown = await measureNetwork(name, { ...flags, json: false }, GO_ON).then(() => null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LabError);
  expect((error as LabError).message).toMatch(message);
});
