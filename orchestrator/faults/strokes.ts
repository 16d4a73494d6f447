// Faults that come and go: strokes of half a period on, half a period off.
import { z } from 'zod';
import { positiveDuration } from '../units.ts';

/** A schedule is read by people and programs: no fault fills it alone. */
const MAX_STROKES = 1000;

export const STROKE_PARAMS = { every: positiveDuration, for: positiveDuration };

export function checkStrokes({ every, for: forMs }: { readonly every: number; readonly for: number }, context: z.RefinementCtx): void {
  const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  if (every > forMs) refuse('every', `${every}ms is longer than the fault, ${forMs}ms\nlower every, or raise for`);
  else if (forMs / every > MAX_STROKES) refuse('every', `${every}ms for ${forMs}ms is more than ${MAX_STROKES} times\nraise every, or shorten for`);
}

/** Times of the strokes, from 0 on, and of the middle of each. */
export function strokesOf(everyMs: number, forMs: number): readonly { readonly onMs: number; readonly offMs: number }[] {
  return Array.from({ length: Math.floor(forMs / everyMs) }, (_, index) => ({ onMs: index * everyMs, offMs: (index + 0.5) * everyMs }));
}
