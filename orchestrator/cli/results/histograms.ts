// histograms.json: commit latency as HdrHistograms in their standard V2 encoding (deflated, base64), which tools in other
// languages read and can add up over runs. They keep three digits; exact percentiles are in the summary. What is unknown or
// failed has no latency and is counted beside them.
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { Sample } from './samples.ts';

const DIGITS = 3;
const MAX_US = 3_600_000_000;

type HistogramRow = {
  readonly figure: 'commit' | 'service';
  /** null: all of them. */
  readonly region: string | null;
  readonly ok: number;
  readonly unknown: number;
  readonly failed: number;
  readonly histogram: string;
};

/** Of the population of the samples. */
export function encodeHistograms(samples: readonly Sample[]): string {
  const measured = samples.filter((sample) => sample.measured);
  const regions = [null, ...new Set(measured.map(({ region }) => region))];
  const rows = (['commit', 'service'] as const).flatMap((figure) => regions.map((region): HistogramRow => {
    const some = region === null ? measured : measured.filter((sample) => sample.region === region);
    const count = (...outcomes: readonly Sample['outcome'][]) => some.filter(({ outcome }) => outcomes.includes(outcome)).length;
    return { figure, region, ok: count('ok'), unknown: count('unknown', 'open'), failed: count('fail'), histogram: encoded(some, figure === 'commit' ? 'latencyMs' : 'serviceMs') };
  }));
  return `${JSON.stringify({ version: 1, unit: 'us', encoding: 'HdrHistogram V2, deflated, base64', histograms: rows }, null, 2)}\n`;
}

function encoded(samples: readonly Sample[], field: 'latencyMs' | 'serviceMs'): string {
  const histogram = build({ bitBucketSize: 64, lowestDiscernibleValue: 1, highestTrackableValue: MAX_US, numberOfSignificantValueDigits: DIGITS, useWebAssembly: false });
  for (const sample of samples) {
    const valueMs = sample[field];
    if (sample.outcome === 'ok' && valueMs !== null) histogram.recordValue(Math.min(MAX_US, Math.max(0, Math.round(valueMs * 1000))));
  }
  return encodeIntoCompressedBase64(histogram);
}
