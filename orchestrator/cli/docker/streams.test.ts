// A long-lived command in a container: its lines arrive in order, and whatever goes wrong with it is told once.
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { openLines, type OpenedCommand } from './streams.ts';

function frame(text: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(1, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** It ends when its input does, or at the line 'bad', which it complains about. */
function command(): { readonly opened: OpenedCommand; readonly lines: () => string } {
  let heard = '';
  let code = 0;
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      heard += chunk.toString();
      if (heard.includes('bad')) {
        code = 1;
        this.push(frame('Unknown command "bad"\n'));
        this.push(null);
      }
      done();
    },
    final(done) {
      if (code === 0) this.push(null);
      done();
    },
  });
  return { opened: { socket, exitCode: () => Promise.resolve(code) }, lines: () => heard };
}

test('lines reach it in order, those before it was there too', async () => {
  const { opened, lines } = command();
  const failed: Error[] = [];
  const line = openLines('tc', new Promise((resolve) => { setImmediate(() => resolve(opened)); }), (error) => failed.push(error));
  line.write('one');
  line.write('two');
  await line.close();
  expect(lines()).toBe('one\ntwo\n');
  expect(failed).toEqual([]);
});

test('what it complains about is told, and close() rejects with it', async () => {
  const { opened } = command();
  const failed = Promise.withResolvers<Error>();
  const line = openLines('tc', Promise.resolve(opened), failed.resolve);
  line.write('bad');
  expect((await failed.promise).message).toBe('Unknown command "bad"');
  await expect(line.close()).rejects.toThrow('Unknown command "bad"');
});

test('one that cannot be had is told too', async () => {
  const failed = Promise.withResolvers<Error>();
  const line = openLines('tc', Promise.reject(new Error('no such container')), failed.resolve);
  expect((await failed.promise).message).toBe('no such container');
  await expect(line.close()).rejects.toThrow('no such container');
});
