// What a gate says: a line for each protocol of each experiment, then each figure that moved, with its size, its direction and
// how sure that is. The last line is the verdict.
import { unitOf } from '../metrics/names.ts';
import { formatMs } from '../report/figures.ts';
import type { Call, Finding, Verdict } from './verdict.ts';
import { FALSE_ALARMS, LEAST_SHARE } from './verdict.ts';

function number(value: number | null): string {
  if (value === null) return 'nothing';
  return value !== 0 && Math.abs(value) < 1 ? value.toPrecision(3) : formatMs(value);
}

function percent(share: number): string {
  const size = Math.abs(share) * 100;
  return `${share < 0 ? '-' : '+'}${size >= 10 ? size.toFixed(0) : size >= 0.1 ? size.toFixed(1) : size.toPrecision(1)} %`;
}

/** 'wan raft commit.p50: 355 → 712 ms, +100 % (higher is worse; 41 standard errors)' */
export function describe(finding: Finding): string {
  const { experiment, label, figure, before, now, share, worse, standardErrors, oneSided } = finding;
  const unit = unitOf(figure) ?? '';
  const size = `${number(before)} → ${number(now)}${unit === '' ? '' : ` ${unit}`}${share === null ? '' : `, ${percent(share)}`}`;
  const certainty = standardErrors === null ? `${oneSided} seeds have a value on one side only`
    : standardErrors === Infinity ? 'the same in every seed' : `${standardErrors.toFixed(1)} standard errors`;
  return `${experiment} ${label} ${figure}: ${size} (${worse === null ? 'not guarded' : `${worse} is worse`}; ${certainty})`;
}

function tally(findings: readonly Finding[]): string {
  const count = (kind: Finding['kind']) => findings.filter((finding) => finding.kind === kind).length;
  const parts = [[count('identical'), 'identical'], [count('within'), 'within the seed spread'], [count('beyond'), 'beyond 3 standard errors']] as const;
  return parts.filter(([size]) => size > 0).map(([size, words]) => `${size} ${words}`).join(', ');
}

const TITLES: readonly (readonly [Call, string])[] = [
  ['regressed', 'REGRESSED'],
  ['improved', 'improved'],
  ['suspect', `suspect: beyond 3 standard errors, but not beyond the limit, or by less than ${LEAST_SHARE * 100} %`],
  ['moved', 'moved: not guarded'],
];

/** Errors of the guarded figures first, the largest changes first. */
function listed(findings: readonly Finding[], call: Call): readonly Finding[] {
  return findings.filter((finding) => finding.call === call).sort((a, b) => Math.abs(b.share ?? Infinity) - Math.abs(a.share ?? Infinity) || a.chance - b.chance);
}

const MOST_LINES = 20;

const KEEP = '; keep it with lab gate --sim --update --because "…"';

/** keep: how an improvement becomes the baseline. */
export function renderVerdict({ findings, limit, uncertain }: Verdict, seeds: number, keep = KEEP): string {
  const subjects = [...new Set(findings.map(({ experiment, label }) => `${experiment} ${label}`))];
  const width = Math.max(0, ...subjects.map(({ length }) => length));
  const lines = subjects.map((subject) => `${subject.padEnd(width)}  ${tally(findings.filter(({ experiment, label }) => `${experiment} ${label}` === subject))}`);
  for (const [call, title] of TITLES) {
    const some = listed(findings, call);
    if (some.length === 0) continue;
    lines.push('', title, ...some.slice(0, MOST_LINES).map((finding) => `  ${describe(finding)}`));
    if (some.length > MOST_LINES) lines.push(`  and ${some.length - MOST_LINES} more`);
  }
  return [...lines, '', lastLine(findings, limit, uncertain, seeds, keep)].join('\n');
}

function lastLine(findings: readonly Finding[], limit: number, uncertain: number, seeds: number, keep: string): string {
  const count = (call: Call) => findings.filter((finding) => finding.call === call).length;
  const rule = uncertain === 0 ? `${seeds} seeds` : `${seeds} seeds, limit ${limit.toFixed(1)} standard errors: ${FALSE_ALARMS * 100} % false alarms over ${uncertain} figures that may differ`;
  if (count('regressed') > 0) return `regressed: ${count('regressed')} guarded ${count('regressed') === 1 ? 'figure is' : 'figures are'} worse (${rule})`;
  if (count('improved') > 0) return `improved: ${count('improved')} guarded ${count('improved') === 1 ? 'figure is' : 'figures are'} better${keep} (${rule})`;
  return `ok: no guarded figure is worse (${rule})`;
}
