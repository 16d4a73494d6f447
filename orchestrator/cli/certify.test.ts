// The certificate on real processes: every pair is probed over its own socket, a link that is not as configured is noticed
// before the run and while it goes, and probes are in no figure. No figure of time is asserted but planted ones.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PERFECT_LINK } from '../../netem/link.ts';
import type { LinkMatrix } from '../../netem/link.ts';
import type { Shaper } from '../../netem/shaper.ts';
import { userspace } from '../../netem/shell/userspace.ts';
import { BUILTINS, createRegistry, named } from '../builtins.ts';
import { parseExperiment } from '../experiment.ts';
import { exitCodeOf, judge } from '../judge.ts';
import type { LabEvent, Plan, Runner, Summary } from '../kinds.ts';
import { Certified } from '../metrics/certified.ts';
import { factsOf } from '../metrics/facts.ts';
import { makePlans } from '../plan.ts';
import { LinkProber } from './certify.ts';
import { type Cluster, createRealtimeRunner } from './realtime.ts';
import { createLocalRunner, openLocalCluster } from './runners/local.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-certify-'));
afterAll(() => rmSync(folder, { recursive: true }));
const REGISTRY = createRegistry([BUILTINS]);
const WRONG_MS = 20;

function planOf(text: string): Plan {
  const { supports } = createLocalRunner(null);
  const [plan] = makePlans(parseExperiment(text, 'test', REGISTRY), { runner: 'local', supports });
  return plan as Plan;
}

/** The local runner with this shaper. */
function withShaper(shaper: Shaper): Runner {
  return createRealtimeRunner({
    name: 'local', summary: '', plugins: [], shapers: [shaper], freePorts: true, probe: () => Promise.resolve({ ok: true }),
    openTrial: () => Promise.reject(new Error('nothing is tried here')), open: (plan, where) => openLocalCluster(plan, where, null),
  });
}

function plus(links: LinkMatrix, from: string, to: string, ms: number): LinkMatrix {
  const link = links[from]?.[to] ?? PERFECT_LINK;
  return { ...links, [from]: { ...links[from], [to]: { ...link, delayMs: link.delayMs + ms } } };
}

/** Wrong from the start between n1 and n2, and from 0.2 s of the run on between n2 and n3. */
const WRONG: Shaper = {
  ...userspace,
  open(run) {
    const inner = userspace.open(run);
    let timer: NodeJS.Timeout | undefined;
    return {
      async apply(links, sites) {
        const wrong = plus(links, 'n1', 'n2', WRONG_MS);
        await inner.apply(wrong, sites);
        timer ??= setInterval(() => {
          if (run.now() < 200) return;
          clearInterval(timer);
          void inner.apply(plus(wrong, 'n2', 'n3', WRONG_MS), sites);
        }, 50);
      },
      close: () => {
        clearInterval(timer);
        return inner.close();
      },
    };
  },
};

/** Nothing gets through. */
const DEAD: Shaper = {
  ...userspace,
  open(run) {
    const inner = userspace.open(run);
    return { ...inner, apply: (links, sites) => inner.apply(Object.fromEntries(Object.entries(links).map(([from, row]) => [from, Object.fromEntries(Object.entries(row).map(([to, link]) => [to, { ...link, lossPct: 100 }]))])), sites), close: () => inner.close() };
  },
};

async function eventsOf(runner: Runner, plan: Plan, purpose: 'run' | 'certify'): Promise<readonly LabEvent[]> {
  const events: LabEvent[] = [];
  await runner[purpose](plan, { folder: mkdtempSync(join(folder, 'run-')), stop: { requested: false }, progress: () => undefined, emit: (event) => events.push(event) });
  return events;
}

const probesOf = (events: readonly LabEvent[], phase: 'idle' | 'during') => events.flatMap((event) => (event.type === 'certificate' && event.phase === phase ? [event] : []));

describe('the idle network alone', () => {
  test('every pair is probed, and nothing else happens', async () => {
    const plan = planOf('name: alone\nprotocols: [raft]\nnodes: 3\nnetwork: { wan: aws-5 }\n');
    const events = await eventsOf(createLocalRunner(null), plan, 'certify');
    expect(events.map((event) => event.type)).toEqual(Array.from({ length: 6 }, () => 'certificate'));
    const certified = new Certified(plan);
    for (const event of probesOf(events, 'idle')) certified.observe(event);
    const certificate = certified.finish();
    expect(certificate?.rows.map(({ from, to }) => `${from} ${to}`).sort()).toEqual(['n1 n2', 'n1 n3', 'n2 n1', 'n2 n3', 'n3 n1', 'n3 n2']);
    for (const row of certificate?.rows ?? []) expect(row).toMatchObject({ trip: 'one-way', sent: 50, configured: { delayMs: plan.links[row.from]?.[row.to]?.delayMs } });
  });

  test('one that is stopped ends, and leaves nothing', async () => {
    const stop = { requested: false };
    const events: LabEvent[] = [];
    await createLocalRunner(null).certify(planOf('name: stopped\nprotocols: [raft]\nnodes: 3\nnetwork: { wan: aws-5 }\n'), {
      folder: mkdtempSync(join(folder, 'run-')), stop, emit: (event) => events.push(event), progress: (text) => { stop.requested = text.startsWith('probing'); },
    });
    expect(stop.requested).toBe(true);
  });

  test('a network on which nothing arrives ends the run before it begins, in one line with what to look for', async () => {
    const plan = planOf('name: dead\nprotocols: [raft]\nnodes: 3\nnetwork: { wan: lan }\n');
    const ended = await eventsOf(withShaper(DEAD), plan, 'run').then(() => null, (error: unknown) => error);
    expect(ended).toMatchObject({ code: 'machine-lacks', message: 'none of 300 datagrams between the nodes arrived, on links without loss', hint: expect.stringContaining('firewall') as string });
  });

  test('a run that is stopped while a fault is on is not probed any more, and timers are not starved', async () => {
    const plan = planOf('name: stopped\nprotocols: [raft]\nnodes: 3\nnetwork: { wan: aws-5 }\n');
    const ended = new AbortController();
    let asked = 0;
    const prober = new LinkProber({
      plan, cluster: { isUp: () => true } as unknown as Cluster, now: () => 0, emit: () => undefined, progress: () => undefined, stopped: () => true,
    });
    const quietMs = (): number => {
      // What never lets a timer fire would hang the test itself.
      if (++asked > 1_000) throw new Error('it goes on without a pause');
      return 0;
    };
    await prober.during({ changes: 0, isAsPlanned: () => true }, quietMs, ended.signal);
    expect(asked).toBe(0);
  });
});

describe('a run on a network that is not as configured', () => {
  let plan: Plan;
  let events: readonly LabEvent[];
  let summary: Summary;
  beforeAll(async () => {
    plan = planOf('name: wrong\nprotocols: [raft]\nnodes: 3\nnetwork: { wan: aws-5 }\nload: { rate: 20/s, timeout: 2s }\nrun: { warmup: 1s, measure: 10s, settle: 2s }\nfaults: [{ at: 9s, pause: n3, for: 500ms }]\n');
    events = await eventsOf(withShaper(WRONG), plan, 'run');
    const judged = judge(plan, { protocol: named(REGISTRY.protocols, plan.protocol, 'protocol'), workload: named(REGISTRY.workloads, plan.load.workload, 'workload'), checks: REGISTRY.checks });
    for (const event of events) judged.observe(event);
    summary = judged.finish(false);
  });

  test('is invalid: the link is named with what was asked and what was got', () => {
    expect(summary.certificate?.verdict).toBe('out');
    expect(summary.certificate?.rows.find(({ from, to }) => from === 'n1' && to === 'n2')?.verdict).toBe('out');
    expect(summary.invalid).toContainEqual(expect.stringMatching(/^the network is not as configured: n1 → n2: minimum delay [\d.]+ ms, asked [\d.]+ ms/));
    expect({ publishable: summary.publishable, fit: summary.baseline.fit, exit: exitCodeOf([summary]) }).toEqual({ publishable: false, fit: false, exit: 2 });
  });

  test('and so is one whose network changes while it goes', () => {
    expect(summary.certificate?.breaches.some(({ from, to, text }) => from === 'n2' && to === 'n3' && text.includes('the network changed'))).toBe(true);
  });

  test('the closed form is told what the links achieve', () => {
    const facts = (certificate: Summary['certificate'] | null) => factsOf(plan, 1, certificate ?? null).oneWayMs['n1']?.['n2'] ?? NaN;
    expect(facts(null)).toBe(plan.links['n1']?.['n2']?.delayMs);
    expect(facts(summary.certificate)).toBeGreaterThan(facts(null) + WRONG_MS / 2);
  });

  test('every pair and every client was probed before it began, and some while it went, but not during the fault', () => {
    const idle = probesOf(events, 'idle');
    expect(idle.filter(({ trip }) => trip === 'one-way')).toHaveLength(6);
    expect(idle.filter(({ trip, node }) => trip === 'round' && node === 'load')).toHaveLength(3 * plan.load.clients.length);
    expect(idle.every(({ atMs }) => atMs < 0)).toBe(true);
    const times = events.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const faults = events.filter((event) => event.type === 'fault').map(({ atMs }) => atMs);
    expect(faults).toHaveLength(2);
    const [begin = 0, end = 0] = faults;
    const during = probesOf(events, 'during').flatMap(({ samples }) => samples.map(([, sentMs]) => sentMs));
    expect(during.length).toBeGreaterThan(0);
    expect(during.filter((sentMs) => sentMs >= begin && sentMs <= end)).toEqual([]);
    expect(during.every((sentMs) => sentMs > 0)).toBe(true);
  });

  test('no probe is in the traffic of the protocol', () => {
    for (const { id } of plan.nodes) {
      const own = events.filter(({ node }) => node === id);
      const totals = own.findLast((event) => event.type === 'traffic');
      expect(totals).toMatchObject({ sent: own.filter(({ type }) => type === 'sent').length, received: own.filter(({ type }) => type === 'received').length, foreign: 0, corrupt: 0 });
    }
  });
});
