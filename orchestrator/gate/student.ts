// How unlikely a difference is by chance: the tails of Student's t and of the fair coin, and the t at which a tail is as
// small as asked for. Probabilities are one-sided.

/** ln Γ(x) for x > 0 (Lanczos, g = 7). */
function lnGamma(x: number): number {
  const coefficients = [
    676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
    9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const series = coefficients.reduce((sum, coefficient, index) => sum + coefficient / (x + index), 0.99999999999980993);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

const MAX_TERMS = 500;
const TINY = 1e-300;

/** Regularized incomplete beta function I_x(a, b), by its continued fraction (Lentz); for x < (a + 1) / (a + b + 2). */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || TINY);
  let fraction = d;
  for (let m = 1; m <= MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d || TINY);
    c = 1 + even / c || TINY;
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d || TINY);
    c = 1 + odd / c || TINY;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return (Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) * fraction) / a;
}

function beta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return x < (a + 1) / (a + b + 2) ? betaFraction(x, a, b) : 1 - betaFraction(1 - x, b, a);
}

/** P(T ≥ t) of Student's t with this many degrees of freedom. */
export function tailOfT(t: number, degrees: number): number {
  const beyond = beta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t >= 0 ? beyond : 1 - beyond;
}

/** The t with P(T ≥ t) = probability, for 0 < probability ≤ 0.5. */
export function tOfTail(probability: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (tailOfT(high, degrees) > probability) high *= 2;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (tailOfT(middle, degrees) > probability) low = middle;
    else high = middle;
  }
  return high;
}

/** P(at least this many heads in so many throws of a fair coin). */
export function tailOfCoin(heads: number, throws: number): number {
  let term = 0.5 ** throws;
  let tail = 0;
  for (let count = 0; count <= throws; count++) {
    if (count >= heads) tail += term;
    term *= (throws - count) / (count + 1);
  }
  return tail;
}
