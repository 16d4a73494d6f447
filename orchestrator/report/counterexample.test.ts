// The page of a history that has no order: what it says of the dead end, and that it says no more than it was given.
import { describe, expect, test } from 'vitest';
import { judgeHistory } from '../histories/judge.ts';
import { ndjson } from '../histories/ndjson.ts';
import { whyNot } from './counterexample-words.ts';
import { counterexamplePage, type CounterexampleRow } from './counterexample.ts';

const line = (id: string, [fromMs, toMs]: readonly [number, number | null], op: object, value: string | null) =>
  JSON.stringify({ client: id, id, op: { key: 'k', ...op }, invokedMs: fromMs, repliedMs: toMs, reply: toMs === null ? null : { outcome: 'ok', value } });

function rowOf(name: string, ...lines: readonly string[]): CounterexampleRow {
  return { name, model: ndjson.model, ...judgeHistory(ndjson.parse({ place: name, text: lines.join('\n') }), ndjson.model, { maxSteps: 10_000 }) };
}

const stale = rowOf('stale <b>',
  line('a', [0, 1], { type: 'put', value: '<i>' }, null), line('b', [2, 9], { type: 'put', value: 'y' }, null),
  line('c', [3, 4], { type: 'get' }, 'y'), line('d', [5, 6], { type: 'get' }, '<i>'), line('e', [0, null], { type: 'put', value: 'z' }, null), line('f', [20, 21], { type: 'get' }, 'y'));

/** The text of the page, without its style. */
const told = (page: string) => page.replace(/<style>.*?<\/style>/s, '').replaceAll(/<title>.*?<\/title>/gs, '').replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

describe('the page', () => {
  test('names the state, what is stuck and why, and the calls that nobody answered', () => {
    const page = counterexamplePage([stale], 'mine');
    expect(told(page)).toContain('The longest order that explains the answers takes 3 of them; the state is then &#39;y&#39; , and next would have to be one of these, of which none can be:');
    expect(told(page)).toContain('d get k line 4 &#39;&lt;i&gt;&#39; it read &#39;&lt;i&gt;&#39;, but the state is &#39;y&#39;');
    expect(told(page)).toContain('one call of unknown outcome could have come between: every way to use it was tried');
    expect(page).not.toMatch(/<i>|stale <b>|<script|src=|href="(?!data:)/);
  });

  test('numbers the calls of the order, and tells the others apart', () => {
    const page = counterexamplePage([stale], 'mine');
    const bars = [...page.matchAll(/<rect class="call ([\w ]+)".*?<title>line (\d+), process (\w+): ([^<]*)<\/title>/g)].map(([, kind, , process, text]) => `${process} ${kind} ${text}`);
    expect(bars).toEqual(['a taken 1. put &lt;i&gt;', 'b taken 2. put y', 'c taken 3. get → y', 'd stuck get → &lt;i&gt;', 'e open never put z, outcome unknown', 'f later get → y']);
  });

  test('says of a read that nothing leads to it, and which calls would be legal', () => {
    const row = rowOf('lost', line('a', [0, 1], { type: 'append', value: 'a' }, null), line('b', [2, 3], { type: 'append', value: 'b' }, null), line('c', [4, 7], { type: 'get' }, 'b'), line('d', [5, 8], { type: 'append', value: 'd' }, null));
    expect(told(counterexamplePage([row], 'lost'))).toContain('Nothing leads from this state to what get k of process c (line 3) was told: it read &#39;b&#39;, but the state is &#39;a&#39;');
    expect(told(counterexamplePage([row], 'lost'))).toContain('it could be, but then the read above cannot be answered so');
  });

  test('draws no more than it says', () => {
    const many = counterexamplePage(Array.from({ length: 30 }, () => stale), 'many');
    expect(many.match(/class="timeline"/g)).toHaveLength(20);
    expect(told(many)).toContain('In 30 of 30 histories no order of the operations explains what the clients were told.');
    expect(told(many)).toContain('10 more that are not linearizable are listed below only.');
  });

  test('says when all is well, and when nothing was decided', () => {
    const good = rowOf('good', line('a', [0, 1], { type: 'put', value: 'x' }, null));
    expect(told(counterexamplePage([good], 'good'))).toContain('Some order explains every answer.');
    expect(told(counterexamplePage([rowOf('empty')], 'empty'))).toContain('It could not be decided');
    expect(told(counterexamplePage([good, rowOf('empty')], 'two'))).toContain('Some order explains every answer in 1 of 2 histories. 1 could not be decided.');
  });
});

test('of two long values the place where they part is told', () => {
  const same = 'x 1 1 y'.repeat(20);
  expect(whyNot({ type: 'get', key: 'k' }, `${same}left`, `=${same}right`)).toBe(
    'what it read (144 characters) and the state (145) are the same for 140 characters; then what it read goes on with \'1 1 yx 1 1 yleft\', and the state goes on with \'1 1 yx 1 1 yright\'');
});
