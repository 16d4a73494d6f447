// An aim waits for its moments in order at one node, lets some pass, and strikes once.
import { expect, test } from 'vitest';
import type { Moment } from '../sim/moments.ts';
import { Aims } from './aims.ts';
import type { Aim, Plan } from './kinds.ts';

/** Who was struck when, by what was seen as '<ms> <node> <moment>'. */
function struck(aim: Partial<Aim> & Pick<Aim, 'moments'>, seen: readonly string[]): readonly string[] {
  const strikes: string[] = [];
  let nowMs = 0;
  const entry: Plan['schedule'][number] = { atMs: 10, aim: { passes: 0, afterMs: 0, untilMs: 100, ...aim }, fault: { name: 'crash', index: 0, phase: 'begin' }, action: { type: 'crash', node: 'any', disk: 'keep' } };
  const aims = new Aims([entry], (_, node) => strikes.push(`${nowMs} ${node}`));
  for (const line of seen) {
    const [ms, node = '', moment] = line.split(' ');
    nowMs = Number(ms);
    aims.see(node, moment as Moment, nowMs);
  }
  return strikes;
}

test('the moments come in order at one node, with others between', () => {
  expect(struck({ moments: ['epoch', 'sent'] }, ['20 n1 sent', '21 n1 epoch', '22 n2 sent', '23 n2 epoch', '24 n1 durable', '25 n2 sent', '26 n1 sent'])).toEqual(['25 n2']);
});

test('it waits for its time, lets some pass, strikes once, and is over in the end', () => {
  expect(struck({ moments: ['flush'] }, ['9 n1 flush', '10 n1 flush', '11 n1 flush'])).toEqual(['10 n1']);
  expect(struck({ moments: ['flush'], passes: 2 }, ['10 n1 flush', '11 n2 flush', '12 n1 flush', '13 n2 flush'])).toEqual(['12 n1']);
  expect(struck({ moments: ['flush'] }, ['100 n1 flush'])).toEqual([]);
  expect(struck({ moments: ['flush'], node: 'n2' }, ['10 n1 flush', '11 n2 flush'])).toEqual(['11 n2']);
});

test('what a strike lets others see finds no aim that has struck', () => {
  const strikes: string[] = [];
  const entry = (index: number): Plan['schedule'][number] => ({ atMs: 0, aim: { moments: ['flush'], passes: 0, afterMs: 0, untilMs: 100 }, fault: { name: 'crash', index, phase: 'begin' }, action: { type: 'restart', node: 'any' } });
  const aims: Aims = new Aims([entry(0), entry(1)], ({ entries }, node) => {
    strikes.push(`${entries[0]?.fault.index} ${node}`);
    if (strikes.length < 5) aims.see('n9', 'flush', 1);
  });
  aims.see('n1', 'flush', 1);
  expect(strikes).toEqual(['0 n1', '1 n9']);
});
