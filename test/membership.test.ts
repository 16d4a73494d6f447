// Members change in the simulator: every member of the beginning is replaced, dead or alive, and what was acknowledged survives;
// and changes at random times amid crashes, partitions and loss break no claim.
import { describe, expect, test } from 'vitest';
import { paxos } from '../node/protocols/paxos.ts';
import { raft } from '../node/protocols/raft.ts';
import { crashes, partitions, reconfigurations, SPARES } from '../orchestrator/conformance/trouble.ts';
import { violations } from '../orchestrator/conformance/trial.ts';
import type { Action, LabEvent } from '../orchestrator/kinds.ts';
import { runTrial } from './trial.ts';

type Timed = { readonly atMs: number; readonly action: Action };

/** n1 n2 n3 by n4 n5 n6, one after the other; each is stopped or wiped once it has left. */
function replaced(leaves: (node: string) => Action): readonly Timed[] {
  return [1, 2, 3].flatMap((number): readonly Timed[] => [
    { atMs: number * 2_000, action: { type: 'start', node: `n${number + 3}` } },
    { atMs: number * 2_000, action: { type: 'reconfigure', add: [`n${number + 3}`], remove: [`n${number}`] } },
    { atMs: number * 2_000 + 1_500, action: leaves(`n${number}`) },
  ]);
}

describe.each([raft, paxos])('when every node of $name is replaced', (protocol) => {
  test.each([
    ['stopped', (node: string): Action => ({ type: 'stop', node, graceMs: 0 })],
    ['lost with its disk', (node: string): Action => ({ type: 'crash', node, disk: 'wipe' })],
    ['left running', (node: string): Action => ({ type: 'resume', node })],
  ])('and then %s, what was acknowledged survives', async (_, leaves) => {
    const changes: LabEvent[] = [];
    const members = new Map<string, string>();
    const outcome = await runTrial(protocol, { seed: '1', nodes: 3, spares: 3, measureMs: 12_000, actions: replaced(leaves) }, (event) => {
      if (event.type === 'answered') changes.push(event);
      if (event.type === 'status') members.set(event.node, event.status.configurations.map((configuration) => configuration.members.join(' ')).join(' and '));
    });
    expect(changes.map((event) => event.type === 'answered' && event.reply.outcome)).toEqual(['ok', 'ok', 'ok']);
    expect(violations(outcome)).toEqual([]);
    expect(outcome.calls.filter(({ atMs, outcome: result }) => atMs > 9_000 && result !== 'ok')).toEqual([]);
    expect(['n4', 'n5', 'n6'].map((id) => members.get(id))).toEqual(Array.from({ length: 3 }, () => 'n4 n5 n6'));
  });

  test('a majority that is lost with its disks is not made good by a change: nothing is answered with ok', async () => {
    const actions: readonly Timed[] = [
      ...['n1', 'n2'].map((node): Timed => ({ atMs: 2_000, action: { type: 'crash', node, disk: 'wipe' } })),
      { atMs: 3_000, action: { type: 'start', node: 'n4' } }, { atMs: 3_000, action: { type: 'reconfigure', add: ['n4'], remove: ['n1'] } },
    ];
    const answers: string[] = [];
    const outcome = await runTrial(protocol, { seed: '1', nodes: 3, spares: 1, measureMs: 60_000, ratePerSecond: 2, actions }, (event) => {
      if (event.type === 'answered') answers.push(event.reply.outcome);
    });
    expect(answers).not.toContain('ok');
    expect(outcome.calls.filter(({ atMs, outcome: result }) => atMs > 8_000 && result === 'ok')).toEqual([]);
  });
});

describe('changes at random times, amid crashes, partitions and loss', () => {
  const PER_TEST = 25;
  const troubleMs = 10_000;
  const measureMs = 14_000;
  /** Whoever is down then comes back, so that the last that was acknowledged can be looked for. */
  const back = ['n1', 'n2', 'n3', 'n4', 'n5'].map((node): Timed => ({ atMs: troubleMs, action: { type: 'start', node } }));

  test.each(Array.from({ length: 10 }, (_, index) => index * PER_TEST))('seeds from %i on keep every claim', { timeout: 120_000 }, async (first) => {
    let changed = 0;
    for (let seed = first; seed < first + PER_TEST; seed++) {
      const name = `members-${seed}`;
      const actions = [...reconfigurations(name), ...crashes(name), ...partitions(name)].filter(({ atMs, action }) => atMs < troubleMs || (action.type === 'cut' && action.cuts === null)).concat(back).sort((a, b) => a.atMs - b.atMs);
      const outcome = await runTrial(raft, { seed: name, spares: SPARES.length, measureMs, settleMs: 5_000, ratePerSecond: 15, fsyncMs: 8, link: { lossPct: 5, duplicatePct: 5, jitterMs: 15, order: 'reorder' }, actions }, (event) => {
        if (event.type === 'answered' && event.reply.outcome === 'ok') changed++;
      });
      expect(violations(outcome), name).toEqual([]);
    }
    expect(changed).toBeGreaterThan(2 * PER_TEST);
  });
});
