// Selectors at the moment of a fault: who leads, and that a fault keeps the nodes that it chose.
import { describe, expect, test } from 'vitest';
import type { NodeId, Status } from '../node/contract.ts';
import type { Action, Plan, Selector } from './kinds.ts';
import { leaderOf, nodesOf, Resolver } from './resolve.ts';
import type { View } from './resolve.ts';

const plan = { nodes: [['n1', 'east'], ['n2', 'west'], ['n3', 'east'], ['n4', 'south']].map(([id, region]) => ({ id, region })) } as unknown as Plan;

/** 'n1' and its word: 'n2@5' (names n2 in epoch 5), '-@5' (names nobody), 'down', or 'n2@5 down'. */
function viewOf(words: { readonly [id: NodeId]: string }): View {
  return new Map(plan.nodes.map(({ id }) => {
    const [word = 'down', down] = (words[id] ?? '-@1').split(' ');
    const [leader = '-', epoch = '0'] = word.split('@');
    const status = word === 'down' ? null : { role: '', leader: leader === '-' ? null : leader, epoch: Number(epoch), lastSlot: 0, commitSlot: 0, configurations: [] } satisfies Status;
    return [id, { status, up: word !== 'down' && down !== 'down' }];
  }));
}

function entry(action: Action, index = 0): Plan['schedule'][number] {
  return { atMs: 0, fault: { name: 'test', index, phase: 'begin' }, action };
}

const crash = (node: Selector) => ({ type: 'crash', node, disk: 'keep' }) as const;

describe('spares', () => {
  const spared = { nodes: ['n1', 'n2', 'n3', 'n4'].map((id, index) => ({ id, region: 'east', ...(index < 2 ? {} : { joining: true }) })) } as unknown as Plan;
  const view = viewOf({ n1: 'n1@1', n2: 'n1@1', n3: 'down', n4: 'down' });
  const change: Action = { type: 'reconfigure', add: ['spare'], remove: ['any-follower'] };

  test('are taken in turn, each by one fault, and mean nobody when none is left', () => {
    const resolver = new Resolver(spared, () => 0);
    expect(resolver.resolve(entry({ type: 'start', node: 'spare' }), view)).toEqual({ type: 'start', nodes: ['n3'] });
    expect(resolver.resolve(entry(change), view)).toEqual({ type: 'reconfigure', nodes: ['n3', 'n2'], add: ['n3'], remove: ['n2'] });
    expect(resolver.resolve(entry(change, 1), view)).toMatchObject({ add: ['n4'] });
    expect(resolver.resolve(entry(change, 2), view)).toEqual({ type: 'reconfigure', nodes: [], add: [], remove: [] });
  });

  test('are among all, any and their region from when they have joined; who left is not', () => {
    const resolver = new Resolver(spared, () => 0);
    const all = (index: number) => resolver.resolve(entry(crash('all'), index), view).nodes;
    expect(all(0)).toEqual(['n1', 'n2']);
    expect(resolver.resolve(entry(crash({ region: 'east' }), 1), view).nodes).toEqual(['n1', 'n2']);
    resolver.changed({ slot: 9, add: ['n3'], remove: ['n1'] });
    expect(all(2)).toEqual(['n2', 'n3']);
    expect(resolver.members).toEqual(['n2', 'n3']);
    // Its answer came late.
    resolver.changed({ slot: 5, add: [], remove: ['n3'] });
    expect(resolver.members).toEqual(['n2', 'n3']);
  });
});

describe('the leader', () => {
  test('is the node that most nodes name, the newest epoch first', () => {
    expect(leaderOf(viewOf({ n1: 'n1@3', n2: 'n1@3', n3: 'n3@4', n4: 'n1@3' }))).toBe('n3');
    expect(leaderOf(viewOf({ n1: 'n1@3', n2: 'n2@3', n3: 'n2@3', n4: '-@3' }))).toBe('n2');
  });

  test('is up, and only nodes that are up are heard', () => {
    expect(leaderOf(viewOf({ n1: 'n3@4', n2: 'n2@3', n3: 'down' }))).toBe('n2');
    expect(leaderOf(viewOf({ n1: 'n1@9 down', n2: 'n2@3', n3: 'n2@3' }))).toBe('n2');
  });

  test('is nobody when none is named', () => {
    expect(leaderOf(viewOf({}))).toBeNull();
    expect(new Resolver(plan, () => 0).resolve(entry(crash('leader')), viewOf({}))).toEqual({ type: 'crash', nodes: [], disk: 'keep' });
  });
});

describe('a selector', () => {
  const view = viewOf({ n1: 'n1@2', n2: 'n1@2', n3: 'n1@2', n4: 'down' });

  test.each<[Selector, number, readonly NodeId[]]>([
    ['n2', 0, ['n2']], ['leader', 0, ['n1']], [{ region: 'east' }, 0, ['n1', 'n3']],
    ['any', 0, ['n1']], ['any', 0.99, ['n3']], ['any-follower', 0, ['n2']], ['any-follower', 0.99, ['n3']],
  ])('%j with a draw of %d means %j', (selector, draw, nodes) => {
    expect(nodesOf(new Resolver(plan, () => draw).resolve(entry({ type: 'pause', node: selector }), view))).toEqual(nodes);
  });

  test('is bound once for a fault, and anew for the next', () => {
    const resolver = new Resolver(plan, () => 0);
    const later = viewOf({ n1: 'down', n2: 'n2@3', n3: 'n2@3' });
    expect(resolver.resolve(entry(crash('leader')), view)).toMatchObject({ nodes: ['n1'] });
    expect(resolver.resolve(entry({ type: 'restart', node: 'leader' }), later)).toEqual({ type: 'restart', nodes: ['n1'] });
    expect(resolver.resolve(entry(crash('leader'), 1), later)).toMatchObject({ nodes: ['n2'] });
  });

  test('that met no node at first meets none at the end', () => {
    const resolver = new Resolver(plan, () => 0);
    resolver.resolve(entry(crash('leader')), viewOf({}));
    expect(resolver.resolve(entry({ type: 'restart', node: 'leader' }), view)).toMatchObject({ nodes: [] });
  });

  test('`any` of a restart means a node that is down', () => {
    expect(new Resolver(plan, () => 0).resolve(entry({ type: 'restart', node: 'any' }), view)).toMatchObject({ nodes: ['n4'] });
  });
});

describe('a cut', () => {
  const view = viewOf({ n1: 'n2@2', n2: 'n2@2' });
  const cut = (cuts: Extract<Action, { type: 'cut' }>['cuts']) => entry({ type: 'cut', overlay: 'o', cuts });

  test('goes one way from each to each', () => {
    expect(new Resolver(plan, () => 0).resolve(cut([{ from: ['n1', 'n4'], to: ['n2'] }]), view))
      .toEqual({ type: 'cut', overlay: 'o', nodes: ['n1', 'n2', 'n4'], pairs: [['n1', 'n2'], ['n4', 'n2']] });
  });

  test('of the leader from the others leaves nobody cut off from himself, and names the leader alone', () => {
    const all = plan.nodes.map(({ id }) => id);
    const resolver = new Resolver(plan, () => 0);
    expect(resolver.resolve(cut([{ from: ['leader'], to: 'others' }, { from: all, to: ['leader'] }]), view)).toEqual({
      type: 'cut', overlay: 'o', nodes: ['n2'],
      pairs: [['n2', 'n1'], ['n2', 'n3'], ['n2', 'n4'], ['n1', 'n2'], ['n3', 'n2'], ['n4', 'n2']],
    });
    expect(resolver.resolve(cut(null), view)).toEqual({ type: 'cut', overlay: 'o', nodes: ['n2'], pairs: null });
  });

  test('of a selector that meets no node cuts nothing', () => {
    expect(new Resolver(plan, () => 0).resolve(cut([{ from: ['leader'], to: 'others' }]), viewOf({}))).toMatchObject({ pairs: [] });
  });
});

test('a clock changes on every node of a region', () => {
  expect(new Resolver(plan, () => 0).resolve(entry({ type: 'clock', node: { region: 'east' }, change: { stepMs: 5 } }), viewOf({})))
    .toEqual({ type: 'clock', nodes: ['n1', 'n3'], change: { stepMs: 5 } });
});
