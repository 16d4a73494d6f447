// The two streams of a container come apart as they were written, however the connection cuts them.
import { expect, test } from 'vitest';
import { openFrames } from './frames.ts';

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

const written = Buffer.concat([frame(1, 'one'), frame(2, 'zwei'), frame(1, ''), frame(1, 'drei')]);

test.each([1, 3, 8, 11, written.length])('in pieces of %i bytes', (size) => {
  let [stdout, stderr] = ['', ''];
  const frames = openFrames((bytes) => { stdout += bytes.toString(); }, (bytes) => { stderr += bytes.toString(); });
  for (let at = 0; at < written.length; at += size) frames(written.subarray(at, at + size));
  expect({ stdout, stderr }).toEqual({ stdout: 'onedrei', stderr: 'zwei' });
});

test('what is no frame is refused, not passed on', () => {
  const frames = openFrames(() => undefined, () => undefined);
  expect(() => frames(Buffer.from('plain text of a terminal'))).toThrow('no frame');
});
