// The table of states against a Map, and the queue of those to expand against an array.
import { expect, test } from 'vitest';
import { randomStream } from '../../node/kit/random.ts';
import { Frontier } from './frontier.ts';
import { Visited } from './visited.ts';

const random = randomStream('visited');
/** Small differences, as states have them. */
const drawn = () => Int32Array.from({ length: 3 + Math.floor(random() * 8) }, () => Math.floor(random() * 3));

test('each of 200,000 drawn states is new once, as a Map of their texts says', () => {
  const visited = new Visited();
  const known = new Map<string, number>();
  const wrong: string[] = [];
  for (let count = 0; count < 200_000; count++) {
    const words = drawn();
    const text = words.join(' ');
    const number = visited.add(words, words.length, 0);
    if ((number === -1) !== known.has(text)) wrong.push(text);
    if (number >= 0) known.set(text, number);
    if (!visited.is(known.get(text) ?? -1, words, words.length)) wrong.push(text);
  }
  expect(wrong).toEqual([]);
  expect(visited.size).toBe(known.size);
  expect(visited.size).toBeGreaterThan(30_000);
  expect(visited.bytes / visited.size).toBeLessThan(60);
});

test('a path leads from the first state to another', () => {
  const visited = new Visited();
  const parents = [0];
  for (let count = 1; count < 1_000; count++) {
    const parent = Math.floor(random() * count);
    expect(visited.add(Int32Array.of(count), 1, parent)).toBe(count - 1);
    parents[count - 1] = Math.min(parent, count - 1);
  }
  const path = visited.pathTo(998);
  expect([path[0], path.at(-1)]).toEqual([0, 998]);
  for (const [index, number] of path.entries()) if (index > 0) expect(parents[number]).toBe(path[index - 1]);
});

test('states leave the frontier in the order in which they came', () => {
  const frontier = new Frontier();
  const expected: { readonly number: number; readonly words: Int32Array }[] = [];
  const words = new Int32Array(64);
  const wrong: number[] = [];
  for (let count = 0; count < 20_000; count++) {
    const state = drawn();
    frontier.push(count, state, state.length);
    expected.push({ number: count, words: state });
    if (random() < 0.45) {
      const first = expected.shift();
      const { number, length } = frontier.shift(words) ?? { number: -1, length: 0 };
      if (number !== first?.number || words.subarray(0, length).join(' ') !== first.words.join(' ')) wrong.push(number);
    }
  }
  expect(wrong).toEqual([]);
  expect(frontier.size).toBe(expected.length);
});
