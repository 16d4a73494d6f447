// Commands in a namespace: what they say and how they end comes back, whatever they do. The commands here are not tc.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CommandResult } from '../shaper.ts';
import { kernelSite, runCommand } from './namespace.ts';

const PLACE = { device: 'eth0', sources: {}, addresses: {} };
const WITHIN = { timeout: 10_000 };
/** A stand-in for tc: `tc` and its arguments follow. */
const node = (script: string) => kernelSite([process.execPath, '-e', script], PLACE);

test('input, arguments, output and exit code are passed on', async () => {
  const site = node('process.stdin.pipe(process.stdout); process.stderr.write(process.argv.slice(1).join()); process.exitCode = 3');
  expect(await site.tc(['-batch', '-'], 'a line\n')).toEqual({ code: 3, stdout: 'a line\n', stderr: 'tc,-batch,-' });
});

test('a program that is not there ends like one that a shell does not find', async () => {
  expect(await runCommand(['no-such-program'])).toEqual({ code: 127, stdout: '', stderr: 'no-such-program: command not found' });
});

test('a program that says too much is killed', async () => {
  expect(await runCommand([process.execPath, '-e', '(function more() { process.stdout.write("x".repeat(1e6), more); })()'])).toMatchObject({ code: 1, stderr: 'too much output' });
});

describe('what is kept ready', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'lab-ready-')); });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Says in the folder that it has started; what its input is, it says at its end. */
  const told = (atStart: string) => node(`const fs = require('fs'), life = fs.readdirSync(${JSON.stringify(folder)}).length; fs.writeFileSync(${JSON.stringify(folder)} + '/' + process.pid, ''); ${atStart}
    let got = ''; process.stdin.on('data', (d) => { got += d; }).on('end', () => console.log(process.pid, process.argv.slice(1).join(), got))`);
  const lives = () => readdirSync(folder);
  const said = ({ stdout }: CommandResult) => stdout.trim().split(' ');

  test('has started before its input comes, serves one call, and leaves other commands alone', async () => {
    const site = told('');
    const rest = site.keepReady?.(['-batch']);
    await vi.waitFor(() => expect(lives()).toHaveLength(1), WITHIN);
    const [pid] = lives();
    expect(said(await site.tc(['-batch'], 'a'))).toEqual([pid, 'tc,-batch', 'a']);
    await vi.waitFor(() => expect(lives()).toHaveLength(2), WITHIN);
    expect(said(await site.tc(['-other'], 'b')).slice(1)).toEqual(['tc,-other', 'b']);
    const [, other, batch] = said(await site.tc(['-batch'], 'c'));
    expect([other, batch]).toEqual(['tc,-batch', 'c']);
    rest?.();
    expect(said(await site.tc(['-batch'], 'd')).slice(1)).toEqual(['tc,-batch', 'd']);
  });

  test('and has died is started again for the call', async () => {
    const site = told('if (life === 0) process.exit(9);');
    const rest = site.keepReady?.(['-batch']);
    await vi.waitFor(() => {
      const [pid] = lives();
      expect(pid).toBeDefined();
      // Nobody has this number once the lab has heard of the end.
      expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    }, WITHIN);
    await sleep(100);
    expect(await site.tc(['-batch'], 'a line')).toMatchObject({ code: 0, stdout: expect.stringContaining('a line') as string });
    rest?.();
  });
});

test('lines reach a command that stays open, and its end in order is none to report', async () => {
  const failed = vi.fn<(error: Error) => void>();
  const lines = node('let n = 0; process.stdin.on("data", (d) => { n += d.length; }).on("end", () => process.exit(n === 4 ? 0 : 1))').tcLines(failed);
  lines.write('a');
  lines.write('b');
  await lines.close();
  expect(failed).not.toHaveBeenCalled();
});

test('one that ends unasked is reported at once, with what it said', async () => {
  const error = await new Promise<Error>((resolve) => {
    node('console.error("Error: no\\nCommand failed -:1"); process.exit(1)').tcLines(resolve);
  });
  expect(error.message).toBe('Error: no; Command failed -:1');
  const missing = await new Promise<Error>((resolve) => { kernelSite(['no-such-program'], PLACE).tcLines(resolve); });
  expect(missing.message).toBe('no-such-program: command not found');
});

test('one that fails at its end says so to who closes it', async () => {
  const failed = vi.fn<(error: Error) => void>();
  const lines = node('process.stdin.resume().on("end", () => { console.error("bad line"); process.exit(1); })').tcLines(failed);
  await expect(lines.close()).rejects.toThrow('bad line');
  expect(failed).not.toHaveBeenCalled();
});

test('one that reads nothing is ended before its lines fill the memory', async () => {
  const error = await new Promise<Error>((resolve) => {
    const lines = node('setInterval(() => {}, 1000)').tcLines(resolve);
    for (let count = 0; count < 20; count++) lines.write('x'.repeat(100_000));
  });
  expect(error.message).toBe('tc does not read its lines');
});
