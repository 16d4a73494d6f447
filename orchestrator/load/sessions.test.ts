// The clients in virtual time against a scripted cluster: arrivals, retries, outcomes, routes.
import { describe, expect, test } from 'vitest';
import type { Command, NodeId } from '../../node/contract.ts';
import type { Reply } from '../../node/replica.ts';
import type { ClientEvent, Plan, Workload } from '../kinds.ts';
import { PERFECT_LINK } from '../../netem/link.ts';
import { arrivals } from './arrivals.ts';
import { Sessions } from './sessions.ts';

const workload = {
  name: 'put', summary: '', params: undefined, model: undefined,
  *operations(_params: unknown, client: number) {
    for (let count = 0; ; count++) yield { type: 'put', key: 'x', value: `${client}-${count}` };
  },
} as unknown as Workload;

function planOf(load: Partial<Plan['load']> = {}): Plan {
  const delay = (delayMs: number) => ({ ...PERFECT_LINK, delayMs });
  return {
    seed: 's1', leader: null, warmupMs: 0, measureMs: 10_000, settleMs: 5_000,
    nodes: ['n1', 'n2', 'n3'].map((id) => ({ id })),
    links: { east: { n1: delay(30), n2: delay(10), n3: delay(20) } },
    load: {
      params: null, clients: [{ region: 'east', count: 1 }], ratePerSecond: 20, arrivals: 'poisson', target: 'nearest',
      atFollower: 'forward', timeoutMs: 4_000, retryMs: 1_000,
      backOff: { kind: 'exponential', firstMs: 20, mostMs: 1_000 }, breaker: null, batch: 1, maxSessions: 50, ...load,
    },
    schedule: [],
  } as unknown as Plan;
}

type Answer = (to: NodeId, command: Command, attempt: number, nowMs: number) => { readonly afterMs: number; readonly reply: Reply } | null;
const ok: Reply = { outcome: 'ok', value: null, at: { epoch: 1, slot: 1 } };

/** Runs the sessions to their end; answer: what the cluster says, null: nothing. */
function run(plan: Plan, answer: Answer, asked: Workload = workload) {
  const agenda: { atMs: number; order: number; run: () => void }[] = [];
  const events: (ClientEvent & { atMs: number })[] = [];
  const attempts = new Map<string, number>();
  const requests: { readonly atMs: number; readonly to: NodeId; readonly ids: readonly string[] }[] = [];
  let nowMs = 0;
  let order = 0;
  const at = (atMs: number, action: () => void) => agenda.push({ atMs: Math.max(atMs, nowMs), order: order++, run: action });
  const sessions = new Sessions(plan, asked, {
    now: () => nowMs, at,
    request: (_region, to, commands, answered) => {
      requests.push({ atMs: nowMs, to, ids: commands.map(({ id }) => id) });
      const results = commands.map((command) => {
        const attempt = attempts.get(command.id) ?? 0;
        attempts.set(command.id, attempt + 1);
        return answer(to, command, attempt, nowMs);
      });
      if (results.every((result) => result !== null)) at(nowMs + Math.max(...results.map(({ afterMs }) => afterMs)), () => answered(results.map(({ reply }) => reply)));
    },
    emit: (event) => events.push({ ...event, atMs: nowMs }),
  });
  sessions.start();
  while (agenda.length > 0) {
    agenda.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    const next = agenda.shift();
    if (next === undefined) break;
    nowMs = next.atMs;
    next.run();
  }
  const replies = events.filter((event) => event.type === 'reply');
  const sent = events.filter((event) => event.type === 'attempt');
  const invoked = events.filter((event) => event.type === 'invoke');
  const waits = events.filter((event) => event.type === 'back-off');
  const breakers = events.filter((event) => event.type === 'breaker');
  return { sessions, replies, sent, invoked, waits, breakers, requests };
}

describe('arrivals', () => {
  test('are fixed by the seed, rise, and come at the given rate in the given shares', () => {
    const plan = { ...planOf({ ratePerSecond: 100, clients: [{ region: 'a', count: 1 }, { region: 'b', count: 3 }] }), measureMs: 100_000 };
    const all = [...arrivals(plan)];
    expect(all).toEqual([...arrivals(plan)]);
    expect(all.every(({ atMs }, index) => index === 0 || atMs >= (all[index - 1]?.atMs ?? 0))).toBe(true);
    expect(Math.abs(all.length - 10_000)).toBeLessThan(400);
    expect(Math.abs(all.filter(({ region }) => region === 'b').length / all.length - 0.75)).toBeLessThan(0.02);
  });

  test('of one region do not change when another is added', () => {
    const one = [...arrivals(planOf({ ratePerSecond: 10, clients: [{ region: 'a', count: 1 }] }))];
    const two = [...arrivals(planOf({ ratePerSecond: 20, clients: [{ region: 'a', count: 1 }, { region: 'b', count: 1 }] }))];
    expect(two.filter(({ region }) => region === 'a')).toEqual(one);
  });

  test('at a constant rate are evenly spaced', () => {
    const all = [...arrivals(planOf({ arrivals: 'constant', ratePerSecond: 10 }))];
    expect(all.length).toBe(100);
    expect((all[50]?.atMs ?? 0) - (all[49]?.atMs ?? 0)).toBeCloseTo(100, 6);
  });
});

describe('outcomes', () => {
  test('every arrival is answered once, at the nearest node, and a session is used again', () => {
    const { sessions, replies, sent, invoked } = run(planOf(), () => ({ afterMs: 30, reply: ok }));
    expect(replies).toHaveLength(invoked.length);
    expect(new Set(sent.map(({ to }) => to))).toEqual(new Set(['n2']));
    expect(sessions.opened).toBeLessThan(invoked.length / 5);
    expect(sessions).toMatchObject({ outstanding: 0, capped: 0, finished: true });
  });

  test('a retry keeps the id, goes to another node, and an answer to it ends the command', () => {
    const { replies, sent } = run(planOf({ ratePerSecond: 1 }), (to) => (to === 'n2' ? null : { afterMs: 30, reply: ok }));
    expect(replies.every(({ reply }) => reply.outcome === 'ok')).toBe(true);
    const first = sent.filter(({ id }) => id === sent[0]?.id);
    expect(first.map(({ to }) => to)).toEqual(['n2', 'n3']);
    expect((first[1]?.atMs ?? 0) - (first[0]?.atMs ?? 0)).toBe(1_000);
  });

  test('a command that nobody answers is unknown at its timeout, and its session is retired', () => {
    const { replies, invoked, sessions } = run(planOf({ ratePerSecond: 1 }), () => null);
    expect(replies.every(({ reply }) => reply.outcome === 'unknown')).toBe(true);
    for (const reply of replies) {
      const intendedMs = invoked.find(({ command }) => command.id === reply.id)?.intendedMs ?? 0;
      expect(reply.atMs - intendedMs).toBeCloseTo(4_000, 6);
    }
    expect(sessions).toMatchObject({ opened: invoked.length, alive: 0 });
  });

  test('a command that every attempt refused is fail; one unanswered attempt makes it unknown', () => {
    const busy: Reply = { outcome: 'fail', reason: 'busy' };
    const refused = run(planOf({ ratePerSecond: 1 }), () => ({ afterMs: 5, reply: busy }));
    expect(refused.replies.every(({ reply }) => reply.outcome === 'fail')).toBe(true);
    expect(refused.sent.length).toBeLessThan(refused.invoked.length * 15);
    const mixed = run(planOf({ ratePerSecond: 1 }), (_to, _command, attempt) => (attempt === 0 ? { afterMs: 5, reply: { outcome: 'unknown', reason: 'timeout' } } : { afterMs: 5, reply: busy }));
    expect(mixed.replies.every(({ reply }) => reply.outcome === 'unknown')).toBe(true);
  });

  test('a refusal that names the leader is followed at once', () => {
    const { sent, replies } = run(planOf({ ratePerSecond: 1 }), (to) => (to === 'n1' ? { afterMs: 5, reply: ok } : { afterMs: 5, reply: { outcome: 'fail', reason: 'not-leader', leader: 'n1' } }));
    expect(replies.every(({ reply }) => reply.outcome === 'ok')).toBe(true);
    expect(sent.slice(0, 2).map(({ to }) => to)).toEqual(['n2', 'n1']);
    expect((sent[1]?.atMs ?? 0) - (sent[0]?.atMs ?? 0)).toBe(5);
  });

  test('arrivals above the cap on sessions are counted', () => {
    const { sessions, invoked } = run(planOf({ maxSessions: 3 }), () => ({ afterMs: 3_000, reply: ok }));
    expect(sessions.capped).toBeGreaterThan(100);
    expect(sessions.capped + invoked.length).toBe([...arrivals(planOf())].length);
  });
});

describe('routes', () => {
  test('spread asks each node in turn; leader stays with the leader that it learnt', () => {
    const spread = run(planOf({ target: 'spread' }), () => ({ afterMs: 5, reply: ok }));
    const counts = ['n1', 'n2', 'n3'].map((node) => spread.sent.filter(({ to }) => to === node).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    const leader = run(planOf({ target: 'leader' }), (to) => (to === 'n3' ? { afterMs: 5, reply: ok } : { afterMs: 5, reply: { outcome: 'fail', reason: 'not-leader', leader: 'n3' } }));
    expect(leader.sent.filter(({ to }) => to !== 'n3')).toHaveLength(1);
  });

  test('a node that refuses connections is passed over for a while', () => {
    const { sent, invoked } = run(planOf(), (to) => (to === 'n2' ? { afterMs: 1, reply: { outcome: 'unknown', reason: 'connection' } } : { afterMs: 5, reply: ok }));
    expect(sent.filter(({ to }) => to === 'n2').length).toBeLessThanOrEqual(12);
    expect(sent.length).toBeLessThan(invoked.length + 13);
  });
});

describe('back-off', () => {
  const busy: Reply = { outcome: 'fail', reason: 'busy' };
  const waitsOf = (backOff: Plan['load']['backOff'], arrivalsPerSecond = 0.5) => {
    const { waits } = run(planOf({ ratePerSecond: arrivalsPerSecond, backOff }), () => ({ afterMs: 5, reply: busy }));
    const [first] = waits;
    return waits.filter(({ id }) => id === first?.id).map(({ waitMs }) => waitMs);
  };

  test('exponential doubles with jitter up to its limit', () => {
    const waits = waitsOf({ kind: 'exponential', firstMs: 100, mostMs: 800 });
    expect(waits.length).toBeGreaterThan(5);
    waits.forEach((waitMs, index) => {
      const fullMs = Math.min(800, 100 * 2 ** index);
      expect(waitMs).toBeGreaterThanOrEqual(fullMs / 2);
      expect(waitMs).toBeLessThanOrEqual(fullMs);
    });
    expect(new Set(waits).size).toBe(waits.length);
  });

  test('fixed waits always the same, none not at all', () => {
    expect(new Set(waitsOf({ kind: 'fixed', firstMs: 50, mostMs: 800 }))).toEqual(new Set([50]));
    const { replies, sent } = run(planOf({ ratePerSecond: 0.5, timeoutMs: 300, backOff: { kind: 'none', firstMs: 50, mostMs: 800 } }), () => ({ afterMs: 5, reply: busy }));
    expect(replies.every(({ reply }) => reply.outcome === 'fail')).toBe(true);
    expect(sent.filter(({ id }) => id === sent[0]?.id)).toHaveLength(50);
  });
});

describe('a circuit breaker', () => {
  const breaker = { failures: 3, openMs: 1_000 };
  const lost: Reply = { outcome: 'unknown', reason: 'timeout' };
  const statesOf = ({ breakers }: ReturnType<typeof run>, node: NodeId) => breakers.filter(({ to }) => to === node).map(({ state }) => state);

  test('opens after so many failures in a row, lets one attempt try, and closes when that is answered', () => {
    const result = run(planOf({ breaker, ratePerSecond: 50 }), (to, _command, _attempt, nowMs) => ({ afterMs: 5, reply: to === 'n2' && nowMs < 2_500 ? lost : ok }));
    expect(statesOf(result, 'n2')).toEqual(['open', 'half-open', 'open', 'half-open', 'open', 'half-open', 'closed']);
    expect(statesOf(result, 'n3')).toEqual([]);
    const before = result.sent.filter(({ to, atMs }) => to === 'n2' && atMs < 2_500);
    // Three open it, what was on its way then still fails, and then one trial a second.
    expect(before.length).toBeLessThan(3 + 3 + 2);
    const openings = result.breakers.filter(({ state }) => state === 'open').map(({ atMs }) => atMs);
    const firstTrialMs = result.breakers.find(({ state }) => state === 'half-open')?.atMs ?? 0;
    expect(result.sent.filter(({ to, atMs }) => to === 'n2' && atMs > (openings[0] ?? 0) && atMs < firstTrialMs)).toEqual([]);
    expect(result.replies.every(({ reply }) => reply.outcome === 'ok')).toBe(true);
    expect(result.sent.filter(({ to, atMs }) => to === 'n2' && atMs > 4_000).length).toBeGreaterThan(200);
  });

  test('that is open at every node makes commands wait, and those that were never sent are certainly not done', () => {
    const result = run(planOf({ breaker: { failures: 1, openMs: 60_000 }, ratePerSecond: 5 }), () => ({ afterMs: 1, reply: lost }));
    expect(result.sent.length).toBeLessThan(10);
    const never = result.invoked.filter(({ command }) => !result.sent.some(({ id }) => id === command.id)).map(({ command }) => command.id);
    expect(never.length).toBeGreaterThan(20);
    expect(result.replies.filter(({ id }) => never.includes(id)).map(({ reply }) => reply)).toEqual(never.map(() => ({ outcome: 'fail', reason: 'busy' })));
    expect(result.sessions.finished).toBe(true);
  });

  test('does not open for a refusal that only names the leader', () => {
    const result = run(planOf({ breaker: { failures: 1, openMs: 1_000 } }), (to) => ({ afterMs: 1, reply: to === 'n2' ? { outcome: 'fail', reason: 'not-leader', leader: 'n1' } : ok }));
    expect(result.breakers).toEqual([]);
  });

  test('gives up a trial that is never answered, and tries again', () => {
    const result = run(planOf({ breaker, ratePerSecond: 20, retryMs: 4_000, timeoutMs: 4_000 }), (to, _command, _attempt, nowMs) => {
      if (to !== 'n2' || nowMs > 6_000) return { afterMs: 1, reply: ok };
      return nowMs < 300 ? { afterMs: 1, reply: lost } : null;
    });
    expect(statesOf(result, 'n2').at(-1)).toBe('closed');
  });
});

describe('batches', () => {
  test('hold what is due within a millisecond for one node, up to their size, and answer each command', () => {
    const plan = planOf({ batch: 4, ratePerSecond: 5_000, maxSessions: 5_000, clients: [{ region: 'east', count: 1 }] });
    const { requests, replies, invoked } = run({ ...plan, measureMs: 200 }, (_to, command) => ({ afterMs: 20, reply: { ...ok, value: command.id } as Reply }));
    expect(replies).toHaveLength(invoked.length);
    expect(replies.every(({ id, reply }) => reply.outcome === 'ok' && reply.value === id)).toBe(true);
    expect(requests.flatMap(({ ids }) => ids).sort()).toEqual(invoked.map(({ command }) => command.id).sort());
    expect(Math.max(...requests.map(({ ids }) => ids.length))).toBe(4);
    expect(requests.length).toBeLessThan(invoked.length / 2.5);
    const sentMs = new Map(requests.flatMap(({ ids, atMs }) => ids.map((id) => [id, atMs] as const)));
    for (const { command, atMs } of invoked) expect((sentMs.get(command.id) ?? Infinity) - atMs).toBeLessThanOrEqual(1 + 1e-9);
  });

  test('of one command are the command alone, at once', () => {
    const { requests, invoked } = run(planOf(), () => ({ afterMs: 5, reply: ok }));
    expect(requests.map(({ ids, atMs }) => [ids, atMs])).toEqual(invoked.map(({ command, atMs }) => [[command.id], atMs]));
  });
});

test.each([20, null])('a session tells its workload what it was answered last (rate %s)', (ratePerSecond) => {
  const told = new Map<number, (Reply | null)[]>();
  const asked = {
    ...workload,
    *operations(_params: unknown, client: number): Generator<Command['op'], never, Reply | null> {
      const list: (Reply | null)[] = [];
      told.set(client, list);
      for (;;) list.push(yield { type: 'get', key: 'x' });
    },
  } as unknown as Workload;
  const { replies, invoked } = run(planOf({ ratePerSecond, clients: [{ region: 'east', count: 2 }] }), (_to, command) => ({ afterMs: 30, reply: { ...ok, value: `answer to ${command.id}` } as Reply }), asked);
  expect(replies.length).toBeGreaterThan(100);
  for (const [client, list] of told) {
    const own = invoked.filter(({ command }) => command.id.startsWith(`c${client}:`)).map(({ command }) => command.id);
    expect(list.map((reply) => (reply?.outcome === 'ok' ? reply.value : null))).toEqual(own.slice(0, -1).map((id) => `answer to ${id}`));
  }
});

test('closed loop: each connection sends its next command when the last is answered, until the window ends', () => {
  const { replies, invoked } = run(planOf({ ratePerSecond: null, clients: [{ region: 'east', count: 4 }] }), () => ({ afterMs: 100, reply: ok }));
  expect(invoked).toHaveLength(400);
  expect(replies).toHaveLength(400);
});
