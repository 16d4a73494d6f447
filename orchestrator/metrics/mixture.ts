// A mixture of uniforms, the form in which protocols state what they should cost: mean, distribution, quantile, and the
// Kolmogorov–Smirnov distance of samples to it. A component with from = to is a point; weights sum to 1.
import { assert } from '../../node/assert.ts';
import type { Expected } from '../../node/contract.ts';

/** Scales of several mixtures, each with its share. */
export function blend(parts: readonly { readonly share: number; readonly expected: Expected }[]): Expected {
  return parts.flatMap(({ share, expected }) => expected.map((component) => ({ ...component, weight: component.weight * share })));
}

export function checkMixture(expected: Expected): void {
  const total = expected.reduce((sum, { weight }) => sum + weight, 0);
  assert(Math.abs(total - 1) < 1e-6, `the weights of an expected latency sum to ${total}`);
  assert(expected.every(({ weight, fromMs, toMs }) => weight >= 0 && fromMs <= toMs), 'an expected latency has a component that ends before it begins');
}

export function mixtureMean(expected: Expected): number {
  return expected.reduce((sum, { weight, fromMs, toMs }) => sum + (weight * (fromMs + toMs)) / 2, 0);
}

/** Share at or below x. */
export function mixtureCdf(expected: Expected, x: number): number {
  return share(expected, x, true);
}

function share(expected: Expected, x: number, included: boolean): number {
  let sum = 0;
  for (const { weight, fromMs, toMs } of expected) {
    if (fromMs === toMs) sum += fromMs < x || (included && fromMs === x) ? weight : 0;
    else sum += weight * Math.min(1, Math.max(0, (x - fromMs) / (toMs - fromMs)));
  }
  return sum;
}

/** The least x with cdf(x) ≥ p, by bisection; exact where it is the end of a component. */
export function mixtureQuantile(expected: Expected, p: number): number {
  let low = Math.min(...expected.map(({ fromMs }) => fromMs));
  let high = Math.max(...expected.map(({ toMs }) => toMs));
  const target = p - 1e-12;
  for (const end of expected.flatMap(({ fromMs, toMs }) => [fromMs, toMs])) {
    if (mixtureCdf(expected, end) >= target) high = Math.min(high, end);
    else low = Math.max(low, end);
  }
  if (mixtureCdf(expected, low) >= target) return low;
  // Between two neighbouring ends the distribution is a straight line, but for a jump at the upper one.
  if (share(expected, high, false) < target) return high;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (mixtureCdf(expected, middle) >= p) high = middle;
    else low = middle;
  }
  return high;
}

/** One standard error of the median of so many samples; null without any. */
export function medianErrorMs(expected: Expected, samples: number): number | null {
  if (samples === 0) return null;
  const aside = Math.min(0.5, 0.5 / Math.sqrt(samples));
  return (mixtureQuantile(expected, 0.5 + aside) - mixtureQuantile(expected, 0.5 - aside)) / 2;
}

/** sup |F_n − F|; null where the mixture is made of points, to which no sample comes exactly. */
export function ksDistance(expected: Expected, samplesMs: readonly number[]): number | null {
  if (samplesMs.length === 0 || expected.every(({ fromMs, toMs }) => fromMs === toMs)) return null;
  const sorted = [...samplesMs].sort((a, b) => a - b);
  const size = sorted.length;
  let distance = 0;
  for (let index = 0; index < size;) {
    const x = sorted[index] as number;
    let after = index + 1;
    while (after < size && sorted[after] === x) after++;
    distance = Math.max(distance, Math.abs(after / size - share(expected, x, true)), Math.abs(index / size - share(expected, x, false)));
    index = after;
  }
  for (const { fromMs, toMs } of expected) {
    if (fromMs !== toMs) continue;
    const below = countUpTo(sorted, fromMs, false) / size;
    const upTo = countUpTo(sorted, fromMs, true) / size;
    distance = Math.max(distance, Math.abs(upTo - share(expected, fromMs, true)), Math.abs(below - share(expected, fromMs, false)));
  }
  return distance;
}

function countUpTo(sorted: readonly number[], x: number, included: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = sorted[middle] as number;
    if (value < x || (included && value === x)) low = middle + 1;
    else high = middle;
  }
  return low;
}
