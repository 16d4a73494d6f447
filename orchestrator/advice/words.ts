// Advice as a table with reasons: what the closed forms predict for the clients asked about, beside what the simulator measured.
import type { Json } from '../../node/contract.ts';
import { formatMs } from '../report/figures.ts';
import { CLOCKS, type Chosen } from './candidates.ts';
import type { Wish } from './wish.ts';

/** Of the runs of one choice: latencies without faults, and outages of the crashes. null: nothing, or not a number. */
export type Measured = { readonly p50Ms: number | null; readonly p99Ms: number | null; readonly outagesMs: readonly (number | null)[]; readonly violated: readonly string[]; readonly invalid: readonly string[] };
export type Advised = Chosen & { readonly measured: Measured };

const NOTHING = '–';

export function labelOf({ candidate: { protocol, options } }: Pick<Chosen, 'candidate'>): string {
  const words = Object.entries(options).map(([name, value]) => `${name} ${valueText(value)}`);
  return words.length === 0 ? protocol : `${protocol} ${words.join(', ')}`;
}

function valueText(value: Json): string {
  return Array.isArray(value) ? value.join('…') : typeof value === 'string' ? value : JSON.stringify(value);
}

/** Those that came back, in order of size; of an even number the lower one in the middle. */
function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.map((value) => value ?? Infinity).sort((a, b) => a - b);
  const middle = known[Math.floor((known.length - 1) / 2)];
  return middle === undefined || middle === Infinity ? null : middle;
}

function ms(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : formatMs(value);
}

function reasonsOf({ candidate, bestOf }: Advised, all: readonly Advised[]): string {
  const least = (of: (one: Advised) => number) => all.every((other) => of(other) >= of({ candidate } as Advised) - 0.5);
  const firsts = [
    least(({ candidate: one }) => one.p50Ms) ? 'lowest p50 of all' : bestOf.includes('p50') ? `${candidate.protocol}'s lowest p50` : [],
    least(({ candidate: one }) => one.p99Ms) ? 'lowest p99 of all' : bestOf.includes('p99') ? `${candidate.protocol}'s lowest p99` : [],
  ].flat();
  return `${firsts.join(', ')}: ${candidate.because}`;
}

const HEAD = ['', 'led from', 'p50 ms', 'measured', 'p99 ms', 'measured', 'outage ms', 'measured', 'timeout or period ms', 'why'];

export function renderAdvice({ wan, nodes, tolerate, clients, rate }: Wish, all: readonly Advised[], leftOut: readonly string[], tried: number): string {
  const weight = Object.values(clients).reduce((sum, each) => sum + each, 0);
  const from = Object.entries(clients).map(([region, each]) => `${region} ${Math.round((100 * each) / weight)} %`).join(', ');
  const rows = [HEAD, ...all.map((one, index) => {
    const { candidate, outage, measured } = one;
    return [
      `${index + 1}. ${labelOf(one)}`, candidate.leaderRegion ?? 'by turns', ms(candidate.p50Ms), ms(measured.p50Ms), ms(candidate.p99Ms), ms(measured.p99Ms),
      ms(outage?.meanMs), ms(medianOf(measured.outagesMs)), candidate.timesMs.map((time) => String(Math.round(time))).join('…'), reasonsOf(one, all),
    ];
  })];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const numeric = (column: number) => column >= 2 && column <= 8;
  const lines = rows.map((row) => row.map((cell, column) => (numeric(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ').trimEnd());
  const wrong = all.flatMap((one) => [...one.measured.violated.map((text) => `VIOLATED ${labelOf(one)}: ${text}`), ...one.measured.invalid.map((text) => `invalid  ${labelOf(one)}: ${text}`)]);
  return [
    `${wan}: nodes in ${nodes.join(', ')}; ${tolerate} may be down; ${rate} from ${from}`, '', ...lines, '', ...wrong,
    `p50 and p99 without faults, by the closed forms of ${tried} choices, the best of each protocol then run on sim; clocks within ${CLOCKS}, 1 ms for a durable write`,
    'outage: from the crash of the leader to the first commit, the mean of 10,000 elections beside the median of simulated crashes; of a protocol led by turns one node is killed',
    ...leftOut.map((text) => `left out: ${text}`),
  ].join('\n');
}
