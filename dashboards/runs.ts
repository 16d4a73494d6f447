// What several boards say alike of a run: its verdict, its distance from the optimum, and where its report and its board are.
import { type DynamicConfigValue, MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import { dataLink, type Steps, type Words } from './panels.ts';

export const VERDICTS: Words = {
  ok: { color: 'green' }, violated: { color: 'red' }, invalid: { color: 'orange' }, unknown: { color: 'yellow' }, partial: { color: 'blue' },
};

/** Of measured / optimum. Clearly below 1 nothing can be, but by a network that is not as configured. */
export const RATIO_STEPS: Steps = [[null, 'purple'], [0.95, 'green'], [1.1, 'yellow'], [1.3, 'orange']];

/** From a row that has `folder`, which names experiment folder/run folder; the report is in the former. */
export const REPORT_LINK = dataLink('Report page', '${reports}/${__data.fields.folder}/../report.html', true);

/** From a row that has these fields of `run`. */
export const RUN_LINK = dataLink('Board of this run', '/d/lab-run?var-run=${__data.fields.run}&from=${__data.fields.started}&to=${__data.fields.ended}');

/** Of a git commit its first eight digits. */
export function shortHash(): DynamicConfigValue[] {
  return [{ id: 'mappings', value: [{ type: MappingType.RegexToText, options: { pattern: '^([0-9a-f]{8})[0-9a-f]*$', result: { text: '$1', index: 0 } } }] }];
}

/** Of a column of times. */
export const BEGAN: DynamicConfigValue[] = [{ id: 'unit', value: 'time:MM-DD HH:mm:ss' }];
