// The relay carries a stream: where a scheduled delay becomes shorter, no byte overtakes another.
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openRelay } from './relay.ts';
import { Timers } from './timers.ts';

test('bytes stay in order while the delay falls, and each waits for its own at least', async () => {
  const timers = new Timers(() => performance.now());
  const seen: { readonly text: string; readonly atMs: number }[] = [];
  const whole = Promise.withResolvers<void>();
  const server = createServer((socket) => socket.setEncoding('utf8').on('data', (text: string) => {
    seen.push({ text, atMs: performance.now() });
    if (seen.map((each) => each.text).join('').length === 3) whole.resolve();
  }));
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const delays = [60, 30, 0];
  const relay = await openRelay(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { delays: true, thereMs: () => delays.shift() ?? 0, backMs: () => 0 }, timers);
  const client = connect(Number(new URL(relay.url).port), '127.0.0.1');
  client.setNoDelay(true);
  const sentMs: number[] = [];
  for (const text of ['a', 'b', 'c']) {
    const left = delays.length;
    sentMs.push(performance.now());
    client.write(text);
    // Each chunk has taken its delay before the next one is sent.
    while (delays.length === left) await new Promise((resolve) => { setTimeout(resolve, 1); });
  }
  await whole.promise;
  expect(seen.map(({ text }) => text).join('')).toBe('abc');
  expect((seen[0]?.atMs ?? 0) - (sentMs[0] ?? 0)).toBeGreaterThanOrEqual(60);
  client.destroy();
  await relay.close();
  await timers.stop();
  server.close();
});
