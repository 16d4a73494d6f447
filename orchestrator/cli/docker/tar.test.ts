// The archives are what GNU tar reads, and the same bytes each time.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { writeTar } from './tar.ts';

const long = `${'folder/'.repeat(20)}file.ts`;
const entries = [
  { path: 'a.txt', bytes: Buffer.from('hello') }, { path: 'bin/run', bytes: Buffer.alloc(512, 7), executable: true },
  { path: 'empty', bytes: Buffer.alloc(0) }, { path: long, bytes: Buffer.from('long') },
];

function tar(archive: Buffer, ...argv: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('tar', [...argv], { input: archive, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

test('tar lists what was written, with its rights and an owner and time of nobody', () => {
  const lines = tar(writeTar(entries), '-tv', '--numeric-owner', '--utc', '-f', '-').trim().split('\n').map((line) => line.split(/\s+/));
  expect(lines.map(([rights, owner, size, day, , path]) => [rights, owner, size, day, path])).toEqual([
    ['-rw-r--r--', '0/0', '5', '1970-01-01', 'a.txt'], ['-rwxr-xr-x', '0/0', '512', '1970-01-01', 'bin/run'],
    ['-rw-r--r--', '0/0', '0', '1970-01-01', 'empty'], ['-rw-r--r--', '0/0', '4', '1970-01-01', long],
  ]);
});

test('the bytes of a file are those given', () => {
  expect(tar(writeTar(entries), '-xO', '-f', '-', 'a.txt', long)).toBe('hellolong');
});

test('the same entries give the same bytes', () => {
  expect(writeTar(entries).equals(writeTar(entries))).toBe(true);
});

test('a path that no tar can hold is refused', () => {
  expect(() => writeTar([{ path: 'x'.repeat(101), bytes: Buffer.alloc(0) }])).toThrow('too long');
});
