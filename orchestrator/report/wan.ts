// What lab wan prints: the list of networks, or one network as a matrix with what is unusual in it and where it is from.
// Plain text for 100 columns.
import type { Analysis } from '../../netem/analysis.ts';
import { analyse } from '../../netem/analysis.ts';
import { basisOf, lossOf } from '../../netem/profiles.ts';
import type { LinkRule, Profile } from '../../netem/profiles.ts';
import { wrapped } from './table.ts';

const MOST_SHOWN = 5;
const LABEL = 13;
const LETTERS = 26;

export function renderNetworks(profiles: readonly Profile[], width: number): string {
  const rows = profiles.map((profile) => {
    const { rtt, withinMs } = analyse(profile);
    const span = rtt === null ? [msText(withinMs.least), '', ''] : [msText(rtt.nearest.rttMs), msText(rtt.medianMs), msText(rtt.widest.rttMs)];
    return [profile.name, String(profile.regions.length), ...span, basisOf(profile), profile.date ?? '', extrasOf(profile)];
  });
  const head = ['name', 'regions', 'RTT min', 'p50', 'max', 'values', 'date', 'beside delay'];
  const columns = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => (column >= 1 && column <= 4 ? cell.padStart(columns[column] ?? 0) : cell.padEnd(columns[column] ?? 0))).join('  ').trimEnd();
  return [
    line(head), '─'.repeat(line(head).length), ...rows.map(line), '',
    wrapped('RTT: ms between the nearest, the median and the widest pair of different regions; with one region, between two of its nodes.', width, 0),
    'lab wan NAME shows one in full, lab wan ./my-matrix.csv your own.', '',
  ].join('\n');
}

function extrasOf({ link, cycle }: Profile): string {
  return [link === undefined ? [] : ['jitter loss'], cycle === undefined ? [] : ['cycle']].flat().join(' ');
}

/** remarks: what its file leaves open. */
export function renderNetwork(profile: Profile, remarks: readonly string[], width: number): string {
  const analysis = analyse(profile);
  const lines = [
    ...(profile.link === undefined ? [] : [row('links', linkWords(profile.link))]),
    ...(profile.cycle === undefined ? [] : [row('cycle', cycleWords(profile.cycle))]),
    ...distances(profile, analysis), ...oddities(profile, analysis), ...origins(profile),
    ...remarks.map((remark) => row('warning', remark)),
  ];
  return [`${profile.name}: ${profile.summary}`, '', ...matrix(profile, width), '', ...lines.map((line) => wrapped(line, width, LABEL)), ''].join('\n');
}

function row(label: string, text: string): string {
  return label.padEnd(LABEL) + text;
}

/** Three significant digits. */
function msText(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : String(Number(ms.toPrecision(3)));
}

/** Three characters from 0 to 999. */
function compactText(ms: number): string {
  return ms >= 9.95 ? ms.toFixed(0) : String(Number(ms.toFixed(1)));
}

/** With the names of the regions over its columns; where they are too wide with letters, and then with shorter numbers. */
function matrix(profile: Profile, width: number): readonly string[] {
  const { regions, unit } = profile;
  const marks = regions.map((_, index) => (regions.length <= LETTERS ? String.fromCodePoint(97 + index) : String(index + 1)));
  const pad = Math.max(...marks.map(({ length }) => length));
  const marked = regions.map((region, index) => `${(marks[index] ?? '').padStart(pad)} ${region}`);
  const layouts = [
    grid(profile, { heads: regions, labels: regions, text: msText, gap: 2 }),
    grid(profile, { heads: marks, labels: marked, text: msText, gap: 2 }),
    grid(profile, { heads: marks, labels: marked, text: compactText, gap: 1 }),
  ];
  const fitting = layouts.find(({ widest }) => widest <= width) ?? layouts[2];
  const lines = fitting === undefined ? [] : inBlocks(fitting, width);
  return [`${unit === 'rtt' ? 'round trips' : 'one-way delays'} in ms, from row to column${unit === 'rtt' ? '; a link takes half of the mean of both directions each way' : ''}`, '', ...lines];
}

type Layout = { readonly heads: readonly string[]; readonly labels: readonly string[]; readonly text: (ms: number) => string; readonly gap: number };
type Grid = { readonly lines: readonly (readonly string[])[]; readonly label: number; readonly cell: number; readonly widest: number };

function grid({ ms }: Profile, { heads, labels, text, gap }: Layout): Grid {
  const cells = ms.map((values) => values.map(text));
  const cell = gap + Math.max(...heads.map(({ length }) => length), ...cells.flat().map(({ length }) => length));
  const label = Math.max(...labels.map(({ length }) => length));
  return { lines: [['', ...heads], ...cells.map((values, index) => [labels[index] ?? '', ...values])], label, cell, widest: label + heads.length * cell };
}

/** As many columns beside each other as fit, at least one. */
function inBlocks({ lines, label, cell }: Grid, width: number): readonly string[] {
  const columns = (lines[0]?.length ?? 1) - 1;
  const most = Math.max(1, Math.floor((width - label) / cell));
  return Array.from({ length: Math.ceil(columns / most) }, (_, block) => [
    ...(block === 0 ? [] : ['']),
    ...lines.map(([name = '', ...values]) => name.padEnd(label) + values.slice(block * most, (block + 1) * most).map((value) => value.padStart(cell)).join('')),
  ]).flat();
}

function linkWords({ between, jitter, distribution, order, gemodel }: LinkRule): string {
  const { lossPct, lossBurst } = lossOf(gemodel);
  const width = jitter.pct === 0 ? `${jitter.leastMs} ms` : `${jitter.pct}% of the delay, at least ${jitter.leastMs} ms`;
  return `between any two ${between}: jitter ${width} (${distribution}, order ${order === 'keep' ? 'kept' : 'lost'}), loss ${Number(lossPct.toPrecision(3))}% in bursts of ${Number(lossBurst.toPrecision(3))}`;
}

function cycleWords({ everyMs, steps }: NonNullable<Profile['cycle']>): string {
  const words = steps.map(({ afterMs, forMs, delayMs, lossPct }) => `after ${afterMs} ms for ${forMs} ms ${[
    ...(delayMs === undefined ? [] : [`${delayMs} ms each way`]), ...(lossPct === undefined ? [] : [`a loss of ${lossPct}%`]),
  ].join(' and ')}`);
  return `every ${everyMs / 1000} s from the start of a run: ${words.join('; ')}`;
}

function distances({ regions }: Profile, { rtt, majority, withinMs }: Analysis): readonly string[] {
  const within = withinMs.least === withinMs.most ? msText(withinMs.least) : `${msText(withinMs.least)} to ${msText(withinMs.most)}`;
  const inside = row('within', `round trip between two nodes of one region: ${within} ms`);
  if (rtt === null) return [inside];
  const { nearest, widest, medianMs } = rtt;
  return [
    row('distances', `nearest ${nearest.from} – ${nearest.to} ${msText(nearest.rttMs)} ms, median ${msText(medianMs)} ms, widest ${widest.from} – ${widest.to} ${msText(widest.rttMs)} ms (round trips of links)`),
    inside,
    row('majority', `round trip from a leader there to the nearest majority of ${regions.length} regions, ms: ${majority.map(({ region, rttMs }) => `${region} ${msText(rttMs)}`).join(', ')}`),
  ];
}

function oddities({ regions, unit }: Profile, { asymmetries, detours }: Analysis): readonly string[] {
  if (regions.length === 1) return [];
  const pairs = (regions.length * (regions.length - 1)) / 2;
  const shown = (words: readonly string[]) => `${words.slice(0, MOST_SHOWN).join(', ')}${words.length > MOST_SHOWN ? ', …' : ''}`;
  const uneven = asymmetries.map(({ from, to, thereMs, backMs, pct }) => `${from} – ${to} ${msText(thereMs)} and ${msText(backMs)} ms (${pct.toFixed(0)}%)`);
  const quicker = detours.map(({ from, to, via, directMs, viaMs }) => `${from} ${unit === 'rtt' ? '–' : '->'} ${to} ${msText(directMs)} ms, ${msText(viaMs)} by ${via}`);
  return [
    row('asymmetries', uneven.length === 0 ? 'no directions differ by more than 5%' : `the directions of ${uneven.length} of ${pairs} pairs differ by more than 5%: ${shown(uneven)}`),
    row('detours', quicker.length === 0 ? 'no way is quicker by another region' : `${quicker.length} of ${unit === 'rtt' ? `${pairs} pairs` : `${2 * pairs} ways`} are quicker by another region: ${shown(quicker)}`),
  ];
}

function origins({ source, statistic, period, retrieved, values }: Profile): readonly string[] {
  return [
    row('source', source),
    ...(statistic === null ? [] : [row('statistic', statistic)]),
    ...(period === null ? [] : [row('period', `${period}${retrieved === null ? '' : `; retrieved ${retrieved}`}`)]),
    ...values.map(({ value, basis, from }, index) => row(index === 0 ? 'values' : '', `${value} ${basis}: ${from}`)),
  ];
}
