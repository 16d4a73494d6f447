// Which choices there are, that unsafe ones are none, and that the best is the best.
import { describe, expect, test } from 'vitest';
import type { AnyProtocol } from '../../node/contract.ts';
import { PROTOCOLS } from '../../node/registry.ts';
import { BUILTINS, createRegistry } from '../builtins.ts';
import { NO_FILES } from '../files.ts';
import { candidatesOf, type Planner, shortlist } from './candidates.ts';

const nodes = ['us-east-1', 'eu-west-1', 'ap-southeast-1'];
const wish = { wan: 'aws-5', nodes, tolerate: 1, clients: { 'us-east-1': 1 }, rate: '50/s' };
const planner = (protocols: readonly AnyProtocol[], changed: Partial<Planner['wish']> = {}): Planner => ({
  wish: { ...wish, ...changed }, registry: createRegistry([{ ...BUILTINS, protocols }]), readFile: NO_FILES, supports: new Set(['crash', 'start', 'restart']),
});

/** Answers after so many ms for each place from the front at which it is led. */
const made = (name: string, more: Partial<AnyProtocol>): AnyProtocol => ({
  name, summary: '', defaults: { step: 10 }, create: () => { throw new Error('unused'); },
  expected: ({ step }: { step: number }, { members }, { leader }) => [{ weight: 1, fromMs: step * (1 + members.indexOf(leader ?? '')), toMs: step * (1 + members.indexOf(leader ?? '')) }], ...more,
});

describe('the choices', () => {
  test('are every node as the leader, with every offer', () => {
    const { all } = candidatesOf(planner([made('made', { advice: () => [{ options: { step: 10 }, because: 'ten' }, { options: { step: 20 }, because: 'twenty' }] })]));
    expect(all.map(({ leader, p50Ms }) => [leader, p50Ms])).toEqual([['n1', 10], ['n2', 20], ['n3', 30], ['n1', 20], ['n2', 40], ['n3', 60]]);
  });

  test('leave out what does not claim to be safe, and what states no latency, by name', () => {
    const silent = made('silent', { expected: () => null });
    const { all, leftOut } = candidatesOf(planner([made('unsafe', { claims: () => ['agreement', 'validity'] }), silent, made('fine', {})]));
    expect(new Set(all.map(({ protocol }) => protocol))).toEqual(new Set(['fine']));
    expect(leftOut).toEqual([expect.stringContaining('unsafe (its defaults): it does not claim linearizability, durability') as string, expect.stringContaining('silent (its defaults): it states no latency') as string]);
  });

  test('of the registry are there for three nodes and for five', () => {
    for (const of of [nodes, [...nodes, 'sa-east-1', 'ap-southeast-2']]) {
      const { all } = candidatesOf(planner(PROTOCOLS, { nodes: of }));
      expect(new Set(all.map(({ protocol }) => protocol)).size).toBeGreaterThanOrEqual(3);
      expect(all.every(({ p50Ms, p99Ms }) => p50Ms > 0 && p99Ms >= p50Ms)).toBe(true);
    }
  });
});

describe('the best', () => {
  test('is the one with the lowest latency for the clients asked about', () => {
    const some = planner([made('quick', {}), made('slow', { defaults: { step: 30 } })]);
    const [first] = shortlist(some, candidatesOf(some).all);
    expect(first).toMatchObject({ candidate: { protocol: 'quick', leader: 'n1', leaderRegion: 'us-east-1', p50Ms: 10 }, bestOf: ['p50', 'p99'] });
  });

  test('of those that are alike is the one whose leader is replaced the soonest', () => {
    const advice = () => [300, 200, 400].map((least) => ({ options: { least }, because: '' }));
    const some = planner([made('alike', {
      defaults: { step: 10, least: 300 }, advice, election: ({ least }: { least: number }) => ({ timeoutMs: [least, 2 * least], heartbeatMs: 50, preVote: false, ballots: true, votes: 2 }),
    })]);
    expect(shortlist(some, candidatesOf(some).all)[0]?.candidate.options).toEqual({ least: 200 });
  });
});
