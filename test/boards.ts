// The committed boards as tests see them: every query of every panel, variable and annotation, with its variables filled in the
// way Grafana does.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATED } from '../dashboards/generate.ts';

type Source = { readonly type: string; readonly uid: string };
type Target = { readonly refId: string; readonly query: string; readonly datasource: Source; readonly resultFormat: string; readonly alias?: string; readonly rawQuery?: boolean };
export type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: Source;
  readonly targets?: readonly Target[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string; readonly noValue?: string; readonly thresholds?: { readonly steps: readonly unknown[] } } };
  readonly panels?: readonly unknown[];
};
export type Variable = { readonly name: string; readonly type: string; readonly query: string; readonly datasource?: Source; readonly multi?: boolean; readonly includeAll?: boolean };
export type Board = {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly query?: string; readonly datasource: Source; readonly enable: boolean; readonly target?: Target }[] };
  readonly links: readonly { readonly url: string }[];
};
/** place: such as `panel Commits A`. */
export type BoardQuery = { readonly place: string; readonly panel: Panel | null; readonly refId: string; readonly query: string; readonly resultFormat: string };
/** Several: any of them. */
export type Values = { readonly [variable: string]: string | readonly string[] };

export const BOARDS = ['lab-run', 'lab-compare', 'lab-rounds', 'lab-trends'];

export function readBoard(uid: string): Board {
  return JSON.parse(readFileSync(join(GENERATED, `${uid}.json`), 'utf8')) as Board;
}

export function queriesOf({ panels, templating, annotations }: Board): readonly BoardQuery[] {
  return [
    ...panels.flatMap((panel) => (panel.targets ?? []).map(({ refId, query, resultFormat }) => ({ place: `panel ${panel.title} ${refId}`, panel, refId, query, resultFormat }))),
    ...templating.list.filter(({ type }) => type === 'query').map(({ name, query }) => ({ place: `variable ${name}`, panel: null, refId: 'A', query, resultFormat: 'table' })),
    ...annotations.list.map(({ name, query = '' }) => ({ place: `annotation ${name}`, panel: null, refId: 'A', query, resultFormat: 'table' })),
  ];
}

function forRegex(value: string | readonly string[]): string {
  const escaped = (text: string) => text.replaceAll(/[\\^$*+?.()|[\]{}/]/g, '\\$&');
  return typeof value === 'string' ? escaped(value) : `(${value.map(escaped).join('|')})`;
}

/** interval: null: the server's macros stay. A variable that is not given is one of all its values. */
export function filled(query: string, values: Values, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }, interval: string | null): string {
  const text = query.replaceAll(/\$\{(\w+):regex\}/g, (_, name: string) => (values[name] === undefined ? '.*' : forRegex(values[name])));
  return interval === null ? text : text.replaceAll('$timeFilter', `time >= ${fromMs}ms and time <= ${toMs}ms`).replaceAll('$__interval', interval);
}
