// `predicted` of an experiment: what its author expects of a figure, shown beside what is measured. Nothing depends on it but what
// is printed. An entry names protocols (of), values that the experiment must have at a path (when: a combination of the sweep),
// and figures; violated.CLAIM is the share of the repetitions in which that claim did not hold, whether it is claimed or not.
import type { Claim } from '../node/contract.ts';
import { pathOf } from './document.ts';
import type { ExperimentDocument, Path } from './document.ts';
import { readFigure } from './figure-values.ts';
import type { Figure, Plan } from './kinds.ts';
import { METRICS, unitOf } from './metrics/names.ts';
import { didYouMean } from './suggest.ts';
import { shown } from './units.ts';

/** Of these labels. */
export type Prediction = { readonly labels: readonly string[]; readonly figures: NonNullable<Plan['predictions']> };
type Refuse = (path: Path, message: string, hint: string, key?: boolean) => never;
type Entry = { readonly [key: string]: unknown };

const CLAIMS: readonly Claim[] = ['agreement', 'validity', 'linearizability', 'durability', 'one-leader-per-epoch'];
const VIOLATED = 'violated.';
export const VIOLATIONS: readonly string[] = CLAIMS.map((claim) => VIOLATED + claim);

/** null: it is a figure of one run. */
export function claimOf(figure: string): Claim | null {
  return CLAIMS.find((claim) => VIOLATED + claim === figure) ?? null;
}

export function unitOfPredicted(figure: string): Figure['unit'] | undefined {
  return claimOf(figure) === null ? unitOf(figure) : '%';
}

/** Labels that are not known only because the protocols were replaced (--set) are passed over. */
function labelsOf(of: unknown, path: Path, { known, original }: { readonly known: readonly string[]; readonly original: boolean }, refuse: Refuse): readonly string[] {
  if (of === undefined) return known;
  const labels: readonly unknown[] = Array.isArray(of) ? of : [of];
  labels.forEach((label, index) => {
    const at = Array.isArray(of) ? [...path, index] : path;
    if (typeof label !== 'string') refuse(at, `${shown(label)} is not a label of a protocol`, `write one of ${known.join(', ')}`);
    if (original && !known.includes(label)) refuse(at, `there is no protocol ${JSON.stringify(label)} in this experiment`, didYouMean(label, known));
  });
  return labels as readonly string[];
}

function valueAt(data: unknown, path: Path): unknown {
  let found = data;
  for (const step of path) found = typeof found === 'object' && found !== null ? (found as Entry)[String(step)] : undefined;
  return found;
}

/** The places of a prediction's conditions. */
function conditionsOf(entry: Entry, path: Path, refuse: Refuse): readonly (readonly [string, unknown])[] {
  const when = entry['when'];
  if (when === undefined) return [];
  if (typeof when !== 'object' || when === null || Array.isArray(when)) refuse([...path, 'when'], `${shown(when)} is not a mapping of paths to values`, 'write when: { nodes: 3 }');
  return Object.entries(when);
}

function figuresOf(entry: Entry, path: Path, refuse: Refuse): Prediction['figures'] {
  const figures = Object.entries(entry).filter(([key]) => key !== 'of' && key !== 'when');
  if (figures.length === 0) refuse(path, 'no figure is predicted', 'write one beside its value, such as throughput: 22/s');
  return figures.map(([figure, given]) => {
    const at = [...path, figure];
    const unit = unitOfPredicted(figure);
    if (unit === undefined) refuse(at, `unknown figure ${JSON.stringify(figure)}`, didYouMean(figure, [...METRICS.map(({ name }) => name), ...VIOLATIONS]), true);
    if (typeof given !== 'string' && typeof given !== 'number') refuse(at, `${shown(given)} is not a value`, 'write the value that is predicted, with its unit');
    const result = readFigure(unit, String(given).trim());
    if (!('value' in result)) refuse(at, result.problem, result.remedy);
    return { figure, value: result.value };
  });
}

/** Those of the experiment as this document has it: entries whose conditions it does not meet are checked and left out. */
export function predictionsOf(document: ExperimentDocument, entries: readonly Entry[], known: readonly string[], refuse: Refuse): readonly Prediction[] {
  const labels = { known, original: document.isOriginal(['protocols']) };
  return entries.flatMap((entry, index) => {
    const path = ['predicted', index];
    const prediction = { labels: labelsOf(entry['of'], [...path, 'of'], labels, refuse), figures: figuresOf(entry, path, refuse) };
    return conditionsOf(entry, path, refuse).every(([place, value]) => isAt(document, place, value)) ? [prediction] : [];
  });
}

function isAt(document: ExperimentDocument, place: string, value: unknown): boolean {
  return JSON.stringify(valueAt(document.data, pathOf(place))) === JSON.stringify(value);
}

/** A condition that no combination meets is a mistake, unless its value was replaced (--set). `documents`: of all combinations of the sweep of `base`. */
export function checkConditions(base: ExperimentDocument, documents: readonly ExperimentDocument[], entries: readonly Entry[], refuse: Refuse): void {
  entries.forEach((entry, index) => {
    const path = ['predicted', index];
    const conditions = conditionsOf(entry, path, refuse);
    if (!conditions.every(([place]) => base.isOriginal(pathOf(place)) && base.isOriginal(['sweep']))) return;
    for (const [place, value] of conditions) {
      const found = new Set(documents.map(({ data }) => JSON.stringify(valueAt(data, pathOf(place)))));
      if (found.has(JSON.stringify(value))) continue;
      const there = [...found].filter((text) => text !== undefined);
      if (there.length === 0) refuse([...path, 'when', place], `there is nothing at ${JSON.stringify(place)} in this experiment`, 'name a path that the sweep sets, or one of the experiment', true);
      refuse([...path, 'when', place], `${shown(value)} in no combination of the sweep`, `there it is ${there.join(', ')}`);
    }
    if (!documents.some((document) => conditions.every(([place, value]) => isAt(document, place, value)))) {
      refuse([...path, 'when'], 'these values meet in no combination of the sweep', 'split the prediction');
    }
  });
}

/** Of the protocol with this label; nothing where there is none. */
export function planned(predictions: readonly Prediction[], label: string): Pick<Plan, 'predictions'> {
  const figures = predictions.filter(({ labels }) => labels.includes(label)).flatMap((prediction) => prediction.figures);
  return figures.length === 0 ? {} : { predictions: figures };
}
