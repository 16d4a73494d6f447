// What a plan tells each node: refused where two nodes could not be told apart.
import { expect, test } from 'vitest';
import { nodeBytes } from '../test/bytes.ts';
import { planWith } from '../test/event-stream.ts';
import { seatOf } from './seats.ts';
import { createSimulator } from './simulate.ts';

const plan = planWith();
const [first, second, ...others] = plan.nodes;
const alike = { ...plan, nodes: [first!, { ...second!, address: first!.address }, ...others] };

test('a node knows the address of each other node', () => {
  expect(seatOf(plan, 'n2')).toMatchObject({ self: 'n2', members: ['n1', 'n2', 'n3'], joining: false, addresses: { n1: 'n1.lab', n2: 'n2.lab', n3: 'n3.lab' } });
});

test('two nodes with one address are refused before a run begins', async () => {
  const refusal = { code: 'bad-experiment', message: 'the plan test-1 gives n1 and n2 the same address, n1.lab', hint: 'give each node an address of its own' };
  expect(() => seatOf(alike, 'n3')).toThrow(expect.objectContaining(refusal));
  const events: unknown[] = [];
  const run = createSimulator(nodeBytes, () => Promise.resolve()).run(alike, { emit: (event) => events.push(event), stop: { requested: false }, folder: '', progress: () => undefined });
  await expect(run).rejects.toMatchObject(refusal);
  expect(events).toEqual([]);
});
