// What network.schedule does to the links of a run, in a line: a reader of its figures has to know that there was not one network.
import type { Plan, Summary } from '../kinds.ts';
import { measureWindow } from '../metrics/commands.ts';

/** Since the begin of the measure window, of every step within it, in order. */
function changesInWindow(plan: Plan): readonly number[] {
  const { fromMs, toMs } = measureWindow(plan);
  const times = new Set((plan.linkSchedule?.tracks ?? []).flatMap(({ steps }) => steps.map(({ atMs }) => atMs)));
  return [...times].filter((atMs) => atMs > fromMs && atMs < toMs).map((atMs) => atMs - fromMs).sort((left, right) => left - right);
}

/** null: the links stay as they are. */
export function linksInWords({ plan, expected }: Pick<Summary, 'plan' | 'expected'>): string | null {
  if (plan.linkSchedule === undefined) return null;
  const [firstMs, ...later] = changesInWindow(plan);
  if (firstMs === undefined) return 'the links change by network.schedule, but not in the measure window';
  const when = later.length === 0 ? `once, ${firstMs / 1000} s into it` : `${later.length + 1} times, first ${firstMs / 1000} s into it`;
  const counted = expected.some(({ samples }) => samples > 0) ? 'measured/optimum counts the commands sent before' : 'there is no optimum, which is of the time before';
  return `the links change by network.schedule in the measure window, ${when}: ${counted}`;
}
