// How many of n datagrams a link of a given loss may lose before it is another link: two-sided bounds of a probability.

/** Of 99.99 %, on either side. */
const TAIL = 0.00005;

/** ln n!, by Stirling's series above the few that are summed. */
function logFactorial(n: number): number {
  if (n < 20) {
    let sum = 0;
    for (let factor = 2; factor <= n; factor++) sum += Math.log(factor);
    return sum;
  }
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * n) - 1 / (360 * n ** 3);
}

/** The bounds within which 99.99 % of all binomial counts of n trials lie, exactly summed. */
function plainBounds(n: number, p: number): readonly [low: number, high: number] {
  if (p <= 0) return [0, 0];
  if (p >= 1) return [n, n];
  let low = 0;
  let high = n;
  let below = 0;
  for (let count = 0; count <= n; count++) {
    const log = logFactorial(n) - logFactorial(count) - logFactorial(n - count) + count * Math.log(p) + (n - count) * Math.log(1 - p);
    const before = below;
    below += Math.exp(log);
    if (before < TAIL && below >= TAIL) low = count;
    if (below >= 1 - TAIL) {
      high = count;
      break;
    }
  }
  return [low, high];
}

/**
 * 99.99 % bounds of how many of n are lost. factor: the variance over that of independent losses, (2 − p − r)/(p + r) for
 * Gilbert-Elliott. So many dependent ones say as much as n/factor independent ones, of which each stands for `factor`.
 */
export function lossBounds(n: number, p: number, factor: number): readonly [low: number, high: number] {
  if (factor <= 1) return plainBounds(n, p);
  const [low, high] = plainBounds(Math.max(1, Math.round(n / factor)), p);
  return [Math.max(0, Math.floor((low - 1) * factor)), Math.min(n, Math.ceil((high + 1) * factor))];
}
