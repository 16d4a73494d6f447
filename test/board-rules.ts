// What must hold of every board, whatever it shows: its place on the grid, its data source, units and words for nothing, and that
// its queries ask for what the sink writes.
import type { Board, BoardQuery, Panel } from './boards.ts';
import { queriesOf } from './boards.ts';

/** By measurement: its tags and fields. */
export type Names = ReadonlyMap<string, ReadonlySet<string>>;

const COLUMNS = 24;
const SOURCE = 'lab-influx';
/** All of them React; the old graph, singlestat and table-old need Angular. */
const KINDS = new Set(['row', 'stat', 'timeseries', 'table', 'heatmap', 'state-timeline', 'barchart', 'trend']);
const WORDS = new Set([
  'SELECT', 'FROM', 'WHERE', 'AND', 'OR', 'GROUP', 'BY', 'ORDER', 'ASC', 'DESC', 'LIMIT', 'SHOW', 'TAG', 'VALUES', 'WITH', 'KEY', 'time', 'fill', 'none', 'previous', 'true',
  'sum', 'count', 'mean', 'last', 'max', 'min', 'median',
]);

/** First and second cell of each row of the tables of dashboards/README.md. */
export function namesOf(readme: string): Names {
  const names = new Map<string, Set<string>>();
  const [, tables = ''] = readme.split('<!-- measurements -->');
  for (const line of tables.split('\n')) {
    const [, measurement, second = ''] = /^\| `([^`]+)` \| ([^|]+) \|/.exec(line) ?? [];
    if (measurement === undefined) continue;
    const known = names.get(measurement) ?? new Set<string>();
    names.set(measurement, known);
    for (const [, name] of second.matchAll(/`([^`]+)`/g)) known.add(name as string);
  }
  return names;
}

/** What is wrong with a board, each with its place. */
export function problemsOf(board: Board, names: Names, uids: ReadonlySet<string>): readonly string[] {
  return [
    ...ids(board), ...grid(board.panels), ...board.panels.flatMap(panelProblems), ...sources(board), ...variables(board),
    ...queriesOf(board).flatMap((query) => queryProblems(query, names).map((problem) => `${query.place}: ${problem}`)),
    ...board.links.flatMap(({ url }) => (uids.has(/^\/d\/([\w-]+)/.exec(url)?.[1] ?? '') ? [] : [`link to ${url}: there is no such board`])),
  ];
}

function ids({ panels }: Board): readonly string[] {
  const seen = new Set<number>();
  return panels.flatMap(({ id, title }) => {
    const fine = Number.isInteger(id) && id > 0 && !seen.has(id);
    seen.add(id);
    return fine ? [] : [`${title}: id ${id}`];
  });
}

function grid(panels: readonly Panel[]): readonly string[] {
  const taken = new Map<string, string>();
  return panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
    const problems = x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= COLUMNS ? [] : [`${title}: outside the grid`];
    const over = new Set<string>();
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        const before = taken.get(`${column} ${line}`);
        if (before !== undefined) over.add(before);
        taken.set(`${column} ${line}`, title);
      }
    }
    return [...problems, ...[...over].map((other) => `${title}: over ${other}`)];
  });
}

function panelProblems({ type, title, description = '', fieldConfig, targets = [] }: Panel): readonly string[] {
  if (!KINDS.has(type)) return [`${title}: the kind of panel ${type}`];
  if (type === 'row') return [];
  const { unit = '', noValue = '', thresholds } = fieldConfig?.defaults ?? {};
  const refIds = new Set(targets.map(({ refId }) => refId));
  return [
    ...(unit === '' ? [`${title}: no unit`] : []), ...(noValue === '' ? [`${title}: no words for no value`] : []), ...(description === '' ? [`${title}: no description`] : []),
    ...((thresholds?.steps.length ?? 0) > 0 ? [] : [`${title}: no thresholds`]), ...(targets.length > 0 && refIds.size === targets.length ? [] : [`${title}: its queries`]),
  ];
}

function sources({ panels, templating, annotations }: Board): readonly string[] {
  const of = [
    ...panels.flatMap(({ title, type, datasource, targets = [] }) => (type === 'row' ? [] : [[title, datasource] as const, ...targets.map(({ refId, datasource }) => [`${title} ${refId}`, datasource] as const)])),
    ...templating.list.flatMap(({ name, type, datasource }) => (type === 'query' ? [[`variable ${name}`, datasource] as const] : [])),
    ...annotations.list.map(({ name, datasource }) => [`annotation ${name}`, datasource] as const),
  ];
  return of.flatMap(([place, source]) => (source?.uid === SOURCE && source.type === 'influxdb' ? [] : [`${place}: data source ${source?.uid}`]));
}

/** Each is used, and each that is used is there, before those whose query uses it. */
function variables(board: Board): readonly string[] {
  const own = board.templating.list.map(({ name }) => name);
  const text = JSON.stringify({ ...board, links: [] });
  const used = new Set([...text.matchAll(/\$\{(\w+)(?::regex)?\}/g)].map(([, name]) => name as string));
  const early = board.templating.list.flatMap(({ name, query }, index) => [...query.matchAll(/\$\{(\w+):regex\}/g)].flatMap(([, other]) => (own.indexOf(other as string) < index ? [] : [`variable ${name}: uses ${other} before it is there`])));
  return [...own.filter((name) => !used.has(name)).map((name) => `variable ${name}: nothing uses it`), ...[...used].filter((name) => !own.includes(name)).map((name) => `variable ${name} is used and not there`), ...early];
}

/** A name in double quotes is a tag or a field of the measurement; all else is InfluxQL, a text, a number or a variable. */
function queryProblems({ query }: BoardQuery, names: Names): readonly string[] {
  const [, measurement = ''] = / FROM "([^"]+)"/.exec(query) ?? [];
  const known = names.get(measurement);
  if (known === undefined) return [`measurement ${measurement}`];
  const asked = query.replaceAll(/ AS "[^"]+"/g, '').replace(/ FROM "[^"]+"/, '');
  const unknown = [...asked.matchAll(/"([^"]+)"/g)].flatMap(([, name = '']) => (known.has(name) ? [] : [`${measurement} has no ${name}`]));
  const bare = asked.replaceAll(/"[^"]+"|'[^']*'|\/\^.*?\$\/|\$\w+/g, ' ').replaceAll(/\b\d+(s|ms)?\b/g, ' ');
  return [...unknown, ...[...bare.matchAll(/[A-Za-z_]\w*/g)].flatMap(([word]) => (WORDS.has(word) ? [] : [`the word ${word}`]))];
}
