// Files that an experiment names: found beside it, with the hash of their bytes; what cannot be read says why.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { filesBeside } from './read-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-read-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'inner'));
writeFileSync(join(folder, 'inner', 'a.csv'), 'abc');
writeFileSync(join(folder, 'bytes'), Buffer.from([0xff, 0xfe, 0x00]));
execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe')]);
const read = filesBeside(join(folder, 'experiment.yaml'));

test('a file is read beside the experiment or by its absolute path, with the hash of its bytes', () => {
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  const place = join(folder, 'inner', 'a.csv');
  expect(read('./inner/a.csv', 3)).toEqual({ place, text: 'abc', sha256 });
  expect(read(place, 3)).toEqual({ place, text: 'abc', sha256 });
});

test('it is read once: plans made later are of the same text', () => {
  const file = join(folder, 'changes.csv');
  writeFileSync(file, 'before');
  const [first, second] = [read('changes.csv', 10), read(file, 10)];
  writeFileSync(file, 'after');
  expect([first, second, read('changes.csv', 10)].map((found) => 'text' in found && found.text)).toEqual(['before', 'before', 'before']);
});

test.each([
  ['missing.csv', 10, 'there is no such file'], ['inner', 10, 'it is a folder'], ['inner/a.csv/b', 10, 'there is no such folder'],
  ['inner/a.csv', 2, '3 bytes are too many'], ['bytes', 10, 'it is no text in UTF-8'], ['/dev/null', 10, 'it is no plain file'],
  ['pipe', 10, 'it is no plain file'],
])('%s within %d bytes: %s', (path, most, problem) => {
  const result = read(path, most);
  expect('problem' in result ? result.problem : result).toContain(`${JSON.stringify(path)}: ${problem}`);
});
