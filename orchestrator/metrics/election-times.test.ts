// From each fault that takes the leader to the next leader; one without a next leader is endless, faults of others are none.
import { expect, test } from 'vitest';
import type { LabEvent } from '../kinds.ts';
import { ElectionTimes } from './election-times.ts';

const status = (atMs: number, node: string, role: string, epoch: number) => ({ atMs, node, type: 'status', status: { role, epoch } }) as unknown as LabEvent;
const crash = (atMs: number, node: string, phase = 'begin') => ({ atMs, node: 'lab', type: 'fault', name: 'crash', index: 0, phase, nodes: [node] }) as unknown as LabEvent;

function times(...events: readonly LabEvent[]): readonly number[] {
  const elections = new ElectionTimes();
  for (const event of events) elections.observe(event);
  return elections.finish();
}

test('an election lasts from the crash of the leader until another one leads', () => {
  expect(times(status(10, 'n1', 'leader', 1), crash(100, 'n1'), status(250, 'n2', 'candidate', 2), status(300, 'n2', 'leader', 2), crash(310, 'n1', 'end'), crash(1_000, 'n2'), status(1_100, 'n3', 'leader', 3))).toEqual([200, 100]);
});

test('a crash of a follower, or before anybody leads, begins none', () => {
  expect(times(crash(1, 'n1'), status(10, 'n1', 'leader', 1), crash(100, 'n2'), status(200, 'n1', 'leader', 2))).toEqual([]);
});

test('one that is not over at the end of the run is endless', () => {
  expect(times(status(10, 'n1', 'leader', 1), crash(100, 'n1'))).toEqual([Infinity]);
});
