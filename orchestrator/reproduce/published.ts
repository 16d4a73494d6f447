// A published table as a data file. It names its source, the experiment that repeats it, the figure of a run that corresponds to
// a published value, what is claimed of it, what the model beside it is, and how far they may be apart.
import { z } from 'zod';
import { LabError } from '../errors.ts';
import { METRICS } from '../metrics/names.ts';
import { OBSERVED } from './estimate.ts';

const share = z.number().min(0).max(1);
const positive = z.number().positive();
const draw = z.union([z.number().min(0), z.tuple([z.number().min(0), positive])]);
/** Of the Monte Carlo in orchestrator/metrics/election.ts, in ms. */
const election = z.strictObject({
  servers: z.number().int().min(1).max(99), live: z.number().int().min(1).max(99), timeoutMs: z.tuple([positive, positive]), oneWayMs: draw,
  preVote: z.boolean(), candidateWaitMs: z.number().min(0), voterWaitMs: z.number().min(0), ageMs: draw,
});
/** Shares: of the published value, and of the model's. */
const tolerance = z.strictObject({ published: share, model: share });
const row = z.strictObject({
  case: z.string().min(1).max(120),
  /** Who measured or says it there. */
  system: z.string().min(1).max(60),
  /** null: only that it lies above another row, or that others lie above it. */
  published: z.number().nullable(),
  /** Beside the published value: the other end of a range. */
  upTo: z.number().optional(),
  /** Case of the row that this one lies above, whatever its value. */
  above: z.string().optional(),
  claim: z.enum(['equals', 'at most', 'between', 'above', 'reference']).default('equals'),
  /** A number that the source's own model says; optimum: the closed form of the run; of elections: a seeded Monte Carlo; null: none. */
  model: z.union([z.number(), z.literal('optimum'), z.strictObject({ elections: election })]).nullable(),
  /** Instead of the table's. */
  figure: z.string().optional(),
  tolerance: tolerance.optional(),
  /** Of the protocol entry in the experiment. */
  label: z.string(),
  /** Values of the experiment that are replaced, as by lab run --set. */
  set: z.array(z.string()).max(20).default([]),
});
const shape = z.strictObject({
  version: z.literal(1),
  title: z.string().min(1).max(200),
  source: z.string().min(1).max(300),
  /** How what was done there differs. */
  conditions: z.string().max(800),
  /** An experiment file, relative to this one. */
  experiment: z.string(),
  figure: z.string(),
  /** The published value is so many times the figure. */
  times: positive.default(1),
  unit: z.string().max(10),
  /** Runs of each row, under seeds of their own. */
  repeat: z.number().int().min(1).max(20_000).default(1),
  /** The leader crashes so often in each run, once in each period, and is back after downFor. */
  crashes: z.strictObject({ count: z.number().int().min(1).max(1000), everyMs: positive, downForMs: positive }).optional(),
  tolerance,
  rows: z.array(row).min(1).max(1_000),
});

export type Published = z.output<typeof shape>;
export type PublishedRow = Published['rows'][number];
export type ElectionModel = z.output<typeof election>;

const KNOWN = [...METRICS.map(({ name }) => name), ...OBSERVED];

/** The text of a data file; `file` is named in errors. */
export function parsePublished(text: string, file: string): Published {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LabError('bad-experiment', `${file}: it is no JSON (${cause instanceof Error ? cause.message : String(cause)})`, 'correct it, or take experiments/published/*.json as a pattern', cause);
  }
  const read = shape.safeParse(json);
  const [issue] = read.error?.issues ?? [];
  const mistake = read.success ? mistakeOf(read.data) : `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it has another shape'}`;
  if (mistake !== null || !read.success) throw new LabError('bad-experiment', `${file}: ${mistake ?? ''}`, 'take experiments/published/*.json as a pattern');
  return read.data;
}

/** What the shape does not say. */
function mistakeOf({ figure, rows }: Published): string | null {
  if (!KNOWN.includes(figure)) return `figure: ${JSON.stringify(figure)} is none of ${KNOWN.join(', ')}`;
  for (const [index, each] of rows.entries()) {
    const at = `rows.${index}`;
    if (each.figure !== undefined && !KNOWN.includes(each.figure)) return `${at}.figure: ${JSON.stringify(each.figure)} is none of ${KNOWN.join(', ')}`;
    if (each.claim === 'above' && !rows.slice(0, index).some(({ case: name }) => name === each.above)) return `${at}.above: there is no case ${JSON.stringify(each.above ?? '')} before it`;
    if (each.claim !== 'above' && each.claim !== 'reference' && each.published === null) return `${at}.published: a claim ${JSON.stringify(each.claim)} needs a value`;
    if (each.claim === 'between' && (each.upTo === undefined || each.upTo <= (each.published ?? 0))) return `${at}.upTo: the other end of the range, above ${each.published}`;
    if (typeof each.model === 'object' && each.model !== null && !(each.figure ?? figure).startsWith('election.')) return `${at}.model: a Monte Carlo of elections is for figures election.*`;
  }
  return null;
}
