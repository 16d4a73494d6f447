// Every case that is drawn can be run, is decided by its seed, and survives being a file; over some hundred seeds each kind of
// fault comes up.
import { expect, test } from 'vitest';
import { toy } from '../../node/protocols/toy.ts';
import { PROTOCOLS } from '../../node/registry.ts';
import { BUILTINS } from '../builtins.ts';
import { LabError } from '../errors.ts';
import { caseFrom, prepare } from './case.ts';
import { drawCase } from './draw.ts';

const { faults } = BUILTINS;
const seeds = Array.from({ length: 60 }, (_, index) => String(index + 1));

test.each([...PROTOCOLS, toy].map((protocol) => [protocol.name, protocol] as const))('cases of %s are plans without a mistake', (_, protocol) => {
  for (const seed of seeds) {
    const hunted = drawCase(protocol, {}, seed, faults);
    expect(drawCase(protocol, {}, seed, faults)).toEqual(hunted);
    expect(caseFrom(JSON.parse(JSON.stringify(hunted)), 'a file')).toEqual(hunted);
    const { plan, problems, periodMs } = prepare(protocol, hunted, faults);
    expect(problems).toEqual([]);
    expect(plan.schedule.every(({ atMs }, index) => Number.isFinite(atMs) && atMs >= (plan.schedule[index - 1]?.atMs ?? 0))).toBe(true);
    const damaging = hunted.faults.filter(({ params }) => params['disk'] === 'flip-bit').length;
    expect(damaging).toBeLessThanOrEqual((hunted.nodes - 1) / 2);
    expect(hunted.powerMs - hunted.healMs).toBeGreaterThan(10 * periodMs);
  }
});

test('each kind of fault, every disk, every way of being bound and several sizes come up', () => {
  const drawn = seeds.concat(seeds.map((seed) => `more-${seed}`)).flatMap((seed) => PROTOCOLS.map((protocol) => drawCase(protocol, {}, seed, faults)));
  const all = drawn.flatMap((hunted) => hunted.faults);
  expect([...new Set(drawn.map(({ nodes }) => nodes))].sort((a, b) => a - b)).toEqual([3, 5, 7]);
  const left = faults.map(({ name }) => name).filter((name) => !all.some((fault) => fault.name === name));
  // What needs a container, what a crash does too, and what no protocol can bear.
  expect(left).toEqual(['stop', 'start', 'restart', 'wipe', 'throttle', 'memory', 'detach']);
  expect([...new Set(all.flatMap(({ params }) => (typeof params['disk'] === 'string' ? params['disk'] : [])))].sort()).toEqual(['flip-bit', 'keep', 'lose-unsynced', 'torn-tail']);
  expect([...new Set(all.flatMap(({ aim }) => aim?.moments ?? []))].sort()).toEqual(['committed', 'durable', 'epoch', 'flush', 'leads', 'placed', 'role', 'sent', 'started']);
  expect(drawn.some(({ options }) => Object.keys(options).length > 0)).toBe(true);
});

test.each([
  [{ version: 2 }, /^f\.json: version: /],
  [{ nodes: 4 }, /^f\.json: placesMs and clocks are not of 4 nodes/],
  [{ healMs: 500_000 }, /^f\.json: healMs, powerMs and endMs do not ascend/],
  [{ faults: [{ atMs: -1, name: 'crash', params: {} }] }, /^f\.json: faults\.0\.atMs: /],
  [{ surprise: 1 }, /^f\.json: : .*surprise/],
])('a file that is no case is refused with its place: %j', (change, message) => {
  const hunted = { ...drawCase(toy, {}, '1', faults), nodes: 3, spares: 0, placesMs: [1, 1, 1], clocks: Array.from({ length: 3 }, () => ({ offsetMs: 0, driftPpm: 0, ntp: null })) };
  expect(() => caseFrom({ ...hunted, ...change }, 'f.json')).toThrow(LabError);
  expect(() => caseFrom({ ...hunted, ...change }, 'f.json')).toThrow(message);
});

test('a fault that the lab does not have, or that is not written as it should, is refused', () => {
  const hunted = drawCase(toy, {}, '1', faults);
  const withFault = (name: string, params: { [key: string]: string }) => () => prepare(toy, { ...hunted, faults: [{ atMs: 1, name, params }] }, faults);
  expect(withFault('crush', {})).toThrow(/faults\.0: there is no fault "crush"/);
  expect(withFault('crash', { value: 'n1', for: '3' })).toThrow(/faults\.0: crash: /);
});
