// The three rules, each on logs that break it; lines of another kind; and what the origin leaves out.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { logName, readLines, readLogs } from './log-lines.ts';
import type { RankLog } from './log-lines.ts';
import { holds, judge, summaryOf } from './rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-yasp-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of each rank what it commits, as 'key at slot'; everything is proposed by rank 0. */
function logsOf(...commits: readonly (readonly string[])[]): readonly RankLog[] {
  const keys = [...new Set(commits.flat())].map((commit) => `generate Instance[${commit.split(' ')[0]}] in seq 0 at 2026`);
  return commits.map((list, rank) => readLines(rank, [...(rank === 0 ? keys : []), ...list.map((commit) => {
    const [key, , seq] = commit.split(' ');
    return `commit Instance[${key}] in seq ${seq} at 2026`;
  })].join('\n')));
}

test('logs that agree pass, also where one rank is shorter', () => {
  const verdict = judge(logsOf(['a at 0', 'b at 1', 'c at 2'], ['a at 0', 'b at 1']), false);
  expect(verdict).toEqual({ commits: [3, 2], problems: { once: [], validity: [], safety: [] } });
  expect(holds(verdict)).toBe(true);
});

test('rule 1: a slot that one rank commits twice is found, even with the same data', () => {
  expect(judge(logsOf(['a at 0', 'a at 0'], ['a at 0']), false).problems.once).toEqual(['node 0 committed 0 more than once']);
});

test('rule 2: a commit that nobody proposed is found, and a rank that commits nothing', () => {
  const [zero, one] = logsOf(['a at 0'], ['a at 0']);
  const forged = readLines(1, 'commit Instance[z] in seq 0 at 2026');
  expect(judge([zero, forged].flatMap((log) => log ?? []), false).problems.validity).toEqual(['commit z has never been proposed!']);
  expect(judge([zero, one, readLines(2, '')].flatMap((log) => log ?? []), false).problems.validity).toEqual(['node 2 committed nothing']);
});

test('rule 3: another value and a gap on one side are found', () => {
  expect(judge(logsOf(['a at 0', 'b at 1'], ['a at 0', 'c at 1', 'd at 2']), false).problems.safety).toEqual(['node 0 has different commit with node 1 at position 1, node 0 is b while node 1 is c']);
  expect(judge(logsOf(['a at 0', 'c at 2'], ['a at 0', 'b at 1', 'c at 2']), false).problems.safety).toEqual(['node 0 has different commit with node 1 at position 1, node 0 is None while node 1 is b']);
});

test('the last slot in common is compared, which the origin does not', () => {
  const logs = logsOf(['a at 0', 'b at 1'], ['a at 0', 'c at 1']);
  expect([judge(logs, false), judge(logs, true)].map(holds)).toEqual([false, true]);
});

test('a gap on both sides is none: slots need not follow one another', () => {
  expect(holds(judge(logsOf(['a at 0', 'b at 10000'], ['a at 0', 'b at 10000', 'c at 20000']), false))).toBe(true);
});

test('lines of another kind are counted and the first is named; the text may stand anywhere in a line', () => {
  const log = readLines(0, 'Listening at 10000\n[Consensus log] logger.go:72: commit Instance[abc] in seq 7 at 2024-11-21 19:45\n\nRecv msg\n');
  expect(log.lines).toEqual([{ verb: 'commit', key: 'abc', seq: 7 }]);
  expect(log.foreign).toEqual({ count: 2, first: { line: 1, text: 'Listening at 10000' } });
});

test('missing logs are named, all of them', () => {
  for (const rank of [0, 2, 4]) writeFileSync(join(folder, logName(rank)), '');
  expect(() => readLogs(folder)).toThrow('instancelog1.log, instancelog3.log are missing');
  expect(() => readLogs(join(folder, 'none'))).toThrow('there is no such folder');
});

test('the summary has the lines of the seed document', () => {
  expect(summaryOf(judge(logsOf(['a at 0'], ['a at 0']), false))).toBe(`----------begin to check------------
node 0 commits 1 times
node 1 commits 1 times
---------- check validity ------------
pass
---------- check safety --------------
pass
---------- end -----------------------
`);
});
