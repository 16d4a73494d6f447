// The keys that say what links do, for good (network.links) and over time (network.schedule): steps, ramps, traces, periods.
import { z } from 'zod';
import { explain, section } from './sections.ts';
import { bitrate, duration, percent, positiveDuration, shown } from './units.ts';

/** Of one link: the keys of network.links and of what changes links over time. */
export const LINK_SHAPE = {
  delay: duration.optional(),
  jitter: duration.optional(),
  distribution: z.enum(['uniform', 'normal', 'pareto']).optional(),
  loss: percent.optional(),
  /** Mean length of a run of losses, in datagrams. */
  burst: z.number().min(1).max(1000).optional(),
  duplicate: percent.optional(),
  reorder: percent.optional(),
  corrupt: percent.optional(),
  rate: bitrate.optional(),
  /** Datagrams that wait for a limited rate. */
  queue: z.int().min(1).max(1_000_000).optional(),
  order: z.enum(['keep', 'reorder']).optional(),
};

const LINK_KEYS = Object.keys(LINK_SHAPE);

/** Links by pattern, as the keys of network.links. */
const patterns = z.unknown().transform((input, context): readonly string[] => {
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  const texts = list.filter((text) => typeof text === 'string');
  if (texts.length > 0 && texts.length === list.length) return texts;
  context.issues.push({ code: 'custom', message: `${shown(input)} names no links\nwrite a - b, a -> b, or a list of these`, input });
  return z.NEVER;
});

const ramp = section({
  to: duration,
  over: positiveDuration,
  steps: z.union([z.literal('auto'), z.int().min(1).max(10_000)], { error: (issue) => `${shown(issue.input)} is no number of steps\nwrite a whole number up to 10000, or auto` }).default('auto'),
});
export type Ramp = z.output<typeof ramp>;

/** A delay, or the way to one. */
const delayOrRamp = z.unknown().transform((input, context): number | Ramp => {
  const schema: z.ZodType<number | Ramp> = typeof input === 'object' && input !== null ? ramp : duration;
  const result = schema.safeParse(input, { error: (issue) => explain(issue) });
  if (result.success) return result.data;
  for (const { message, path } of result.error.issues) context.issues.push({ code: 'custom', message, path: [...path], input });
  return z.NEVER;
});

/** Of network.schedule. */
export const scheduleEntry = section({
  at: duration,
  /** Where `at` counts from. */
  from: z.enum(['measure', 'start']).default('measure'),
  links: patterns.default(['* - *']),
  for: positiveDuration.optional(),
  ...LINK_SHAPE,
  delay: delayOrRamp.optional(),
  trace: z.string().min(1).max(1000).optional(),
  repeat: z.boolean().optional(),
  every: positiveDuration.optional(),
  steps: z.array(section({ after: duration.default(0), for: positiveDuration.optional(), ...LINK_SHAPE })).min(1).max(1000).optional(),
}).superRefine(checkScheduleEntry);

/** Which keys go together. */
function checkScheduleEntry(entry: { readonly [key: string]: unknown; readonly delay?: number | Ramp | undefined; readonly for?: number | undefined }, context: z.RefinementCtx): void {
  const refuse = (key: string, problem: string, remedy: string) => context.addIssue({ code: 'custom', path: key === '' ? [] : [key], message: `${problem}\n${remedy}` });
  const has = (key: string) => entry[key] !== undefined;
  const change = LINK_KEYS.find(has);
  if (has('trace') || has('every') || has('steps')) {
    const kind = has('trace') ? 'trace' : has('every') ? 'every' : 'steps';
    const other = kind === 'trace' ? change ?? ['every', 'steps'].find(has) : change;
    if (other !== undefined) refuse(other, `${other} beside ${kind}`, kind === 'trace' ? 'the file says what the links do: leave it out' : `write it into the steps: steps: [{ after: 0ms, ${other}: … }]`);
  } else if (change === undefined) refuse('', 'nothing of the links would change', 'add delay, loss or another value of network.links, trace: FILE, or every: and steps:');
  if (has('repeat') && !has('trace')) refuse('repeat', 'there is no trace to repeat', 'add trace: FILE, or write every: and steps:');
  if (has('every') !== has('steps')) refuse(has('every') ? 'every' : 'steps', has('every') ? 'every without steps' : 'steps without every', 'write both: every: 15s, steps: [{ after: 0ms, delay: 140ms, for: 200ms }]');
  if (typeof entry.delay === 'object') checkRamp(entry.delay, entry.for, refuse);
  if (has('every') && has('steps')) checkPeriod(entry['every'] as number, entry['steps'] as readonly PeriodicStep[], context);
}

/** No ramp changes more often. */
export const RAMP_STEP_MS = 100;

function checkRamp({ over, steps }: Ramp, forMs: number | undefined, refuse: (key: string, problem: string, remedy: string) => void): void {
  if (over < RAMP_STEP_MS) refuse('delay', `a ramp over ${over}ms is a step`, `write the delay alone, or over: ${RAMP_STEP_MS}ms at least`);
  else if (steps !== 'auto' && over / steps < RAMP_STEP_MS) refuse('delay', `${steps} steps over ${over}ms are shorter than ${RAMP_STEP_MS}ms`, `write at most ${Math.floor(over / RAMP_STEP_MS)} steps, or auto`);
  if (forMs !== undefined && forMs < over) refuse('for', `${forMs}ms is shorter than the ramp, ${over}ms`, 'for counts from the begin of the ramp: raise it, or shorten over');
}

type PeriodicStep = { readonly [key: string]: unknown; readonly after: number; readonly for?: number };

function checkPeriod(every: number, steps: readonly PeriodicStep[], context: z.RefinementCtx): void {
  steps.forEach((step, index) => {
    const refuse = (key: string, problem: string, remedy: string) => context.addIssue({ code: 'custom', path: ['steps', index, ...(key === '' ? [] : [key])], message: `${problem}\n${remedy}` });
    const before = steps[index - 1]?.after ?? -1;
    if (LINK_KEYS.every((key) => step[key] === undefined)) refuse('', 'nothing of the links would change', 'add delay, loss or another value of network.links');
    if (step.after <= before) refuse('after', `${step.after}ms does not come after the step before it, ${before}ms`, 'order the steps by time');
    if (step.after + (step.for ?? 0) > every || step.after >= every) refuse(step.after >= every ? 'after' : 'for', `the step ends after ${step.after + (step.for ?? 0)}ms, beyond every: ${every}ms`, 'shorten it, or raise every');
  });
}
