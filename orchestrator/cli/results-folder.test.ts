// Folders for results: each run has its own, and a place that takes none is named.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LabError } from '../errors.ts';
import { createResultsFolder } from './results-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-results-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('two runs of one second have folders of their own, below folders that are made', () => {
  const made = [1, 2, 3].map(() => createResultsFolder(join(folder, 'a/b'), 'x'));
  expect(new Set(made).size).toBe(3);
  expect(made.every((path) => path.startsWith(join(folder, 'a/b/x-')))).toBe(true);
});

test.each(['/proc/lab', '/dev/null/lab'])('%s is refused with its remedy', (out) => {
  expect(() => createResultsFolder(out, 'x')).toThrow(LabError);
  expect(() => createResultsFolder(out, 'x')).toThrow(/no folder for results can be made in/);
});
