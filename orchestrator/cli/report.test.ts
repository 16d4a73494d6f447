// `lab report`: a page from the files of a run; what is not a run is refused; where it may not write, it says so.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { recordRun } from '../../test/recorded-run.ts';
import { LabError } from '../errors.ts';
import { reportFolders } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-report-'));
const experiment = join(folder, 'recorded');
const flags = { open: false, plugin: [] };
beforeAll(async () => { await recordRun(join(experiment, 'raft-sim-1')); });
afterAll(() => rmSync(folder, { recursive: true }));

async function refusal(work: Promise<unknown>): Promise<LabError> {
  const error = await work.then(() => null, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(LabError);
  return error as LabError;
}

test('the page of an experiment is written into its folder, and its path is printed', async () => {
  const printed: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  await reportFolders([experiment], flags).finally(() => write.mockRestore());
  const path = join(experiment, 'report.html');
  expect(printed).toEqual([`report: ${path}\n`]);
  expect(readFileSync(path, 'utf8')).toContain('<strong>raft</strong>');
});

test('several folders make one page, and a run that is named twice is in it once', async () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const out = join(folder, 'both.html');
  await recordRun(join(folder, 'again', 'raft-sim-1'));
  await reportFolders([experiment, join(experiment, 'raft-sim-1'), join(folder, 'again')], { ...flags, out }).finally(() => write.mockRestore());
  expect(readFileSync(out, 'utf8')).toContain('2 runs of 1 set-up.');
});

test('a folder without runs is refused, and so is a place that cannot be written', async () => {
  expect((await refusal(reportFolders([join(folder, 'nothing')], flags))).code).toBe('bad-result');
  const { code, message } = await refusal(reportFolders([experiment], { ...flags, out: join(folder, 'no', 'where.html') }));
  expect(code).toBe('machine-lacks');
  expect(message).toContain('where.html cannot be written (ENOENT)');
  expect(existsSync(join(folder, 'no'))).toBe(false);
});
