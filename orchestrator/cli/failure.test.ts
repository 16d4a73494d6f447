// What the terminal shows when something is wrong: two lines for the world, one for a bug, never a stack trace.
import { readFileSync, rmSync, statSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LabError } from '../errors.ts';
import { reportFailure } from './failure.ts';

let shown = '';
beforeEach(() => {
  shown = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    shown += String(text);
    return true;
  });
});
afterEach(() => { vi.restoreAllMocks(); });

test('a LabError is what and where, then the remedy, and has the exit code of its kind', () => {
  expect(reportFailure(new LabError('port-in-use', '127.0.0.2:7101/udp is in use', 'choose another --port'))).toBe(4);
  expect(shown).toBe('error: 127.0.0.2:7101/udp is in use\n  hint: choose another --port\n');
});

test('a bug is one line with the path of a private file that holds the stack', () => {
  expect(reportFailure(new Error('assertion: slots have no gaps\nsecond line'))).toBe(70);
  expect(shown).toMatch(/^bug: assertion: slots have no gaps; please report it with \/.*\.txt\n$/);
  const file = /with (.*)\n/.exec(shown)?.[1] ?? '';
  expect(readFileSync(file, 'utf8')).toContain('failure.test.ts');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  rmSync(file);
});

test('a value that is no error is a bug too', () => {
  expect(reportFailure('a text')).toBe(70);
  expect(shown).toMatch(/^bug: a text; please report it with /);
  rmSync(/with (.*)\n/.exec(shown)?.[1] ?? '');
});
