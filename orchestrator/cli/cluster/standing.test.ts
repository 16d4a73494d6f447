// What would undo a fault, in an order in which it can be done.
import { expect, test } from 'vitest';
import type { Action, LabEvent } from '../../kinds.ts';
import { StandingFaults } from './standing.ts';

function after(...actions: readonly Action[]): StandingFaults {
  const standing = new StandingFaults();
  actions.forEach((action, sequence) => {
    const at = { atMs: sequence, node: 'lab', life: 0, sequence } as const;
    standing.observe({ ...at, type: 'fault', phase: 'begin', name: action.type, index: sequence, nodes: ['n1'] } satisfies LabEvent);
    standing.observe({ ...at, type: 'action', action, plannedMs: sequence, nodes: ['n1'] } satisfies LabEvent);
  });
  return standing;
}

const failing: Action = { type: 'disk', node: 'n1', change: { fault: 'error' } };
const repaired: Action = { type: 'disk', node: 'n1', change: null };
const slow: Action = { type: 'disk', node: 'n1', change: { fsyncMs: 50 } };
const start: Action = { type: 'start', node: 'n1' };
const stop: Action = { type: 'stop', node: 'n1', graceMs: 1 };
const flaky: Action = { type: 'links', overlay: 'o', changes: [{ from: ['n1'], to: 'others', change: { lossPct: 5 } }] };

test.each<[string, readonly Action[], readonly Action[]]>([
  ['a failing disk is repaired before its node is started', [failing], [repaired, start]],
  ['a repaired disk leaves the node that it ended to be started', [failing, repaired], [start]],
  ['a node that was started again on a repaired disk needs nothing', [failing, repaired, start], []],
  ['a slow disk is repaired, and its node goes on', [slow], [repaired]],
  ['a stopped node is started', [stop], [start]],
  ['changed links go back, by the name of their overlay', [flaky], [{ type: 'links', overlay: 'o', changes: null }]],
  ['links that are back need nothing', [flaky, { type: 'links', overlay: 'o', changes: null }], []],
])('%s', (_, actions, undo) => {
  expect(after(...actions).undo()).toEqual(undo);
  expect(after(...actions).rows()).toHaveLength(undo.length > 0 ? 1 : 0);
});
