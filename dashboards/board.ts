// A board: panels in rows on Grafana's grid of 24 columns, the variables above them, and what all boards share.
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type AnnotationQuery, DashboardBuilder, type Dashboard, DashboardCursorSync, DashboardLinkBuilder, DashboardLinkType, type GridPos, type Panel, QueryVariableBuilder, RowBuilder, TextBoxVariableBuilder, VariableHide,
  type VariableModel, VariableRefresh, VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { by, DATA_SOURCE } from './influxql.ts';

/** What a panel's builder has of its place. */
type Placed = Builder<Panel> & { id(id: number): Placed; gridPos(at: GridPos): Placed };
export type Row = { readonly title?: string; readonly height: number; readonly panels: readonly (readonly [width: number, panel: Placed])[] };
export type BoardSpec = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly from: string;
  readonly refresh: string | false;
  readonly variables: readonly Builder<VariableModel>[];
  readonly annotations: readonly Builder<AnnotationQuery>[];
  readonly rows: readonly Row[];
};

const COLUMNS = 24;
/** Panels of this version are read without migrations. */
const PANEL_VERSION = '10.0.0';
/** What shows the boards, in the order of their links; the run and the time go along where the other has them. */
const LINKS = [
  ['Run', '/d/lab-run', true], ['Rounds', '/d/lab-rounds', true], ['Compare', '/d/lab-compare', false], ['Trends', '/d/lab-trends', false],
] as const;
/** Boards with the variable `run`, of one run. */
const OF_ONE_RUN: ReadonlySet<string> = new Set(['lab-run', 'lab-rounds']);
const FAULTS = { name: 'Faults', color: 'red' };

export function board({ uid, title, description, from, refresh, variables, annotations, rows }: BoardSpec): Dashboard {
  const builder = new DashboardBuilder(title).uid(uid).description(description).tags(['consensus-lab']).timezone('browser').time({ from, to: 'now' }).refresh(refresh)
    .tooltip(DashboardCursorSync.Crosshair).variables([...variables]).annotations([...annotations]).links(linksOf(uid));
  let y = 0;
  let id = 1;
  for (const row of rows) {
    if (row.title !== undefined) builder.withRow(new RowBuilder(row.title).id(id++).gridPos({ x: 0, y: y++, w: COLUMNS, h: 1 }));
    let x = 0;
    for (const [width, panel] of row.panels) {
      const built = panel.id(id++).gridPos({ x, y, w: width, h: row.height }).build();
      builder.withPanel({ build: () => ({ ...built, pluginVersion: PANEL_VERSION }) });
      x += width;
    }
    y += row.height;
  }
  return builder.build();
}

function linksOf(uid: string): Builder<DashboardBuilderLink>[] {
  return LINKS.filter(([, url]) => !url.endsWith(uid)).map(([title, url, ofOneRun]) => new DashboardLinkBuilder(title).type(DashboardLinkType.Link).icon('dashboard').keepTime(ofOneRun && OF_ONE_RUN.has(uid))
    .url(ofOneRun && OF_ONE_RUN.has(uid) ? `${url}?var-run=\${run}` : url));
}

type DashboardBuilderLink = ReturnType<DashboardLinkBuilder['build']>;

/** Values of a tag of the runs in sight, or what another query gives; several and all of them may be chosen. */
export function several(name: string, label: string, query: string): Builder<VariableModel> {
  return one(name, label, query).multi(true).includeAll(true).allValue('.*').current({ selected: true, text: ['All'], value: ['$__all'] });
}

/** One value: at first that which the query gives first. */
export function one(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name).id(name).label(label).datasource(DATA_SOURCE).query(query).refresh(VariableRefresh.OnDashboardLoad).sort(VariableSort.Disabled);
}

/** The newest first. */
export function runVariable(where: string): QueryVariableBuilder {
  return one('run', 'run', `SELECT "run", "state" FROM "run" WHERE ${where} ORDER BY time DESC LIMIT 500`);
}

export function regionVariable(where: string): QueryVariableBuilder {
  return one('region', 'clients in', `SHOW TAG VALUES FROM "commits" WITH KEY = "region" WHERE ${where}`).current({ selected: true, text: 'all', value: 'all' });
}

/** Where a browser finds the folder of results; behind links to report.html. */
export function reportsVariable(): Builder<VariableModel> {
  const at = '/public/lab-results';
  return new TextBoxVariableBuilder('reports').id('reports').label('reports at').hide(VariableHide.HideVariable).defaultValue(at).current({ selected: true, text: at, value: at }).options([{ selected: true, text: at, value: at }]);
}

/** Bands from the begin to the end of each fault of the runs that are shown. */
export function faultBands(): Builder<AnnotationQuery> {
  const { name, color } = FAULTS;
  const columns = { titleColumn: '', textColumn: 'text', tagsColumn: 'tags', timeEndColumn: 'timeEnd' };
  const query = `SELECT "text", "tags", "timeEnd" FROM "fault" WHERE ${by('run')} AND $timeFilter`;
  const target = { refId: 'faults', datasource: DATA_SOURCE, query, queryType: 'tags', fromAnnotations: true, rawQuery: true, name, ...columns };
  const annotation = { name, datasource: DATA_SOURCE, enable: true, hide: false, iconColor: color, query, ...columns, target: target as unknown as NonNullable<AnnotationQuery['target']> };
  return { build: () => annotation };
}
