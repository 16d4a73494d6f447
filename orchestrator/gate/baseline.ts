// A baseline: what one experiment measured, seed by seed, when somebody last said that it was right, and why. Its checksum
// covers every other member, so that a figure cannot be edited by hand. It holds no date and no machine: the same code writes
// the same bytes.
import { z } from 'zod';
import type { Json } from '../../node/contract.ts';
import { canonicalJson, sha256 } from '../../node/kit/hash.ts';
import { LabError } from '../errors.ts';
import type { Experiment } from '../experiment.ts';
import { isMatrixFile } from '../matrix.ts';
import { LOWER_BOUND } from './figures.ts';
import type { Value } from './figures.ts';

const VERSION = 1;
const MAX_HISTORY = 100;
const MAX_CHARACTERS = 20_000_000;

const value = z.union([z.number(), z.null(), z.literal('failed'), z.string().regex(LOWER_BOUND)]);
const measured = z.strictObject({ protocol: z.string(), options: z.json(), figures: z.record(z.string(), z.array(value)) });
const schema = z.strictObject({
  version: z.literal(VERSION),
  experiment: z.string(),
  experimentHash: z.string(),
  lab: z.string(),
  node: z.string(),
  seeds: z.array(z.string()).min(1).max(1000),
  protocols: z.record(z.string(), measured),
  history: z.array(z.strictObject({ because: z.string(), lab: z.string(), moved: z.array(z.string()) })).min(1).max(MAX_HISTORY),
  checksum: z.string(),
}).refine(({ seeds, protocols }) => Object.values(protocols).every(({ figures }) => Object.values(figures).every((values) => values.length === seeds.length)));

export type Baseline = z.output<typeof schema>;
/** Under its label: one protocol with its options. */
export type Measured = { readonly protocol: string; readonly options: Json; readonly figures: { readonly [figure: string]: readonly Value[] } };
export type Measurement = {
  readonly experiment: string;
  readonly experimentHash: string;
  readonly lab: string;
  readonly node: string;
  readonly seeds: readonly string[];
  readonly protocols: { readonly [label: string]: Measured };
};
export type Reason = Baseline['history'][number];

/** Of what the file says, and the files that it names: comments and layout do not count. */
export function hashOf({ variants, readFile }: Experiment): string {
  const read = (path: string) => {
    const file = readFile(path, Infinity);
    // Planning has said why it cannot be read.
    return 'problem' in file ? [] : [file.sha256];
  };
  const parts = variants.map(({ document, settings: { network } }) => {
    const files = [...(isMatrixFile(network.wan) ? [network.wan] : []), ...network.schedule.flatMap(({ trace = [] }) => trace)];
    return files.length === 0 ? document.data : [document.data, ...files.flatMap(read)];
  });
  return sha256(canonicalJson(JSON.parse(JSON.stringify(parts)) as Json));
}

function checksumOf(content: object): string {
  return sha256(canonicalJson(content as Json));
}

/** With the history of the baseline that it replaces. */
export function baselineOf(measurement: Measurement, reason: Reason, previous: Baseline | null): string {
  const history = [...previous?.history ?? [], reason].slice(-MAX_HISTORY);
  const content = { version: VERSION, ...measurement, history };
  return render({ ...content, checksum: checksumOf(content) });
}

/** Each figure on a line of its own, so that a diff shows what moved. */
function render(baseline: { readonly [member: string]: unknown } & { readonly protocols: Measurement['protocols'] }): string {
  const line = (name: string, content: unknown, indent: string) => `${indent}${JSON.stringify(name)}: ${JSON.stringify(content)}`;
  const block = (name: string, lines: readonly string[], indent: string) => `${indent}${JSON.stringify(name)}: {\n${lines.join(',\n')}\n${indent}}`;
  const protocols = Object.entries(baseline.protocols).map(([label, { protocol, options, figures }]) => block(label, [
    line('protocol', protocol, '   '), line('options', options, '   '),
    block('figures', Object.entries(figures).map(([figure, values]) => line(figure, values, '    ')), '   '),
  ], '  '));
  const members = Object.entries(baseline).map(([name, content]) => (name === 'protocols' ? block(name, protocols, ' ') : line(name, content, ' ')));
  return `{\n${members.join(',\n')}\n}\n`;
}

const RESTORE = 'restore it from version control, or delete it and run lab gate --sim --update --because "…"';

/** Throws a LabError('bad-result') for what this lab did not write. */
export function parseBaseline(text: string, file: string): Baseline {
  const refuse = (problem: string, hint: string, cause?: unknown): never => { throw new LabError('bad-result', `${file}: ${problem}`, hint, cause); };
  if (text.length > MAX_CHARACTERS) refuse(`${text.length} characters are too many for a baseline`, RESTORE);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    refuse('not JSON', RESTORE, cause);
  }
  const version = typeof data === 'object' && data !== null && 'version' in data ? data.version : undefined;
  if (version !== VERSION) refuse(`version ${JSON.stringify(version ?? null)} of a baseline; this lab reads ${VERSION}`, 'delete it and run lab gate --sim --update --because "…"');
  const { checksum, ...content } = data as { readonly checksum?: unknown };
  if (checksum !== checksumOf(content)) refuse('the checksum does not match: it was edited by hand', RESTORE);
  const parsed = schema.safeParse(data);
  if (!parsed.success) refuse(`${parsed.error.issues[0]?.path.join('.') ?? ''}: not what a baseline holds there`, RESTORE, parsed.error);
  return parsed.data as Baseline;
}
