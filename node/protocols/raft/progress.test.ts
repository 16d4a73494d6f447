// What a leader may send to a follower, whatever order the replies come in.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Progress } from './progress.ts';

const accepted = (matchIndex: number) => ({ type: 'appendEntriesReply', term: 1, success: true, matchIndex } as const);
const refused = (prevLogIndex: number) => ({ type: 'appendEntriesReply', term: 1, success: false, prevLogIndex, conflictTerm: 0, conflictIndex: 1 } as const);

/** A follower that accepted its first message, up to index 10. */
function pipelining(): Progress {
  const progress = new Progress(10, 60_000, 0);
  progress.sent(10, 20);
  progress.accepted(accepted(10));
  return progress;
}

describe('a leader', () => {
  test('probes with one message, and pipelines once it is accepted', () => {
    const progress = new Progress(10, 60_000, 0);
    expect(progress.open).toBe(true);
    progress.sent(12, 100);
    expect([progress.open, progress.nextIndex]).toEqual([false, 10]);
    progress.accepted(accepted(12));
    expect([progress.open, progress.nextIndex, progress.matchIndex]).toEqual([true, 13, 12]);
    progress.sent(13, 100);
    progress.sent(14, 100);
    expect([progress.open, progress.nextIndex, progress.inFlightBytes]).toEqual([true, 15, 200]);
  });

  test('learns nothing from what it knows: an acknowledgement that comes twice, a refusal of what is acknowledged', () => {
    const progress = pipelining();
    progress.sent(11, 50);
    for (let count = 0; count < 2; count++) progress.heartbeat();
    expect([progress.probing, progress.batchBytes]).toEqual([true, 30_000]);
    progress.accepted(accepted(10));
    expect([progress.probing, progress.batchBytes]).toEqual([true, 30_000]);
    const other = pipelining();
    other.refused(refused(10), 5);
    expect([other.probing, other.nextIndex, other.matchIndex]).toEqual([false, 11, 10]);
  });

  test('stops at 256 messages or a megabyte without an acknowledgement', () => {
    const many = pipelining();
    for (let index = 11; many.open && index < 1_000; index++) many.sent(index, 50);
    expect(many.inFlight).toHaveLength(256);
    many.accepted(accepted(20));
    expect([many.open, many.inFlight.length, many.inFlightBytes]).toEqual([true, 246, 12_300]);
    const large = pipelining();
    for (let index = 11; large.open && index < 1_000; index++) large.sent(index, 60_000);
    expect(large.inFlight).toHaveLength(18);
    const full = pipelining();
    full.sent(11, 1_048_575);
    expect(full.open).toBe(true);
    full.sent(12, 1);
    expect(full.open).toBe(false);
  });

  test('heeds one refusal of several, and none that is below what was acknowledged', () => {
    const progress = pipelining();
    progress.sent(11, 50);
    progress.sent(12, 50);
    progress.refused(refused(9), 1);
    expect(progress.probing).toBe(false);
    progress.refused(refused(11), 5);
    expect([progress.probing, progress.nextIndex, progress.open]).toEqual([true, 11, true]);
    progress.sent(12, 100);
    progress.refused(refused(12), 5);
    expect(progress.open).toBe(false);
  });

  test('takes for lost what had no acknowledgement for a whole heartbeat interval, and sends less of it', () => {
    const progress = pipelining();
    progress.sent(11, 50);
    progress.heartbeat();
    expect([progress.probing, progress.nextIndex]).toEqual([false, 12]);
    progress.heartbeat();
    expect([progress.probing, progress.nextIndex, progress.open, progress.batchBytes]).toEqual([true, 11, true, 30_000]);
    for (let lost = 0; lost < 9; lost++) {
      progress.sent(11, 50);
      progress.heartbeat();
    }
    expect(progress.batchBytes).toBe(1_024);
    progress.accepted(accepted(11));
    expect([progress.probing, progress.batchBytes]).toEqual([false, 2_048]);
  });

  test('keeps waiting while acknowledgements come', () => {
    const progress = pipelining();
    for (let index = 11; index < 20; index++) {
      progress.sent(index + 1, 50);
      progress.heartbeat();
      progress.accepted(accepted(index));
      expect(progress.probing).toBe(false);
    }
  });

  test('never lets matchIndex fall nor nextIndex come down to it', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('sent' as const), by: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ do: fc.constant('accepted' as const), by: fc.integer({ min: 0, max: 20 }) }),
      fc.record({ do: fc.constant('refused' as const), by: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ do: fc.constant('heartbeat' as const), by: fc.constant(0) }),
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const progress = new Progress(10, 60_000, 0);
      for (const { do: what, by } of steps) {
        const before = progress.matchIndex;
        if (what === 'sent' && progress.open) progress.sent(progress.nextIndex + by - 1, 10 * by);
        else if (what === 'accepted') progress.accepted(accepted(by));
        else if (what === 'refused') progress.refused(refused(by), by);
        else if (what === 'heartbeat') progress.heartbeat();
        expect(progress.matchIndex).toBeGreaterThanOrEqual(before);
        expect(progress.nextIndex).toBeGreaterThan(progress.matchIndex);
        expect(progress.inFlightBytes).toBe(progress.inFlight.reduce((sum, { bytes }) => sum + bytes, 0));
      }
    }));
  });
});
