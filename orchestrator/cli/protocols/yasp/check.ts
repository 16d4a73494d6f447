// `lab protocol yasp check`: the rules over a folder of logs. Lines of another kind are counted and named, and nothing else.
import { EXIT } from '../../../errors.ts';
import { logName, readLogs } from './log-lines.ts';
import type { RankLog } from './log-lines.ts';
import { holds, judge, summaryOf } from './rules.ts';

function foreignLines({ rank, foreign: { count, first } }: RankLog): string {
  if (first === null) return '';
  return `${logName(rank)}: ${count} line${count === 1 ? ' is' : 's are'} neither generate nor commit; the first is line ${first.line}: ${first.text}\n`;
}

/** Prints the verdict, foreign lines on stderr; returns the exit code. */
export function check(folder: string, { origin, json }: { readonly origin: boolean; readonly json: boolean }): number {
  const logs = readLogs(folder);
  const verdict = judge(logs, origin);
  if (json) {
    const foreign = logs.map(({ rank, foreign }) => ({ rank, ...foreign }));
    process.stdout.write(`${JSON.stringify({ version: 1, holds: holds(verdict), ...verdict, foreign }, null, 2)}\n`);
  } else {
    process.stderr.write(logs.map(foreignLines).join(''));
    process.stdout.write(summaryOf(verdict));
  }
  return holds(verdict) ? EXIT.ok : EXIT.claimViolated;
}
