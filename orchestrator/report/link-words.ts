// What network.schedule does to the links of a run, and what of them no closed form knows, in a line each: a reader of figures has
// to know that there was not one network, or that the optimum is of a smoother one.
import type { Plan, Summary } from '../kinds.ts';
import { measureWindow } from '../metrics/commands.ts';
import { formatMs } from './figures.ts';

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

/** What of the links of these runs is not in their optimum; null: they have nothing of it, or no optimum. */
export function unexpectedInWords(runs: readonly Pick<Summary, 'plan' | 'expected'>[]): string | null {
  const links = runs.filter(({ expected }) => expected.length > 0).flatMap(({ plan }) => Object.values(plan.links).flatMap((row) => Object.values(row)));
  const [jitterMs, lossPct] = [Math.max(0, ...links.map((link) => link.jitterMs)), Math.max(0, ...links.map((link) => link.lossPct))];
  const parts = [...(jitterMs > 0 ? [`jitter (up to ± ${formatMs(jitterMs)} ms)`] : []), ...(lossPct > 0 ? [`loss (up to ${Number(lossPct.toPrecision(3))} %)`] : [])];
  return parts.length === 0 ? null : `the optimum takes the median delay of each link; not in it: ${parts.join(' and ')}`;
}
