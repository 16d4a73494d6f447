// The log: indices, terms, slices to a byte limit.
import { describe, expect, test } from 'vitest';
import { Log } from './log.ts';

type Entry = { readonly term: number; readonly bytes: number };

function logOf(...terms: readonly number[]): Log<Entry> {
  const log = new Log<Entry>();
  for (const term of terms) log.append({ term, bytes: 10 });
  return log;
}

describe('a log', () => {
  test('counts indices from 1; there is no term before the first entry and beyond the last', () => {
    const log = logOf(1, 1, 3);
    expect([log.lastIndex, log.lastTerm, log.termAt(0), log.termAt(2), log.termAt(3), log.termAt(4)]).toEqual([3, 3, 0, 1, 3, 0]);
    expect(() => log.at(4)).toThrow('assertion: the log of 3 entries has no index 4');
  });

  test('refuses a term that falls', () => {
    expect(() => logOf(2, 1)).toThrow('assertion: the term falls from 2 to 1');
  });

  test('loses the entries from an index on, and what they measured', () => {
    const log = logOf(1, 2, 3);
    log.slice(1, 100, (entry) => entry.bytes);
    log.truncate(2);
    log.truncate(7);
    log.append({ term: 4, bytes: 25 });
    expect(log.entries.map(({ term }) => term)).toEqual([1, 4]);
    expect(log.slice(2, 100, (entry) => entry.bytes).bytes).toBe(25);
  });

  test('slices to a byte limit, at least one entry, each measured once', () => {
    const log = logOf(1, 1, 1, 1);
    let measured = 0;
    const bytesOf = (entry: Entry) => {
      measured++;
      return entry.bytes;
    };
    expect(log.slice(2, 25, bytesOf)).toEqual({ entries: [log.at(2), log.at(3)], bytes: 20 });
    expect(log.slice(2, 25, bytesOf).entries).toHaveLength(2);
    expect(measured).toBe(3);
    expect(log.slice(4, 5, bytesOf)).toEqual({ entries: [log.at(4)], bytes: 10 });
    expect(log.slice(5, 5, bytesOf)).toEqual({ entries: [], bytes: 0 });
  });

  test('finds where a term begins and ends', () => {
    const log = logOf(1, 1, 4, 4, 4, 6);
    expect([1, 2, 5, 6].map((index) => log.firstOfTermAt(index))).toEqual([1, 1, 3, 6]);
    expect([0, 1, 3, 4, 5, 6, 9].map((term) => log.lastUpToTerm(term))).toEqual([0, 2, 2, 5, 5, 6, 6]);
  });
});
