// Pairs of runs, one of base and one of head, in blocks of two pairs: base-head-head-base, or the other way round, as a coin
// says. What drifts evenly over a block cancels in it, and no side is always the first. Each figure of each protocol is judged
// over all pairs.
import { randomStream } from '../../node/kit/random.ts';
import { LabError } from '../errors.ts';
import type { Summary } from '../kinds.ts';
import { numberOf, valueOf } from './figures.ts';
import type { Worse } from './figures.ts';
import { decide, type Decision, type PairCall } from './looks.ts';

export type SideName = 'base' | 'head';

/** What costs and noise of real processes and real time can be read from. The rest is exact in virtual time. */
const PAIRED: { readonly [figure: string]: Worse } = { cpuSecondsPer1000Commits: 'higher', throughput: 'lower', 'commit.p50': 'higher' };

/** Under the label of each protocol: figure and value, > 0. */
export type Values = { readonly [label: string]: { readonly [figure: string]: number } };
/** seed: of both runs. first: the side that ran first. */
export type PairOfRuns = { readonly seed: string; readonly first: SideName; readonly base: Values; readonly head: Values };

export type Judged = Decision & { readonly label: string; readonly figure: string; readonly base: number; readonly head: number };
export type PairsVerdict = { readonly call: PairCall; readonly decided: boolean; readonly pairs: number; readonly judged: readonly Judged[] };

/** index: of the pair, from 0. */
export function firstOf(seed: string, index: number): SideName {
  const heads = randomStream(seed, 'gate block', Math.floor(index / 2))() < 0.5;
  return heads === (index % 2 === 0) ? 'base' : 'head';
}

/** The figures that are judged; a string says which one has no value, and why it is then no measurement. */
export function valuesOf(summaries: readonly Summary[]): Values | string {
  const values: { [label: string]: { [figure: string]: number } } = {};
  for (const { plan: { label }, metrics } of summaries) {
    const own: { [figure: string]: number } = {};
    for (const name of Object.keys(PAIRED)) {
      const figure = metrics[name];
      const value = figure === undefined || figure.bound !== '=' ? null : numberOf(valueOf(figure));
      if (value === null || value <= 0) return `${label} has no value of ${name}`;
      own[name] = value;
    }
    values[label] = own;
  }
  return values;
}

function differencesOf(pairs: readonly PairOfRuns[], label: string, figure: string): readonly number[] {
  return pairs.map(({ base, head }) => {
    const [before, now] = [base[label]?.[figure], head[label]?.[figure]];
    if (before === undefined || now === undefined) throw new LabError('bad-result', `${figure} of ${label} is missing on one side`, 'base and head are to measure the same protocols');
    return PAIRED[figure] === 'lower' ? Math.log(before / now) : Math.log(now / before);
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[Math.floor(sorted.length / 2)] ?? 0) + (sorted[Math.ceil(sorted.length / 2) - 1] ?? 0)) / 2;
}

/** One worse figure fails all; one that is not decided leaves all open. */
export function judgePairs(pairs: readonly PairOfRuns[]): PairsVerdict {
  const names = Object.entries(pairs[0]?.base ?? {}).flatMap(([label, figures]) => Object.keys(figures).map((figure) => ({ label, figure })));
  const judged = names.map(({ label, figure }): Judged => ({
    label, figure, ...decide(differencesOf(pairs, label, figure), names.length),
    base: median(pairs.map(({ base }) => base[label]?.[figure] ?? 0)), head: median(pairs.map(({ head }) => head[label]?.[figure] ?? 0)),
  }));
  const regressed = judged.some(({ call }) => call === 'regressed');
  const call = regressed ? 'regressed' : judged.length > 0 && judged.every(({ call }) => call === 'ok') ? 'ok' : 'inconclusive';
  return { call, decided: regressed || judged.length > 0 && judged.every(({ decided }) => decided), pairs: pairs.length, judged };
}
