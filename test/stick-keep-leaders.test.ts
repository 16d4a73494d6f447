// STICK's keepLeaders: a change of members waits until it changes no leader of so many rounds to come, and is made all the same.
import { describe, expect, test } from 'vitest';
import type { NodeId } from '../node/contract.ts';
import { stick } from '../node/protocols/stick.ts';
import { leaderOf } from '../node/protocols/stick/leaders.ts';
import { violations } from '../orchestrator/conformance/trial.ts';
import { runTrial } from './trial.ts';

const MEMBERS = ['n1', 'n2', 'n3', 'n4', 'n5'];
const REMAINING = MEMBERS.filter((id) => id !== 'n2');
const leads = (round: number, members: readonly NodeId[]) => leaderOf(round, members, (id) => `198.18.0.${10 + Number(id.slice(1))}`);

/** The round whose leader took the removal of n2 up, and that of its second entry. */
async function removal(variant: string, keepLeaders: number, seed: string): Promise<{ readonly takenUp: number; readonly done: number; readonly violated: readonly unknown[] }> {
  let [takenUp, done] = [0, 0];
  const outcome = await runTrial(stick, {
    seed, nodes: 5, measureMs: 40_000, ratePerSecond: 5, options: { variant, roundMs: 500, keepLeaders }, actions: [{ atMs: 5_000, action: { type: 'reconfigure', add: [], remove: ['n2'] } }],
  }, (event) => {
    if (event.type === 'status' && event.status.configurations.length > 1 && takenUp === 0) takenUp = event.status.epoch;
    if (event.type === 'answered' && event.reply.outcome === 'ok') done = event.reply.at.epoch;
  });
  return { takenUp, done, violated: violations(outcome) };
}

/** How many rounds after this one keep their leader without n2. */
function kept(round: number): number {
  let next = round + 1;
  while (next < round + 50 && leads(next, MEMBERS) === leads(next, REMAINING)) next++;
  return next - round - 1;
}

describe.each(['report', 'ack'])('%s', (variant) => {
  test('takes a change up at once without the rule, and with it in the first round that keeps so many leaders', async () => {
    let waited = 0;
    for (const seed of ['keep-1', 'keep-2', 'keep-3', 'keep-4']) {
      const free = await removal(variant, 0, seed);
      const ruled = await removal(variant, 4, seed);
      expect([...free.violated, ...ruled.violated]).toEqual([]);
      let first = free.takenUp;
      while (kept(first) < 4) first++;
      expect([free.takenUp > 0, ruled.takenUp, ruled.done > ruled.takenUp], seed).toEqual([true, first, true]);
      waited += ruled.takenUp - free.takenUp;
    }
    expect(waited).toBeGreaterThan(0);
  });

  test('waits without harm where no round keeps so many: nothing but the change is held up', async () => {
    const { takenUp, done, violated } = await removal(variant, 1000, 'keep-1');
    expect([takenUp, done, violated]).toEqual([0, 0, []]);
  });
});
