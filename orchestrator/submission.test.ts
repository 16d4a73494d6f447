// How the lab asks for a change of membership: whom, how often, and what it takes for an answer.
import { expect, test } from 'vitest';
import type { NodeId, Status } from '../node/contract.ts';
import type { Reply } from '../node/replica.ts';
import { EventQueue } from '../node/kit/event-queue.ts';
import type { RunEvent } from './kinds.ts';
import { submitChange } from './submission.ts';

const OK: Reply = { outcome: 'ok', value: null, at: { epoch: 1, slot: 9 } };
const BUSY: Reply = { outcome: 'fail', reason: 'busy' };
const COMMAND = { id: 'lab1:1', op: { type: 'reconfigure', add: ['n4'], remove: [] } } as const;

/** null: never answered. */
function submitted(answers: readonly (Reply | null)[], up: readonly NodeId[] = ['n1', 'n2', 'n3']) {
  const queue = new EventQueue();
  const asked: NodeId[] = [];
  const events: RunEvent[] = [];
  let nowMs = 0;
  let result: Reply | null = null;
  const status = { role: '', leader: 'n2', epoch: 1, lastSlot: 0, commitSlot: 0, configurations: [] } satisfies Status;
  submitChange(COMMAND, {
    now: () => nowMs,
    later: (afterMs, run) => queue.push(nowMs + afterMs, run),
    view: (use) => use(new Map(['n1', 'n2', 'n3'].map((id) => [id, { status, up: up.includes(id) }]))),
    ask: (node, command, answer) => {
      expect(command).toBe(COMMAND);
      const reply = answers[asked.push(node) - 1] ?? null;
      if (reply !== null) answer(reply);
    },
    emit: (event) => events.push(event),
  }, (reply) => { result = reply; });
  while (queue.nextMs < Infinity) {
    nowMs = queue.nextMs;
    queue.pop()?.();
  }
  return { asked, result, types: events.map(({ type }) => type), attempts: events.flatMap((event) => (event.type === 'answered' ? event.attempts : [])) };
}

test('the leader is asked first and every other time, and each that is up in between, until one answers', () => {
  expect(submitted([OK])).toEqual({ asked: ['n2'], result: OK, types: ['submitted', 'answered'], attempts: [1] });
  expect(submitted([BUSY, null, BUSY, BUSY, OK])).toMatchObject({ asked: ['n2', 'n3', 'n2', 'n1', 'n2'], result: OK, attempts: [5] });
  expect(submitted([BUSY, OK], ['n1', 'n3'])).toMatchObject({ asked: ['n1', 'n3'], result: OK });
});

test('what cannot be is not asked again, unless an earlier attempt may have been it', () => {
  const malformed: Reply = { outcome: 'fail', reason: 'malformed' };
  expect(submitted([malformed])).toMatchObject({ asked: ['n2'], result: malformed });
  expect(submitted([null, malformed, OK])).toMatchObject({ result: OK, attempts: [3] });
});

test('without an answer it ends, and is unknown as soon as one attempt may have happened', () => {
  expect(submitted(Array.from({ length: 1_000 }, () => BUSY)).result).toEqual(BUSY);
  expect(submitted([null, ...Array.from({ length: 1_000 }, () => BUSY)]).result).toEqual({ outcome: 'unknown', reason: 'timeout' });
  expect(submitted([], []).result).toEqual({ outcome: 'fail', reason: 'no-quorum' });
});
