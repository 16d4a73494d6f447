// The network of a run in namespaces, as lines for ip: for a small plan word for word, for any plan only checked tokens.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../kinds.ts';
import { addressOf, hubLines, LOAD, othersOf, spotLines, spotsOf } from './layout.ts';

function planOf(nodes: number, regions: readonly string[]): Pick<Plan, 'nodes' | 'load'> {
  return {
    nodes: Array.from({ length: nodes }, (_, index) => ({ id: `n${index + 1}`, address: `198.18.0.${11 + index}`, region: 'r', clock: { offsetMs: 0, driftPpm: 0, ntp: null } })),
    load: { clients: regions.map((region) => ({ region, count: 1 })) } as unknown as Plan['load'],
  };
}

describe('two nodes and the clients of two regions', () => {
  const spots = spotsOf(planOf(2, ['east', 'west']));
  const [n1, , load] = spots as [typeof spots[0], typeof spots[0], typeof spots[0]];

  test('the hub has a bridge and a cable to each', () => {
    expect(hubLines(spots, [101, 102, 103])).toEqual([
      'link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
      'link set br0 addrgenmode none up',
      'link add v0 type veth peer name eth0 address 02:00:c6:12:00:00 netns 101',
      'link set v0 addrgenmode none master br0 up',
      'link add v1 type veth peer name eth0 address 02:00:c6:12:00:01 netns 102',
      'link set v1 addrgenmode none master br0 up',
      'link add v2 type veth peer name eth0 address 02:00:c6:12:00:02 netns 103',
      'link set v2 addrgenmode none master br0 up',
    ]);
  });

  test('a node has its address and knows its neighbours', () => {
    expect(spotLines(spots, n1)).toEqual([
      'link set lo up',
      'addr add 198.18.0.11/15 dev eth0',
      'link set eth0 addrgenmode none up',
      'neigh add 198.18.0.12 lladdr 02:00:c6:12:00:01 nud permanent dev eth0',
      'neigh add 198.18.1.11 lladdr 02:00:c6:12:00:02 nud permanent dev eth0',
      'neigh add 198.18.1.12 lladdr 02:00:c6:12:00:02 nud permanent dev eth0',
    ]);
  });

  test('the load generator has an address for each region', () => {
    expect(load).toEqual({ id: LOAD, sources: { east: '198.18.1.11', west: '198.18.1.12' } });
    expect(spotLines(spots, load).filter((line) => line.startsWith('addr'))).toEqual(['addr add 198.18.1.11/15 dev eth0', 'addr add 198.18.1.12/15 dev eth0']);
    expect(othersOf(spots, load)).toEqual({ n1: '198.18.0.11', n2: '198.18.0.12' });
    expect(othersOf(spots, n1)).toEqual({ n2: '198.18.0.12', east: '198.18.1.11', west: '198.18.1.12' });
    expect(addressOf(spots, 'n2')).toBe('198.18.0.12');
  });
});

const TOKEN = /^(?:link|addr|neigh|add|set|br0|type|bridge|stp_state|forward_delay|mcast_snooping|0|addrgenmode|none|up|v\d{1,3}|veth|peer|name|eth0|address|netns|\d+|master|lo|dev|lladdr|nud|permanent|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|198\.(?:18|19)\.\d{1,3}\.\d{1,3}(?:\/15)?)$/;

test('whatever regions are called, no line has their names, and every address is one place alone', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 64 }), fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }).filter((name) => name !== '__proto__'), { minLength: 1, maxLength: 300 }), (nodes, regions) => {
    const spots = spotsOf(planOf(nodes, regions));
    const lines = [...hubLines(spots, spots.map((_, index) => 1_000 + index)), ...spots.slice(-2).flatMap((spot) => spotLines(spots, spot))];
    for (const line of lines) for (const token of line.split(' ')) expect(token).toMatch(TOKEN);
    const addresses = spots.flatMap(({ sources }) => Object.values(sources));
    expect(new Set(addresses).size).toBe(nodes + regions.length);
    for (const address of addresses) expect(address.split('.').every((part) => Number(part) >= 0 && Number(part) <= 255)).toBe(true);
  }), { numRuns: 50 });
});

test('an address of another network is refused', () => {
  const plan = planOf(2, ['east']);
  const spots = spotsOf({ ...plan, nodes: plan.nodes.map((node) => (node.id === 'n2' ? { ...node, address: '10.0.0.1; reboot' } : node)) });
  expect(() => spotLines(spots, spots[0] as typeof spots[0])).toThrow('10.0.0.1; reboot is no address of this network');
});
