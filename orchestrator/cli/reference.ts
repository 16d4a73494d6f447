// The pages of docs/reference, made of the registries and of the schema of experiments: `npm run reference` writes them, and a
// test keeps them equal. What is wrong on a page is put right where the lab itself reads it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AnyProtocol, Json } from '../../node/contract.ts';
import { PROFILES } from '../../netem/profiles.ts';
import type { Profile } from '../../netem/profiles.ts';
import { BUILTINS } from '../builtins.ts';
import { experimentJsonSchema, type JsonSchema } from '../json-schema.ts';
import { METRICS } from '../metrics/names.ts';
import { experimentSchema, loadSchema } from '../schema.ts';
import { COMMON_TAGS, MEASUREMENTS } from '../sinks/measurements.ts';
import { PACKAGE_ROOT } from './tree.ts';

type Row = readonly string[];
type Field = { readonly path: string; readonly schema: JsonSchema; readonly required: boolean };

const NOTE = '<!-- made by npm run reference -->';
const REPEATED = ['at', 'phase'];

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

function code(value: Json | undefined): string {
  return value === undefined ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function partsOf(value: Json | undefined): readonly JsonSchema[] {
  return (Array.isArray(value) ? value : []) as readonly JsonSchema[];
}

function propertiesOf(schema: JsonSchema): readonly (readonly [string, JsonSchema])[] {
  return Object.entries((schema['properties'] ?? {}) as { readonly [name: string]: JsonSchema });
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  const words = [
    ...(typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? [`from ${minimum}`] : []),
    ...(exclusiveMinimum === undefined ? [] : [`above ${JSON.stringify(exclusiveMinimum)}`]),
    ...(typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? [`to ${maximum}`] : []),
  ];
  return words.length === 0 ? '' : ` ${words.join(' ')}`;
}

/** What may be written, in words; '' where the meaning says it. */
function valuesOf(schema: JsonSchema): string {
  if (Array.isArray(schema['enum'])) return (schema['enum'] as readonly Json[]).map(code).join(', ');
  if (schema['const'] !== undefined) return code(schema['const']);
  const choices = [...partsOf(schema['anyOf']), ...partsOf(schema['oneOf'])];
  if (choices.length > 0) return [...new Set(choices.map(valuesOf))].filter((words) => words !== '').join(' or ');
  if (typeof schema['description'] === 'string' && typeof schema['pattern'] === 'string' && schema['type'] === 'string') return '';
  switch (schema['type']) {
    case 'integer': return `whole number${rangeOf(schema)}`;
    case 'number': return `number${rangeOf(schema)}`;
    case 'boolean': return '`true`, `false`';
    case 'array': return 'list';
    case 'object': return 'mapping';
    case 'null': return '`null`';
    case 'string': return 'text';
    default: return '';
  }
}

/** Every key below, outermost first. */
function fieldsOf(schema: JsonSchema, above = ''): readonly Field[] {
  const required = (schema['required'] ?? []) as readonly string[];
  return propertiesOf(schema).flatMap(([name, part]) => {
    const path = above === '' ? name : `${above}.${name}`;
    const inner = [part, ...partsOf(part['anyOf'])].flatMap((choice) => fieldsOf(choice, path));
    return [{ path, schema: part, required: required.includes(name) }, ...inner];
  });
}

/** By the words that the schema has for a quantity. */
const UNITS: readonly (readonly [RegExp, string])[] = [[/a duration/, 'ms'], [/a percentage/, '%'], [/a size/, 'B'], [/a rate error/, 'ppm']];

/** A default that reading fills in, with its unit. */
function filledIn(value: unknown, meaning: string): string {
  const [, unit] = UNITS.find(([words]) => words.test(meaning)) ?? [];
  if (typeof value !== 'number' || unit === undefined) return '';
  return unit === 'ms' && value >= 1000 && value % 1000 === 0 ? code(`${value / 1000}s`) : code(`${value}${unit}`);
}

/** `defaults`: what reading makes of the key when it is not given. */
function fieldTable(fields: readonly Field[], defaults: (path: string) => unknown): string {
  return table(['key', 'values', 'default', 'meaning'], fields.map(({ path, schema, required }) => {
    const meaning = typeof schema['description'] === 'string' ? schema['description'].replace(/^of the workload [\w-]+(: )?/, '') : '';
    const given = schema['default'];
    const filled = filledIn(defaults(path), meaning);
    const byDefault = propertiesOf(schema).length > 0 ? '' : given !== undefined ? code(given) : filled !== '' ? filled : required ? 'required' : '';
    return [code(path), valuesOf(schema), byDefault, meaning];
  }));
}

function keysOf(params: z.ZodType): readonly string[] {
  return params instanceof z.ZodObject ? Object.keys(params.shape) : [];
}

/** Of a schema with fields. */
function defaultsOf(params: z.ZodType): (path: string) => unknown {
  const shape = params instanceof z.ZodObject ? params.shape : {};
  return (path) => shape[path]?.safeParse(undefined).data;
}

/** The smallest experiment with all its sections, read. */
function experimentDefaults(path: string): unknown {
  let found: unknown = { ...experimentSchema.parse({ name: 'any', protocols: ['any'], clocks: { ntp: {} } }), load: loadSchema.parse({ breaker: {} }) };
  for (const key of path.split('.')) found = typeof found === 'object' && found !== null ? (found as { readonly [key: string]: unknown })[key] : undefined;
  return found;
}

function experimentPage(schema: JsonSchema): string {
  const ofWorkloads = new Set(BUILTINS.workloads.flatMap(({ params }) => keysOf(params)).map((key) => `load.${key}`));
  const elsewhere = (path: string) => path.startsWith('expect.') || ofWorkloads.has(path);
  return `# An experiment file\n
A YAML file; every quantity carries its unit. Editors complete it by \`lab schema > experiment.schema.json\`. What stands in
\`protocols\` is in [protocols.md](protocols.md), in \`faults\` in [faults.md](faults.md), the keys of each workload in
[workloads.md](workloads.md), the figures of \`expect\` in [metrics.md](metrics.md).\n
${fieldTable(fieldsOf(schema).filter(({ path }) => !elsewhere(path)), experimentDefaults)}
## An entry of network.schedule\n
A step (values as in \`network.links\`), a ramp (\`delay: { to: 200ms, over: 30s }\`: equal steps, at most 100 of at least 100 ms each), a
recorded \`trace\`, or a period (\`every\` and \`steps\`). It holds from its begin to its end, and what its values do not name is as planned. Of several for one
link the one that began last holds; at its end the one below it is back. Links of clients follow in their delay alone.\n
${fieldTable(scheduleFields(schema), (path) => (path === 'from' ? 'measure' : undefined))}`;
}

function scheduleFields(schema: JsonSchema): readonly Field[] {
  const at = (part: JsonSchema, key: string) => propertiesOf(part).find(([name]) => name === key)?.[1] ?? {};
  return fieldsOf((at(at(schema, 'network'), 'schedule')['items'] ?? {}) as JsonSchema);
}

function protocolSection(protocol: AnyProtocol): string {
  const { name, summary } = protocol;
  const options = protocol.defaults as { readonly [option: string]: Json };
  const claims = protocol.claims?.(options);
  const facts: readonly Row[] = [
    ['claims', claims === undefined ? 'all' : claims.join(', ')],
    ['leadership', protocol.leadership?.(options) ?? 'stable'],
    ['after a crash', protocol.restartable === false ? 'returns under a new id' : 'returns as itself'],
    ['epochs rise along the log', protocol.epochsRiseWithSlot === true ? 'yes' : 'no'],
    ['closed form of its latency', protocol.expected === undefined ? 'none' : 'stated'],
  ];
  const page = `docs/protocols/${name}.md`;
  const more = existsSync(join(PACKAGE_ROOT, page)) ? `\nHow it differs from its paper, and what its options mean: [${page}](../protocols/${name}.md).\n` : '';
  return `\n## ${name}\n\n${summary}.\n\n${table(['with its defaults', ''], facts)}\n${table(['option', 'default'], Object.entries(options).map(([option, value]) => [code(option), code(value)]))}${more}`;
}

function protocolsPage(): string {
  return `# Protocols\n
In an experiment: \`protocols: [name, { name: { option: value }, as: label }]\`. \`auto\` follows from the network at planning.
Options whose name ends in \`Ms\` take durations too.\n${BUILTINS.protocols.map(protocolSection).join('')}`;
}

function faultsPage(schema: JsonSchema): string {
  const { items = {} } = Object.fromEntries(propertiesOf(schema))['faults'] as { readonly items?: JsonSchema };
  const sections = BUILTINS.faults.map(({ name, summary, params }) => {
    const own = partsOf(items['anyOf']).find((choice) => propertiesOf(choice).some(([key]) => key === name)) ?? {};
    const fields = fieldsOf(own).filter(({ path }) => !REPEATED.includes(path) && path !== name);
    return `\n## ${name}\n\n${summary}.\n${fields.length === 0 ? '' : `\n${fieldTable(fields, defaultsOf(params))}`}`;
  });
  return `# Faults\n
In an experiment: \`faults: [{ at: 10s, name: argument, option: value }]\`; on the command line: \`--fault name:argument@10s,option=value\`.
\`at\` counts from the start of the measure window. Where a node is meant: \`n1\`, a region, \`leader\`, \`any-follower\`, \`any\`,
\`all\`, \`spare\` (the next that waits to join). It is chosen once for each fault: a restart restarts the node that was crashed. Repetitions shift all faults by one draw below
1 s, so that they do not always meet the same phase of a round or heartbeat, unless it says \`phase: fixed\`.\n${sections.join('')}`;
}

function workloadsPage(schema: JsonSchema): string {
  const load = Object.fromEntries(propertiesOf(schema))['load'] ?? {};
  const sections = BUILTINS.workloads.map(({ name, summary, params }) => {
    const keys = keysOf(params);
    return `\n## ${name}\n\n${summary}.\n${keys.length === 0 ? '' : `\n${fieldTable(fieldsOf(load).filter(({ path }) => keys.includes(path)), defaultsOf(params))}`}`;
  });
  return `# Workloads\n
In an experiment: \`load: { workload: name, key: value }\`. Each brings the sequential model that the linearizability check uses.\n${sections.join('')}`;
}

function metricsPage(): string {
  return `# Figures\n
Each is a threshold too: \`expect: { commit.p99: below 5s }\`. \`>\` before a value marks a lower bound, \`~\` too few samples.\n
${table(['figure', 'unit', 'meaning'], METRICS.map(({ name, unit, meaning }) => [code(name), unit, meaning]))}`;
}

function networksPage(): string {
  const beside = ({ link, cycle }: Profile) => [link === undefined ? [] : ['jitter and loss'], cycle === undefined ? [] : [`a cycle of ${cycle.everyMs / 1000} s`]].flat().join(', ');
  const sections = PROFILES.map((profile) => {
    const { name, summary, regions, source, statistic, period, retrieved, unit, values } = profile;
    const facts: readonly Row[] = [
      ['regions', regions.map(code).join(', ')], ['source', source], ['statistic', statistic ?? ''],
      ['period', `${period ?? ''}; retrieved ${retrieved ?? ''}`], ['its figures', unit === 'rtt' ? 'round trips' : 'one-way delays'],
      ...values.map(({ value, basis, from }): Row => [`${value}: ${basis}`, from]),
    ];
    return `\n## ${name}\n\n${summary}${beside(profile) === '' ? '' : `; with ${beside(profile)}`}.\n\n${table(['', ''], facts)}`;
  });
  return `# Networks\n
In an experiment: \`network: { wan: name }\`, and \`regions: [...]\` for a part of one; on the command line \`--wan name\`. \`lab wan name\` prints
the delays and what is unusual in them. Of a round trip, a link takes half of the mean of both directions each way: a round trip does not say
which way is the slower one. Values are measured, by the source, or chosen: a working value that no source stands behind.\n
Jitter is a share of the delay and at least so many ms, and lies on links between regions, or between any two nodes where there is one region.
Loss comes in bursts, stated as the chances p and r, in percent for each datagram, to enter and to leave the state in which all are lost: a loss of
p/(p + r), and 100/r datagrams in a row on average.\n
\`wan: ./my-matrix.csv\`, relative to the experiment file, or \`--wan ./my-matrix.csv\` takes a matrix of your own: a header whose first cell is \`rtt\` or \`one-way\`
and whose others name the regions, then a row of milliseconds for each, its first cell the region. An empty diagonal is taken as 0.1 ms round trip; lines
that begin with \`#\` are comments. Or a JSON file: \`{ "name": "office", "unit": "rtt", "regions": ["a", "b"], "ms": [[0.1, 20], [20, 0.1]], "source": "ping, Monday" }\`,
name and source if you like, null for no value. At most 64 regions, 1 MB, and 60,000 ms. The plan of each run holds the delays, the name of the
file and its SHA-256.\n${sections.join('')}`;
}

/** By path below docs/reference. */
export function referencePages(): { readonly [file: string]: string } {
  const schema = experimentJsonSchema(BUILTINS);
  const pages = {
    'experiment.md': experimentPage(schema), 'protocols.md': protocolsPage(), 'faults.md': faultsPage(schema),
    'workloads.md': workloadsPage(schema), 'metrics.md': metricsPage(), 'networks.md': networksPage(),
  };
  return Object.fromEntries(Object.entries(pages).map(([file, text]) => [file, `${NOTE}\n${text}`]));
}

/** What the sinks of time series write: the end of dashboards/README.md. */
function measurementTables(): string {
  const measurements = MEASUREMENTS.map(({ name, tags, points, live }): Row => [code(name), [...COMMON_TAGS, ...tags].map(code).join(', '), `${points}${live ? '' : '; written after the run'}`]);
  const fields = MEASUREMENTS.flatMap(({ name, fields }) => fields.map((field): Row => [code(name), code(field.name), field.type, field.unit, field.meaning]));
  return `${table(['measurement', 'tags', 'a point'], measurements)}\n${table(['measurement', 'field', 'type', 'unit', 'meaning'], fields)}`;
}

/** The page of the dashboards with its tables made anew. */
export function dashboardsPage(page: string): string {
  const marker = '<!-- measurements -->\n';
  return page.slice(0, page.indexOf(marker) + marker.length) + measurementTables();
}

if (import.meta.main) {
  const folder = join(PACKAGE_ROOT, 'docs/reference');
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(referencePages())) writeFileSync(join(folder, file), text);
  const dashboards = join(PACKAGE_ROOT, 'dashboards/README.md');
  writeFileSync(dashboards, dashboardsPage(readFileSync(dashboards, 'utf8')));
}
