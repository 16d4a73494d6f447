// What a certificate means to a run: valid, invalid or no baseline, and nothing at all where there is none.
import { describe, expect, test } from 'vitest';
import { planWith, Stream } from '../../test/event-stream.ts';
import { registers } from '../../test/histories.ts';
import type { ProbeSample } from '../../netem/probe.ts';
import type { AnyProtocol } from '../../node/contract.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import { exitCodeOf, judge } from '../judge.ts';
import type { LabEvent, Plan, Summary, Workload } from '../kinds.ts';
import { factsOf } from './facts.ts';

const DELAY_MS = 40;
const row = (to: string) => ({ [to]: { ...PERFECT_LINK, delayMs: DELAY_MS } });
const PLAN = planWith({ runner: 'local', shaper: 'userspace', links: { n1: { ...row('n2'), ...row('n3') }, n2: { ...row('n1') } } });
const PROTOCOL: AnyProtocol = { name: 'raft', summary: '', defaults: {}, create: () => { throw new Error('not run here'); } };

function probes(from: string, to: string, delayMs: (index: number) => number, phase: 'idle' | 'during' = 'idle'): LabEvent {
  const samples = Array.from({ length: 50 }, (_, index): ProbeSample => [index + 1, index * 20 - 2_000, delayMs(index)]);
  return { atMs: phase === 'idle' ? -500 : 500, node: 'lab', life: 0, sequence: 0, type: 'certificate', phase, from, to, trip: 'one-way', bytes: 60, sent: 50, samples };
}

function summaryOf(events: readonly LabEvent[], plan: Plan = PLAN): Summary {
  const judged = judge(plan, { protocol: PROTOCOL, workload: { model: registers(null) } as unknown as Workload, checks: [] });
  for (const event of [...events, ...new Stream().status('n1', { role: 'leader', epoch: 1 }).events]) judged.observe(event);
  return judged.finish(false);
}

const about = (text: RegExp, lines: readonly string[]) => lines.filter((line) => text.test(line));

describe('the certificate of a run', () => {
  test('that is ok changes nothing but the network of the closed form', () => {
    const summary = summaryOf([probes('n1', 'n2', (index) => DELAY_MS + 0.4 + index / 1_000)]);
    expect(about(/network|host/, [...summary.invalid, ...summary.baseline.because])).toEqual([]);
    expect(summary.certificate?.verdict).toBe('ok');
    const { oneWayMs } = factsOf(PLAN, 1, summary.certificate);
    expect(oneWayMs['n1']?.['n2']).toBeCloseTo(DELAY_MS + 0.4245, 3);
    expect([oneWayMs['n2']?.['n1'], oneWayMs['n1']?.['n3']]).toEqual([DELAY_MS, DELAY_MS]);
  });

  test('makes a run on another network invalid, with exit code 2', () => {
    const summary = summaryOf([probes('n1', 'n2', () => 0.1), probes('n2', 'n1', () => DELAY_MS)]);
    expect(summary.invalid).toContain('the network is not as configured: n1 → n2: minimum delay 0.1 ms, asked 40 ms (-2 … +1.5 ms)');
    expect({ publishable: summary.publishable, fit: summary.baseline.fit, exit: exitCodeOf([summary]) }).toEqual({ publishable: false, fit: false, exit: 2 });
  });

  test('and so do drops in the queue of a link without loss, and a change while the run goes', () => {
    const counters: LabEvent = { atMs: 900, node: 'lab', life: 0, sequence: 1, type: 'counters', links: [{ from: 'n1', to: 'n2', packets: 90, drops: 10, backlogPackets: 0, limitPackets: 50 }] };
    const right = probes('n1', 'n2', () => DELAY_MS);
    expect(about(/n1 → n2: its queue dropped 10 of 100 packets/, summaryOf([right, counters]).invalid)).toHaveLength(1);
    expect(about(/n1 → n2: .*the network changed/, summaryOf([right, probes('n1', 'n2', () => DELAY_MS + 20, 'during')]).invalid)).toHaveLength(1);
  });

  test('of a busy host bars a baseline, in one line', () => {
    const busy = (index: number) => DELAY_MS + (index % 3) * 4;
    const { invalid, baseline } = summaryOf([probes('n1', 'n2', busy), probes('n2', 'n1', busy)]);
    expect(about(/network/, invalid)).toEqual([]);
    expect(about(/^the host is too busy to keep the links exactly: n1 → n2: .*, and 1 more link$/, baseline.because)).toHaveLength(1);
  });

  test('names five links and counts the others', () => {
    const ids = Array.from({ length: 8 }, (_, index) => `n${index + 1}`);
    const links = { n1: Object.fromEntries(ids.slice(1).map((to) => [to, { ...PERFECT_LINK, delayMs: DELAY_MS }])) };
    const { invalid } = summaryOf(ids.slice(1).map((to) => probes('n1', to, () => 5)), { ...PLAN, links });
    expect(about(/network/, invalid)).toHaveLength(5);
    expect(about(/n1 → n6: .*, and 2 more links$/, invalid)).toHaveLength(1);
  });

  test('is absent where nothing was probed, as in the results of earlier labs', () => {
    const summary = summaryOf([]);
    expect('certificate' in summary).toBe(false);
    expect(about(/network/, summary.invalid)).toEqual([]);
  });
});
