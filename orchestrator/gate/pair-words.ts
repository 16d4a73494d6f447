// What a gate of pairs says: a line for each figure with what head costs more, how much at most, and how noisy the runs were;
// each void pair with its reason; what could not have been seen. The last line is the verdict. As text, and for a pull request.
import { unitOf } from '../metrics/names.ts';
import { formatMs } from '../report/figures.ts';
import { LEAST_PAIRS, LOOKS, MOST_CV, MOST_PAIRS, RISE } from './looks.ts';
import type { Judged, PairsVerdict, SideName } from './pairs.ts';
import { FALSE_ALARMS } from './verdict.ts';

/** pair: its place, from 1; seed: of its runs. */
export type VoidPair = { readonly pair: number; readonly seed: string; readonly side: SideName; readonly because: string; readonly violated: boolean };

export type GateReport = {
  /** As given, and the commit or what is known of it. */
  readonly base: string;
  readonly head: string;
  readonly experiment: string;
  /** Runner, shaper, time, runtime. */
  readonly where: string;
  readonly seed: string;
  readonly void: readonly VoidPair[];
  /** Each a line. */
  readonly notes: readonly string[];
};

/** The first line of the comment, by which it is found again. */
const MARKER = '<!-- lab gate -->';
const WORDS = { regressed: 'REGRESSED', ok: 'ok', inconclusive: 'inconclusive' } as const;

function signed(share: number | null): string {
  if (share === null) return 'no bound';
  const percent = share * 100;
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}

function plain(share: number | null): string {
  return share === null ? '–' : `${(share * 100).toFixed(1)} %`;
}

function number(value: number): string {
  return Math.abs(value) < 1 ? value.toPrecision(3) : formatMs(value);
}

const HEAD = ['figure', 'base', 'head', 'worse by', 'at most', 'CV', 'detectable', 'says'];

function cellsOf({ label, figure, base, head, rise, upper, cv, detectable, call }: Judged): readonly string[] {
  const unit = unitOf(figure) ?? '';
  return [`${label} ${figure}${unit === '' ? '' : ` ${unit}`}`, number(base), number(head), signed(rise), signed(upper), plain(cv), plain(detectable), WORDS[call]];
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number) => column === 0 || column === HEAD.length - 1;
  return rows.map((row) => row.map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd());
}

/** What the reader might take for seen, though it could not be. */
function blindSpots({ judged, pairs }: PairsVerdict): readonly string[] {
  const few = pairs < LEAST_PAIRS ? [`${pairs} ${pairs === 1 ? 'pair decides' : 'pairs decide'} nothing: the test needs ${LOOKS.map(({ pairs }) => pairs).join(', ')}`] : [];
  return [...few, ...judged.flatMap(({ label, figure, cv, detectable }) => (
    cv === null || detectable === null || cv <= MOST_CV ? [] : [`${label} ${figure}: at a run-to-run CV of ${plain(cv)} a rise of ${RISE * 100} % cannot be seen; the smallest that ${MOST_PAIRS} pairs show four times in five is ${plain(detectable)}`]
  ))];
}

function voidLine({ pair, seed, side, because }: VoidPair): string {
  return `pair ${pair} (seed ${seed}), ${side}: ${because}`;
}

function lastLine({ call, judged, pairs }: PairsVerdict): string {
  const named = (wanted: Judged['call']) => judged.filter((one) => one.call === wanted).map(({ label, figure }) => `${label} ${figure}`).join(', ');
  const rule = `${pairs} ${pairs === 1 ? 'pair' : 'pairs'}, at most ${FALSE_ALARMS * 100} % false alarms over ${judged.length} figures`;
  if (call === 'regressed') return `regressed: ${named('regressed')} (${rule})`;
  if (call === 'ok') return `ok: no figure is ${RISE * 100} % worse (${rule})`;
  return `inconclusive: ${named('inconclusive')} (${rule})`;
}

export function renderPairs(report: GateReport, verdict: PairsVerdict): string {
  return [
    `base  ${report.base}`, `head  ${report.head}`, `${report.experiment} on ${report.where}; seed ${report.seed}`, '',
    ...columns([HEAD, ...verdict.judged.map(cellsOf)]), '',
    ...report.void.map((pair) => `void  ${voidLine(pair)}`), ...report.notes.map((note) => `note  ${note}`), ...blindSpots(verdict).map((line) => `note  ${line}`),
    lastLine(verdict),
  ].join('\n');
}

/** Text that others wrote, in a table or a line of Markdown. */
function escaped(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll(/[\\`*_{}[\]<>|#@]/g, (sign) => `\\${sign}`);
}

/** table: lines of Markdown. */
function comment(report: GateReport, word: string, table: readonly string[], last: string, remarks: readonly string[]): string {
  const lines = [...report.void.map((pair) => `void: ${voidLine(pair)}`), ...report.notes, ...remarks];
  return [
    MARKER, `### lab gate: ${word}`, '', ...table, '', `**${escaped(last)}**`, '',
    ...lines.map((line) => `- ${escaped(line)}`), ...(lines.length === 0 ? [] : ['']),
    `base ${escaped(report.base)}, head ${escaped(report.head)}; ${escaped(report.experiment)} on ${escaped(report.where)}; seed ${escaped(report.seed)}`, '',
  ].join('\n');
}

export function pairsComment(report: GateReport, verdict: PairsVerdict): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const table = [row(HEAD), row(['---', ...HEAD.slice(2).map(() => '---:'), '---']), ...verdict.judged.map((judged) => row(cellsOf(judged).map(escaped)))];
  return comment(report, verdict.call, table, lastLine(verdict), blindSpots(verdict));
}

/** Of what was said as text: its last line is the verdict. */
export function textComment(report: GateReport, word: string, text: string): string {
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  return comment(report, word, ['```', text.replaceAll('```', "'''"), '```'], last, []);
}

/** Where too many pairs were void. */
export function failureComment(message: string, hint: string): string {
  return `${MARKER}\n### lab gate: nothing measured\n\n${escaped(message)}\n\nhint: ${escaped(hint)}\n`;
}

/** Nothing is compared with a head that is not safe. */
export function unsafeWords(voided: readonly VoidPair[]): string {
  const bad = voided.filter(({ violated, side }) => violated && side === 'head');
  return [...bad.map((pair) => `VIOLATED  ${voidLine(pair)}`), 'unsafe: head violates a claim; nothing was compared'].join('\n');
}
