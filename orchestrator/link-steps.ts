// The steps of one entry of network.schedule: a period over and over, a ramp, a trace.
import type { Link } from '../netem/link.ts';
import type { LinkStep } from '../netem/schedule.ts';
import { RAMP_STEP_MS } from './link-shapes.ts';
import type { Ramp } from './link-shapes.ts';
import { lossless } from './links.ts';
import type { ExperimentShape } from './schema.ts';
import type { TraceRow } from './trace.ts';

export type Entry = ExperimentShape['network']['schedule'][number];
export type Span = { readonly beginMs: number; readonly endMs: number };
/** forMs null: until the next step. */
export type Period = Span & { readonly everyMs: number; readonly steps: readonly { readonly afterMs: number; readonly forMs: number | null; readonly link: Partial<Link> }[] };

/** `auto` makes so many of a ramp at most. */
const AUTO_STEPS = 100;

/** refuse: there would be more than `most`. */
export function periodic({ beginMs, endMs, everyMs, steps }: Period, most: number, refuse: (count: number) => never): readonly LinkStep[] {
  const periods = Math.ceil((endMs - beginMs) / everyMs);
  if (periods * steps.length > most) refuse(periods * steps.length);
  const made: LinkStep[] = [];
  const add = (atMs: number, link: Partial<Link> | null): void => {
    // The step that begins as another ends.
    if (made.at(-1)?.atMs === atMs) made.pop();
    if (atMs < endMs) made.push({ atMs, link });
  };
  for (let period = 0; period < periods; period++) {
    const fromMs = beginMs + period * everyMs;
    steps.forEach(({ afterMs, forMs, link }, index) => {
      add(fromMs + afterMs, link);
      const nextMs = steps[index + 1]?.afterMs ?? Infinity;
      if (forMs !== null && afterMs + forMs < nextMs) add(fromMs + afterMs + forMs, null);
    });
  }
  return made;
}

/** From the delay at its begin, in equal steps of which the last comes at its end; it stays there. */
export function rampOf(beginMs: number, fromMs: number, { to, over, steps }: Ramp, others: Partial<Link>, scale: number): readonly LinkStep[] {
  const count = steps === 'auto' ? Math.min(AUTO_STEPS, Math.floor(over / RAMP_STEP_MS)) : steps;
  const toMs = to * scale;
  const wholeUs = (ms: number) => Math.round(ms * 1000) / 1000;
  return Array.from({ length: count + 1 }, (_, step) => ({
    atMs: wholeUs(beginMs + (over * step) / count),
    link: { ...others, delayMs: step === 0 ? fromMs : step === count ? toMs : wholeUs(fromMs + ((toMs - fromMs) * step) / count) },
  }));
}

/** repeat: the last row says when the first one comes again. refuse: there would be more than `most`. */
export function traced({ beginMs, endMs }: Span, rows: readonly TraceRow[], repeat: boolean, scale: number, most: number, refuse: (count: number) => never): readonly LinkStep[] {
  const periodMs = repeat ? rows.at(-1)?.atMs ?? 0 : Infinity;
  const each = rows.slice(0, repeat ? -1 : rows.length).map(({ atMs, link: { delayMs, ...rest } }) => ({ atMs, link: lossless({ ...(delayMs === undefined ? {} : { delayMs: delayMs * scale }), ...rest }) }));
  const periods = repeat ? Math.ceil((endMs - beginMs) / periodMs) : 1;
  if (periods * each.length > most) refuse(periods * each.length);
  return Array.from({ length: periods }, (_, period) => each.map(({ atMs, link }) => ({ atMs: beginMs + (repeat ? period * periodMs : 0) + atMs, link })))
    .flat().filter(({ atMs }) => atMs < endMs);
}
