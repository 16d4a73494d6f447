// Replica before a network that damages, forges, repeats and loses the frames of a real conversation: whatever arrives, it
// goes on, and what it drops is counted.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../node/contract.ts';
import { randomStream } from '../node/kit/random.ts';
import { toy } from '../node/protocols/toy.ts';
import { PROTOCOLS } from '../node/registry.ts';
import { Replica } from '../node/replica.ts';
import type { Ports } from '../node/replica.ts';
import { seatOf } from '../orchestrator/seats.ts';
import { nodeBytes } from './bytes.ts';
import { damagedFrame, forgedFrame, sentFrames } from './frames.ts';
import type { Sent } from './frames.ts';
import { planOf } from '../orchestrator/conformance/trial.ts';
import type { Scene } from '../orchestrator/conformance/trial.ts';

const SELF = 'n2';
/** With this seed another node leads the first round where leaders rotate: what it decided can be learnt. */
const SCENE: Scene = { seed: 'datagrams', nodes: 3, measureMs: 4_000, settleMs: 1_000, ratePerSecond: 40, link: { lossPct: 3 } };
const MAX_TURNS = 100;

const STEP = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('arrives' as const), ahead: fc.nat({ max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('damaged' as const, 'forged' as const), seed: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('random' as const), bytes: fc.uint8Array({ maxLength: 80 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('passes' as const), ms: fc.nat({ max: 400 }) }) },
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

/** A replica on memory: time passes and writes become durable when a step says so. */
function fuzzed(protocol: (typeof PROTOCOLS)[number], seed: number) {
  const plan = planOf(protocol, SCENE);
  const timers = new Map<string, number>();
  const writes: (() => void)[] = [];
  let nowMs = 0;
  const ports: Ports = {
    now: () => nowMs, wallClock: () => plan.epochMs + nowMs, random: randomStream(String(seed), 'fuzz'),
    send: () => undefined, append: (_entries, durable) => writes.push(durable), replace: (_entries, durable) => writes.push(durable),
    setTimer: (name, afterMs) => timers.set(name, nowMs + afterMs), setAlarm: (name, wallMs) => timers.set(name, wallMs - plan.epochMs), clearTimer: (name) => timers.delete(name),
    emit: () => undefined, reply: () => undefined, bytes: nodeBytes,
  };
  const replica = new Replica(protocol, { ...seatOf(plan, SELF), life: 1 }, ports);
  const settle = () => {
    for (let turns = 0; replica.pending || writes.length > 0; turns++) {
      expect(turns).toBeLessThan(MAX_TURNS);
      replica.turn();
      for (const durable of writes.splice(0)) durable();
    }
  };
  const pass = (ms: number) => {
    nowMs += ms;
    for (const [name, atMs] of timers) {
      if (atMs > nowMs) continue;
      timers.delete(name);
      replica.deliver({ type: 'timer', name });
    }
  };
  replica.deliver({ type: 'start', entries: [] as readonly Json[] });
  settle();
  return { replica, plan, settle, pass };
}

describe.each([...PROTOCOLS, toy].map((protocol) => [protocol.name, protocol] as const))('%s', (_name, protocol) => {
  test('goes on whatever arrives, and counts what it drops', async () => {
    const heard = (await sentFrames(protocol, SCENE)).filter(({ part }) => part.to === SELF);
    expect(heard.length).toBeGreaterThan(100);
    let committed = 0;
    fc.assert(fc.property(fc.array(STEP, { minLength: 20, maxLength: 120 }), fc.nat(), (steps: readonly Step[], seed) => {
      const { replica, plan, settle, pass } = fuzzed(protocol, seed);
      let next = 0;
      let bad = 0;
      for (const step of steps) {
        const sent = heard[next % heard.length] as Sent;
        if (step.type === 'passes') pass(step.ms);
        else if (step.type === 'arrives') {
          replica.receive(sent.frame);
          next += step.ahead;
        } else if (step.type === 'random') {
          replica.receive(step.bytes);
          bad++;
        } else if (step.type === 'damaged') {
          replica.receive(damagedFrame(sent.frame, randomStream(String(step.seed))));
          bad++;
        } else replica.receive(forgedFrame(sent, { run: plan.id, from: sent.part.from, to: SELF }, randomStream(String(step.seed))));
        settle();
      }
      const { corrupt, foreign } = replica.counters;
      expect(corrupt + foreign).toBeGreaterThanOrEqual(bad);
      committed += replica.status().commitSlot;
    }), { numRuns: 1_000 });
    // Else nothing but refusals was tried.
    expect(committed).toBeGreaterThan(0);
  });
});
