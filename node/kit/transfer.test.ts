// A text crosses a network that loses, doubles and reorders its parts, whole or not at all.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomStream } from './random.ts';
import { Receiving, Sending } from './transfer.ts';
import type { Part } from './transfer.ts';

const bytesOf = (part: Part) => Buffer.byteLength(JSON.stringify(part));

/** Each round: what is open is asked for, and of the answers some are lost, some come twice, in any order. */
function cross(sending: Sending, random: () => number): { readonly text: string | null; readonly rounds: number; readonly mostOpen: number } {
  const first = sending.part(0) as Part;
  const receiving = new Receiving(first);
  receiving.take(first);
  let mostOpen = 0;
  for (let rounds = 0; rounds < 10_000; rounds++) {
    if (receiving.isWhole) return { text: receiving.text(), rounds, mostOpen };
    receiving.more();
    mostOpen = Math.max(mostOpen, receiving.open.size);
    const answers = [...receiving.open].flatMap((part) => (random() < 0.3 ? [] : random() < 0.2 ? [part, part] : [part])).sort(() => random() - 0.5);
    for (const part of answers) receiving.take(sending.part(part) as Part);
  }
  return { text: null, rounds: Infinity, mostOpen };
}

test('it arrives as it was, whatever is lost, within the window and the limit of a message', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 5_000 }), fc.integer({ min: 600, max: 2_000 }), fc.nat(), (text, maxMessageBytes, seed) => {
    const sending = new Sending(text, maxMessageBytes);
    for (let part = 0; part < sending.count; part++) expect(bytesOf(sending.part(part) as Part)).toBeLessThanOrEqual(maxMessageBytes);
    const { text: arrived, mostOpen } = cross(sending, randomStream(String(seed)));
    expect(arrived).toBe(text);
    expect(mostOpen).toBeLessThanOrEqual(16);
  }), { seed: 1, numRuns: 50 });
});

test('a part of another text is no part of this one, and a damaged text is told', () => {
  const one = new Sending('a'.repeat(1_000), 1_000);
  const receiving = new Receiving(one.part(0) as Part);
  expect(receiving.take(new Sending('b'.repeat(1_000), 1_000).part(0) as Part)).toBe(false);
  expect(one.part(one.count)).toBeNull();
  for (let part = 0; part < one.count; part++) receiving.take({ ...(one.part(part) as Part), ...(part === 1 ? { text: 'x' } : {}) });
  expect(receiving.isWhole).toBe(true);
  expect(receiving.text()).toBeNull();
});

test('with a sender that has the same text it goes on where it stopped', () => {
  const before = new Sending('c'.repeat(5_000), 1_000);
  const receiving = new Receiving(before.part(0) as Part);
  for (let part = 0; part < before.count - 1; part++) receiving.take(before.part(part) as Part);
  const after = new Sending('c'.repeat(5_000), 1_000);
  expect(receiving.take(after.part(after.count - 1) as Part)).toBe(true);
  expect(receiving.text()).toBe('c'.repeat(5_000));
});
