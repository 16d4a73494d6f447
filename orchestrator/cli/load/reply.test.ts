// What an answer over HTTP means to a client.
import { expect, test } from 'vitest';
import { readReplies, readReply } from './reply.ts';

test('a reply in the body counts, whatever the status', () => {
  expect(readReply(200, '{"outcome":"ok","value":"1","at":{"epoch":1,"slot":2}}')).toEqual({ outcome: 'ok', value: '1', at: { epoch: 1, slot: 2 } });
  expect(readReply(409, '{"outcome":"fail","reason":"not-leader","leader":"n2"}')).toEqual({ outcome: 'fail', reason: 'not-leader', leader: 'n2' });
  expect(readReply(504, '{"outcome":"unknown","reason":"timeout"}')).toEqual({ outcome: 'unknown', reason: 'timeout' });
});

test('without one, only a refusal is certain not to have happened', () => {
  expect(readReply(503, '{"error":"too many"}')).toEqual({ outcome: 'fail', reason: 'busy' });
  expect(readReply(400, '')).toEqual({ outcome: 'fail', reason: 'malformed' });
  expect(readReply(500, '<html>')).toEqual({ outcome: 'unknown', reason: 'connection' });
  expect(readReply(200, 'null')).toEqual({ outcome: 'unknown', reason: 'connection' });
});

test('a batch is answered one by one, or by one answer for all', () => {
  const ok = { outcome: 'ok', value: null, at: { epoch: 1, slot: 2 } };
  const busy = { outcome: 'fail', reason: 'busy' };
  expect(readReplies(200, JSON.stringify([ok, busy]), 2)).toEqual([ok, busy]);
  expect(readReplies(503, JSON.stringify(busy), 2)).toEqual([busy, busy]);
  const broken = { outcome: 'unknown', reason: 'connection' };
  expect(readReplies(200, JSON.stringify([ok]), 2)).toEqual([broken, broken]);
  expect(readReplies(200, JSON.stringify([ok, 5]), 2)).toEqual([broken, broken]);
});
