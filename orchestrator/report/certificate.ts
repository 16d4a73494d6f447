// A certificate in plain text: a line for each link with what was asked and what was achieved, then what is wrong in words.
import type { Certificate } from '../../netem/certificate.ts';
import { formatMs } from './figures.ts';

const HEAD = ['from', 'to', 'asked ms', 'p50 ms', 'p95 ms', 'off by', 'loss', ''] as const;
const WORDS: { readonly [verdict in Certificate['verdict']]: string } = { ok: 'as configured', out: 'NOT as configured', unverified: 'not shown to be as configured' };
const MARKS: { readonly [verdict in Certificate['verdict']]: string } = { ok: 'ok', out: 'OUT', unverified: '?' };

/** title: what was measured, and where. nameOf: of a row of the matrix, for people. */
export function renderCertificate(title: string, { verdict, worstMs, rows, breaches }: Certificate, nameOf: (id: string) => string): string {
  const lines = rows.map(({ from, to, configured, delayMs, errorMs, sent, arrived, verdict }) => [
    nameOf(from), nameOf(to), formatMs(configured.delayMs) + (configured.jitterMs > 0 ? ` ± ${formatMs(configured.jitterMs)}` : ''),
    delayMs === null ? '–' : formatMs(delayMs.p50), delayMs === null ? '–' : formatMs(delayMs.p95),
    errorMs === null ? '–' : `${errorMs.p50 < 0 ? '' : '+'}${errorMs.p50.toFixed(2)}`, sent === 0 ? '–' : `${sent - arrived}/${sent}`, MARKS[verdict],
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...lines.map((line) => (line[column] ?? '').length)));
  const row = (cells: readonly string[]) => cells.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : column === HEAD.length - 1 ? cell : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd();
  const remarks = new Map<string, number>();
  for (const remark of rows.flatMap(({ unverified }) => unverified)) remarks.set(remark, (remarks.get(remark) ?? 0) + 1);
  return [
    `${title}: ${WORDS[verdict]}${worstMs === null ? '' : `, medians off by ${formatMs(worstMs)} ms at most`}`,
    row(HEAD), ...lines.map(row),
    ...breaches.filter(({ bars }) => bars === 'run').map(({ text }) => `OUT  ${text}`),
    ...busyLine(breaches),
    ...[...remarks].map(([remark, count]) => `?    ${remark} (${count} ${count === 1 ? 'link' : 'links'})`),
  ].join('\n');
}

function busyLine(breaches: Certificate['breaches']): readonly string[] {
  const links = new Set(breaches.filter(({ bars }) => bars === 'baseline').map(({ from, to }) => `${from} ${to}`)).size;
  return links === 0 ? [] : [`busy the host kept ${links} of these links less exactly than this shaper can: such a run is no baseline`];
}
