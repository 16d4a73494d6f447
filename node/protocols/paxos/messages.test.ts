// Shapes of what arrives, ballots, and how values are cut into messages.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../contract.ts';
import { ballotAbove, countThatFits, messageFrom, rangesOf } from './messages.ts';
import type { Message, Proposal } from './messages.ts';

const value: Proposal = { slot: 1, epoch: 1024, command: { id: 'c1:1', op: { type: 'put', key: 'k', value: 'v' } } };
/** One of each kind, as n2 says it. */
const MESSAGES: readonly Message[] = [
  { type: 'prepare', ballot: 1025, from: 1 },
  { type: 'promise', ballot: 1024, from: 1, next: null, compactedTo: 0, votes: [{ ...value, ballot: null }, { ...value, slot: 2, command: null, ballot: 1026 }] },
  { type: 'propose', ballot: 2049, decidedTo: 0, values: [value] },
  { type: 'accept', ballot: 1024, slots: [[1, 3], [7, 7]] },
  { type: 'nack', ballot: 1024, promised: 2050 },
  { type: 'decided', ballot: 1025, decidedTo: 4 },
  { type: 'heartbeat', ballot: 1025, decidedTo: 4 },
  { type: 'heartbeatReply', ballot: 1024, decidedTo: 4 },
  { type: 'gossip', decidedTo: 0, asks: true },
  { type: 'learn', from: 1 },
  { type: 'learnReply', decidedTo: 1, values: [value] },
  { type: 'state', decidedTo: 9, id: 'f00d', count: 2, part: 1, text: '{"at":' },
  { type: 'fetch', id: 'f00d', parts: [1, 2] },
];

describe('what arrives', () => {
  test.each(MESSAGES)('$type is taken as it is', (message) => {
    expect(messageFrom('n2', message)).toBe(message);
  });

  test.each(MESSAGES)('$type is dropped when one of its fields is missing', (message) => {
    for (const name of Object.keys(message)) {
      const rest = Object.fromEntries(Object.entries(message).filter(([key]) => key !== name)) as Json;
      expect(messageFrom('n2', rest)).toBeNull();
    }
  });

  test.each(MESSAGES)('$type is dropped when it comes from who can be no node', (message) => {
    for (const stranger of ['c1', 'n0', 'n1025', 'n2x', '']) expect(messageFrom(stranger, message)).toBeNull();
  });

  test.each([[{ base: 0, members: [], change: 1 }], [{ base: -1 }], [{ members: ['n1', 'n1'] }], [{ change: { id: 'lab1:1', op: { type: 'get', key: 'k' } } }], [null]])('a configuration with %j is none', (wrong) => {
    const right = { base: 0, members: ['n1'], change: { id: 'lab1:1', op: { type: 'reconfigure', add: [], remove: ['n2'] } } };
    const proposing = (configuration: unknown) => messageFrom('n2', { type: 'propose', ballot: 1025, decidedTo: 0, values: [{ slot: 1, epoch: 1025, command: null, configuration }] } as Json);
    expect(proposing(right)).not.toBeNull();
    expect(proposing(wrong === null ? null : { ...right, ...wrong })).toBeNull();
  });

  test.each(MESSAGES.filter(({ type }) => ['prepare', 'propose', 'decided', 'heartbeat'].includes(type)))("$type is dropped when it speaks in another proposer's ballot", (message) => {
    expect(messageFrom('n1', message)).toBeNull();
    expect(messageFrom('n3', message)).toBeNull();
  });

  test.each([
    [{ type: 'prepare', ballot: 1, from: 1 }], [{ type: 'prepare', ballot: 2 ** 52 + 1, from: 1 }], [{ type: 'learn', from: 0 }],
    [{ type: 'accept', ballot: 1024, slots: [[3, 1]] }], [{ type: 'accept', ballot: 1024, slots: [[1, 1_000_000]] }], [{ type: 'accept', ballot: 1024, slots: [[1]] }],
    [{ type: 'accept', ballot: 1024, slots: [[1, 2, 3]] }], [{ type: 'accept', ballot: 1024, slots: [7] }], [{ type: 'accept', ballot: 1024, slots: [[1, 65_537]] }],
    [{ type: 'accept', ballot: 2 ** 50, slots: [[1, 1]] }], [{ type: 'prepare', ballot: 1025, from: 0 }],
    [{ type: 'propose', ballot: 1025, decidedTo: 0, values: [{ ...value, slot: 0 }] }], [{ type: 'propose', ballot: 1025, decidedTo: 0, values: [{ ...value, command: { id: 'c1' } }] }],
    [{ type: 'state', decidedTo: 0, id: 'f', count: 1, part: 1, text: '' }], [{ type: 'state', decidedTo: 0, id: 'f', count: 1e9, part: 0, text: '' }], [{ type: 'fetch', id: 'f', parts: [-1] }],
    [{ type: 'constructor' }], [null], [7], ['prepare'], [[]],
  ])('%j is no message', (json) => {
    expect(messageFrom('n2', json as Json)).toBeNull();
  });

  test('what is as large as it may be is taken', () => {
    for (const message of [
      { type: 'accept', ballot: 1024, slots: [[1, 65_536]] }, { type: 'accept', ballot: 2 ** 50 - 1, slots: [[1, 1]] }, { type: 'state', decidedTo: 0, id: 'f', count: 65_536, part: 0, text: '' },
    ]) expect(messageFrom('n2', message)).toBe(message);
  });

  test('nothing that is JSON throws', () => {
    const types = fc.constantFrom(...MESSAGES.map(({ type }) => type));
    const fields = fc.record({ type: types, ballot: fc.jsonValue(), from: fc.jsonValue(), votes: fc.jsonValue(), values: fc.jsonValue(), slots: fc.jsonValue() });
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), fields), (json) => {
      const read = messageFrom('n2', json);
      expect(read === null || read === json).toBe(true);
    }), { seed: 1 });
  });
});

test('ballots of two proposers never meet, and a new one is above', () => {
  fc.assert(fc.property(fc.nat(1_000_000), fc.nat(1023), fc.nat(1023), (above, one, other) => {
    const ballot = ballotAbove(above, one);
    expect(ballot).toBeGreaterThan(above);
    expect(ballot % 1024).toBe(one);
    expect(ballot === ballotAbove(above, other)).toBe(one === other);
  }), { seed: 1 });
});

test('ranges name exactly the slots that they are made of', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.nat(60)), (slots) => {
    const ascending = slots.sort((a, b) => a - b);
    const ranges = rangesOf(ascending);
    expect(ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index))).toEqual(ascending);
    for (const [index, [first]] of ranges.entries()) expect(first).toBeGreaterThan((ranges[index - 1]?.[1] ?? -2) + 1);
  }), { seed: 1 });
});

test('values are cut so that each message stays within its limit, and none is left out', () => {
  const values = Array.from({ length: 40 }, (_, index): Proposal => ({ slot: index + 1, epoch: 1024, command: { id: `c${index}:1`, op: { type: 'put', key: 'k', value: 'ü'.repeat(index * 7) } } }));
  let first = 0;
  let messages = 0;
  for (; first < values.length; messages++) {
    const count = countThatFits(values, first, 1500);
    const bytes = Buffer.byteLength(JSON.stringify({ type: 'propose', ballot: 2 ** 50, decidedTo: 2 ** 50, values: values.slice(first, first + count) }));
    expect(count).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(1500);
    first += count;
  }
  expect(first).toBe(values.length);
  expect(messages).toBeGreaterThan(5);
});

test('a message takes what fills it to the byte, and one value at least', () => {
  const values: readonly Proposal[] = [value, { ...value, slot: 2 }];
  const bytes = 2 * (Buffer.byteLength(JSON.stringify(value)) + 1);
  expect([bytes + 512, bytes + 511, 0].map((most) => countThatFits(values, 0, most))).toEqual([2, 1, 1]);
});
