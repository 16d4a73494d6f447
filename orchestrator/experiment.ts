// An experiment file as checked settings, one set for each combination of its sweep. Every error names FILE:LINE:COL, the
// value and the remedy; what needs the network profile or a protocol's own rules is checked by plan.ts.
import { z } from 'zod';
import type { Registry } from './builtins.ts';
import { applyOverrides, ExperimentDocument, pathOf } from './document.ts';
import type { Path } from './document.ts';
import { LabError } from './errors.ts';
import { readFigure } from './figure-values.ts';
import { NO_FILES } from './files.ts';
import type { ReadFile } from './files.ts';
import type { Figure, Plan } from './kinds.ts';
import type { Json } from '../node/contract.ts';
import { METRICS, unitOf } from './metrics/names.ts';
import { checkConditions, predictionsOf } from './predictions.ts';
import type { Prediction } from './predictions.ts';
import { EXPERIMENT_SHAPE, experimentSchema, LOAD_SHAPE, loadSchema, NAME } from './schema.ts';
import type { ExperimentShape, LoadShape } from './schema.ts';
import { searchOf } from './search/spec.ts';
import type { Search } from './search/spec.ts';
import { explain } from './sections.ts';
import { didYouMean } from './suggest.ts';
import { duration, readDuration, shown } from './units.ts';

/** One protocol with its options, as the experiment calls it. */
export type Choice = { readonly protocol: string; readonly label: string; readonly options: Json; readonly path: Path };
/** params: what the fault's own schema made of the file. fixed: not shifted by repetitions. */
export type FaultChoice = { readonly name: string; readonly atMs: number; readonly fixed: boolean; readonly params: unknown };

export type Settings = Omit<ExperimentShape, 'protocols' | 'load' | 'faults' | 'expect' | 'predicted' | 'sweep' | 'search'> & {
  readonly protocols: readonly Choice[];
  readonly load: LoadShape & { readonly params: Json };
  readonly faults: readonly FaultChoice[];
  readonly thresholds: Plan['thresholds'];
  readonly predictions: readonly Prediction[];
};

/** One combination of the sweep; suffix: what it adds to each label ('' without a sweep). */
export type Variant = { readonly suffix: string; readonly settings: Settings; readonly document: ExperimentDocument };
export type Experiment = { readonly file: string; readonly name: string; readonly registry: Registry; readonly variants: readonly Variant[]; readonly search: Search | null; readonly readFile: ReadFile };

const MAX_VARIANTS = 1000;

/** An error at a place of the experiment. */
export function fail(document: ExperimentDocument, path: Path, message: string, hint: string, key = false): never {
  throw new LabError('bad-experiment', `${document.where(path, key)}: ${path.length === 0 ? '' : `${path.join('.')}: `}${message}`, hint);
}

/** Throws the likeliest cause: an unknown key explains a missing one. */
export function failWith(document: ExperimentDocument, error: z.ZodError, at: (path: Path) => Path): never {
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0];
  const [message = '', hint = ''] = (issue?.message ?? '').split('\n');
  const path = at((issue?.path ?? []).filter((step) => typeof step !== 'symbol'));
  if (issue?.code === 'unrecognized_keys') fail(document, [...path, issue.keys[0] ?? ''], message, hint, true);
  fail(document, path, message, hint);
}

function keysOf(schema: z.ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function isMapping(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function choiceOf(document: ExperimentDocument, entry: unknown, path: Path, registry: Registry): Choice {
  const known = registry.protocols.map((protocol) => protocol.name);
  const only = (name: string, at: Path, key: boolean) => {
    if (!known.includes(name)) fail(document, at, `unknown protocol ${JSON.stringify(name)}`, didYouMean(name, known), key);
  };
  if (typeof entry === 'string') {
    only(entry, path, false);
    return { protocol: entry, label: entry, options: {}, path };
  }
  if (!isMapping(entry)) fail(document, path, `${shown(entry)} is not a protocol`, 'write a name, or { name: { option: value }, as: label }');
  const names = Object.keys(entry).filter((key) => key !== 'as');
  const [protocol] = names;
  if (protocol === undefined || names.length > 1) {
    fail(document, path, `${names.length === 0 ? 'no protocol' : `${names.length} protocols`} in one entry`, 'write each as an entry of its own: { name: { option: value }, as: label }');
  }
  only(protocol, [...path, protocol], true);
  const options = entry[protocol] ?? {};
  if (!isMapping(options)) fail(document, [...path, protocol], `${shown(options)} is not a mapping of options`, `write ${protocol}: { option: value }`);
  const label = entry['as'] ?? protocol;
  if (typeof label !== 'string' || !NAME.test(label)) fail(document, [...path, 'as'], `${shown(label)} is not a label`, 'use up to 40 of a-z, 0-9 and -');
  return { protocol, label, options: inMs(options), path: [...path, protocol] };
}

/** Options whose name ends in Ms take a duration too: electionTimeoutMs: [150ms, 300ms]. */
function inMs(options: { readonly [name: string]: Json }): Json {
  const convert = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(convert);
    const result = typeof value === 'string' ? readDuration(value) : null;
    return result !== null && 'value' in result ? result.value : value;
  };
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, name.endsWith('Ms') ? convert(value) : value]));
}

function choicesOf(document: ExperimentDocument, entries: readonly unknown[], registry: Registry): readonly Choice[] {
  const choices = entries.map((entry, index) => choiceOf(document, entry, ['protocols', index], registry));
  choices.forEach((choice, index) => {
    if (choices.findIndex(({ label }) => label === choice.label) < index) {
      fail(document, ['protocols', index], `a second ${JSON.stringify(choice.label)}`, `tell them apart: { ${choice.protocol}: { … }, as: another-label }`);
    }
  });
  return choices;
}

function loadOf(document: ExperimentDocument, given: { readonly [key: string]: unknown }, registry: Registry): Settings['load'] {
  const own = Object.fromEntries(Object.entries(given).filter(([key]) => Object.hasOwn(LOAD_SHAPE, key)));
  const load = loadSchema.safeParse(own, { error: (issue) => explain(issue) });
  if (!load.success) failWith(document, load.error, (path) => ['load', ...path]);
  const known = registry.workloads.map(({ name }) => name);
  const workload = registry.workloads.find(({ name }) => name === load.data.workload);
  if (workload === undefined) fail(document, ['load', 'workload'], `unknown workload ${JSON.stringify(load.data.workload)}`, didYouMean(load.data.workload, known));
  const rest = Object.fromEntries(Object.entries(given).filter(([key]) => !Object.hasOwn(LOAD_SHAPE, key)));
  const names = [...Object.keys(LOAD_SHAPE), ...keysOf(workload.params)];
  const params = workload.params.safeParse(rest, { error: (issue) => explain(issue, names) });
  if (!params.success) failWith(document, params.error, (path) => ['load', ...path]);
  return { ...load.data, params: params.data as Json };
}

/** Keys of every fault beside its name and options. */
const FAULT_KEYS = ['at', 'phase'];
const placeSchema = z.object({ at: duration, phase: z.enum(['fixed']).optional() });

function faultOf(document: ExperimentDocument, entry: { readonly [key: string]: unknown }, index: number, registry: Registry): FaultChoice {
  const path = ['faults', index];
  const known = registry.faults.map(({ name }) => name);
  const names = Object.keys(entry).filter((key) => known.includes(key));
  const [name] = names;
  if (name === undefined || names.length > 1) {
    const likely = Object.keys(entry).find((key) => !FAULT_KEYS.includes(key) && key !== 'for');
    if (name !== undefined) fail(document, path, `${names.join(' and ')} in one entry`, 'write each fault as an entry of its own, with its own at');
    if (likely === undefined) fail(document, path, 'no fault is named', `write { at: 20s, crash: leader, for: 5s }; known: ${known.join(', ')}`);
    fail(document, [...path, likely], `unknown fault ${JSON.stringify(likely)}`, didYouMean(likely, known), true);
  }
  const place = placeSchema.safeParse(entry, { error: (issue) => explain(issue) });
  if (!place.success) failWith(document, place.error, (inner) => [...path, ...inner]);
  const fault = registry.faults.find((candidate) => candidate.name === name);
  const { [name]: value, ...rest } = Object.fromEntries(Object.entries(entry).filter(([key]) => !FAULT_KEYS.includes(key)));
  if (fault === undefined) fail(document, path, `unknown fault ${name}`, didYouMean(name, known));
  const known2 = [...FAULT_KEYS, name, ...keysOf(fault.params).filter((key) => key !== 'value')];
  const params = fault.params.safeParse({ ...rest, value }, { error: (issue) => explain(issue, known2) });
  if (!params.success) failWith(document, params.error, (inner) => [...path, ...(inner[0] === 'value' ? [name, ...inner.slice(1)] : inner)]);
  return { name, atMs: place.data.at, fixed: place.data.phase === 'fixed', params: params.data };
}

function thresholdOf(document: ExperimentDocument, metric: string, value: unknown): Plan['thresholds'][number] {
  const path = ['expect', metric];
  checkFigure(document, path, metric);
  const parts = typeof value === 'string' ? /^(below|above)\s+(\S.*)$/.exec(value.trim()) : null;
  if (parts === null) fail(document, path, `${shown(value)} is not a threshold`, 'write below or above and a value, such as below 2500ms');
  const [, side = '', text = ''] = parts;
  return readThreshold(document, path, metric, side === 'below' ? 'below' : 'above', text);
}

function checkFigure(document: ExperimentDocument, path: Path, metric: string): Figure['unit'] {
  return unitOf(metric) ?? fail(document, path, `unknown figure ${JSON.stringify(metric)}`, didYouMean(metric, METRICS.map(({ name }) => name)), path[0] === 'expect');
}

function readThreshold(document: ExperimentDocument, path: Path, metric: string, side: 'below' | 'above', text: string): Plan['thresholds'][number] {
  const limit = readFigure(checkFigure(document, path, metric), text);
  if (!('value' in limit)) fail(document, path, limit.problem, limit.remedy);
  return side === 'below' ? { metric, below: limit.value } : { metric, above: limit.value };
}

function settingsOf(document: ExperimentDocument, registry: Registry): Settings {
  if (document.data === null || document.data === undefined) {
    fail(document, [], 'the file is empty', 'an experiment has at least a name and protocols');
  }
  const parsed = experimentSchema.safeParse(document.data, { error: (issue) => explain(issue) });
  if (!parsed.success) failWith(document, parsed.error, (path) => path);
  const { protocols, load, faults, expect, predicted, sweep: _sweep, search: _search, ...rest } = parsed.data;
  const choices = choicesOf(document, protocols, registry);
  return {
    ...rest,
    protocols: choices,
    load: loadOf(document, load, registry),
    faults: faults.map((fault, index) => faultOf(document, fault, index, registry)),
    thresholds: Object.entries(expect).map(([metric, value]) => thresholdOf(document, metric, value)),
    predictions: predictionsOf(document, predicted, choices.map(({ label }) => label), (path, ...rest) => fail(document, path, ...rest)),
  };
}

const UNSWEPT = ['name', 'protocols', 'predicted', 'sweep', 'search'];

function sweepOf(document: ExperimentDocument): readonly (readonly [string, readonly unknown[]])[] {
  const sweep: unknown = isMapping(document.data) ? document.data['sweep'] : undefined;
  if (!isMapping(sweep)) return [];
  const axes: (readonly [string, readonly unknown[]])[] = [];
  for (const [name, values] of Object.entries(sweep)) {
    const path = pathOf(name);
    const first = String(path[0]);
    if (!Object.hasOwn(EXPERIMENT_SHAPE, first)) {
      fail(document, ['sweep', name], `there is no ${JSON.stringify(first)} in an experiment`, didYouMean(first, Object.keys(EXPERIMENT_SHAPE)), true);
    }
    if (UNSWEPT.includes(first)) fail(document, ['sweep', name], `${first} cannot be swept`, 'list several protocols instead, or write another experiment', true);
    if (first === 'network' && path[1] === 'links' && path.at(-1) === 'delay') {
      fail(document, ['sweep', name], 'the network profile fixes the delays', 'sweep network.scale, which multiplies all of them', true);
    }
    axes.push([name, Array.isArray(values) ? values : []]);
  }
  const combinations = axes.reduce((product, [, values]) => product * values.length, 1);
  if (combinations > MAX_VARIANTS) fail(document, ['sweep'], `${combinations} combinations`, `a sweep has at most ${MAX_VARIANTS}`);
  return axes;
}

/** The last word of each axis and its value, in characters that a folder's name may have. */
export function suffixOf(values: readonly (readonly [string, unknown])[]): string {
  const words = values.map(([name, value]) => `${String(pathOf(name).at(-1))}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return words.length === 0 ? '' : `@${words.join(',').replaceAll(/[^A-Za-z0-9.,=%+-]+/g, '_').slice(0, 80)}`;
}

function variantsOf(base: ExperimentDocument, registry: Registry): readonly Variant[] {
  let combinations: { readonly document: ExperimentDocument; readonly values: readonly (readonly [string, unknown])[] }[] = [{ document: base, values: [] }];
  for (const [name, values] of sweepOf(base)) {
    combinations = combinations.flatMap((combination) => values.map((value, index) => ({
      document: combination.document.with(pathOf(name), value, base.where(['sweep', name, index])),
      values: [...combination.values, [name, value] as const],
    })));
  }
  const suffixes = combinations.map(({ values }) => suffixOf(values));
  return combinations.map(({ document }, index) => {
    const suffix = suffixes[index] ?? '';
    const taken = suffixes.indexOf(suffix) < index;
    return { suffix: taken ? `${suffix}~${index}` : suffix, settings: settingsOf(document, registry), document };
  });
}

/** `overrides`: texts of --set, such as 'load.rate=50/s'. Throws a LabError('bad-experiment'). */
export function parseExperiment(text: string, file: string, registry: Registry, overrides: readonly string[] = [], readFile = NO_FILES): Experiment {
  return experimentOf(applyOverrides(ExperimentDocument.parse(text, file), overrides), registry, readFile);
}

/** Of a document that was changed on the way. Throws a LabError('bad-experiment'). */
export function experimentOf(document: ExperimentDocument, registry: Registry, readFile = NO_FILES): Experiment {
  const { name } = settingsOf(document, registry);
  const variants = variantsOf(document, registry);
  const { predicted } = experimentSchema.parse(document.data);
  checkConditions(document, variants.map((variant) => variant.document), predicted, (path, ...rest) => fail(document, path, ...rest));
  return { file: document.file, name, registry, readFile, variants, search: searchIn(document) };
}

/** Of a document that is an experiment. */
function searchIn(document: ExperimentDocument): Search | null {
  const { search, sweep, expect } = experimentSchema.parse(document.data);
  if (search === undefined) return null;
  if (Object.keys(sweep).length > 0) fail(document, ['sweep'], 'a search chooses the values itself', 'leave the sweep or the search out', true);
  if (Object.keys(expect).length > 0) fail(document, ['expect'], 'a search judges each run by search.hold', 'write the thresholds there', true);
  return searchOf(document, search, { fail, threshold: readThreshold });
}
