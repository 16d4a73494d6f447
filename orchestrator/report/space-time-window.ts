// Which part of a run a space-time diagram shows: what came right before a time, a slot's commits, or what violated a check.
import type { Json } from '../../node/contract.ts';
import type { LabEvent, Verdict } from '../kinds.ts';
import type { SpaceTimeRequest, Window } from './space-time.ts';

export type View = Pick<SpaceTimeRequest, 'windows' | 'mark' | 'slot'>;

/** What is shown behind the time that matters, as a share of what is shown before it. */
const AFTER_SHARE = 0.05;
/** Of one diagram: of more times, the first and the last ones are shown. */
const MAX_WINDOWS = 4;

/** The `lastMs` before each time and a little after it; windows that touch are one. */
function windowsAt(timesMs: readonly number[], lastMs: number): readonly Window[] {
  const windows: { fromMs: number; toMs: number }[] = [];
  for (const atMs of [...timesMs].sort((a, b) => a - b)) {
    const fromMs = Math.max(0, atMs - lastMs);
    const toMs = atMs + lastMs * AFTER_SHARE;
    const before = windows.at(-1);
    if (before !== undefined && fromMs <= before.toMs) before.toMs = toMs;
    else windows.push({ fromMs, toMs });
  }
  return windows.length <= MAX_WINDOWS ? windows : [...windows.slice(0, 1), ...windows.slice(1 - MAX_WINDOWS)];
}

/** The `lastMs` before a time, in ms since the run's start. */
export function aroundTime(atMs: number, lastMs: number): View {
  return { windows: windowsAt([atMs], lastMs) };
}

/** Before the commits of a slot, the first on each node in each life; null: it was never committed. */
export function aroundSlot(slot: number, events: Iterable<LabEvent>, lastMs: number): View | null {
  const times: number[] = [];
  for (const event of events) if (event.type === 'committed' && event.at.slot === slot) times.push(event.atMs);
  return times.length === 0 ? null : { windows: windowsAt(times, lastMs), slot };
}

/**
 * Before what the witness of a violated check names: its times, else when the operations that it names were answered, else the
 * end of the run. The last of these times is marked with the reason.
 */
export function aroundViolation({ check, because, witness = null }: Verdict, events: Iterable<LabEvent>, lastMs: number): View {
  const named: { readonly times: number[]; readonly ids: Set<string>; slot: number | null } = { times: [], ids: new Set(), slot: null };
  gather(witness, named);
  let endMs = 0;
  const answered: number[] = [];
  for (const event of events) {
    endMs = Math.max(endMs, event.atMs);
    if (event.type === 'reply' && named.ids.has(event.id)) answered.push(event.atMs);
  }
  const times = named.times.length > 0 ? named.times : answered.length > 0 ? answered : [endMs];
  return { windows: windowsAt(times, lastMs), slot: named.slot, mark: { atMs: Math.max(...times), text: `${check}: ${because}` } };
}

/** The first slot, every time and every id in it. */
function gather(value: Json | undefined, named: { readonly times: number[]; readonly ids: Set<string>; slot: number | null }): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [field, inner] of Object.entries(value) as [string, Json | undefined][]) {
    if (field === 'atMs' && typeof inner === 'number') named.times.push(inner);
    else if (field === 'id' && typeof inner === 'string') named.ids.add(inner);
    else if (field === 'slot' && typeof inner === 'number') named.slot ??= inner;
    else gather(inner, named);
  }
}
