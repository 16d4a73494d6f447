// The queue to a server: bounded, in order, retried where that may help, and given up in time.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Sender, type SenderPorts } from './sender.ts';

function openSender(change: Partial<SenderPorts> & Pick<SenderPorts, 'write'>): Sender {
  return new Sender({ mayPass: () => true, chunkLines: 10, retriesMs: [1, 1], mostLines: 100, patienceMs: 60_000, ...change });
}

function push(sender: Sender, count: number): void {
  for (let index = 0; index < count; index++) sender.push(`line ${index}`);
}

test('everything is written in order, in chunks, one at a time', async () => {
  const chunks: (readonly string[])[] = [];
  let under = 0;
  const sender = openSender({
    write: async (lines) => {
      expect(++under).toBe(1);
      await sleep(1);
      under--;
      chunks.push(lines);
    },
  });
  push(sender, 35);
  await sender.drain();
  expect(chunks.map(({ length }) => length)).toEqual([10, 10, 10, 5]);
  expect(chunks.flat()).toEqual(Array.from({ length: 35 }, (_, index) => `line ${index}`));
  expect(sender).toMatchObject({ written: 35, acknowledged: 35, dropped: 0, failure: null });
});

test('what may pass is tried again, and then given up', async () => {
  let attempts = 0;
  const flaky = openSender({ write: () => (++attempts < 3 ? Promise.reject(new Error('busy')) : Promise.resolve()) });
  push(flaky, 5);
  await flaky.drain();
  expect(flaky).toMatchObject({ acknowledged: 5, failure: null });

  const dead = openSender({ write: () => { attempts++; return Promise.reject(new Error('dead')); } });
  attempts = 0;
  push(dead, 30);
  await dead.drain();
  expect(attempts).toBe(3);
  expect(dead).toMatchObject({ written: 30, acknowledged: 0, failure: { error: expect.objectContaining({ message: 'dead' }) as Error } });
});

test('what cannot pass is not tried again, and nothing is sent after it', async () => {
  const written: string[] = [];
  const sender = openSender({
    mayPass: () => false,
    write: (lines) => {
      written.push(...lines);
      return written.length > 10 ? Promise.reject(new Error('refused')) : Promise.resolve();
    },
  });
  push(sender, 50);
  await sender.drain();
  push(sender, 50);
  expect(written).toHaveLength(20);
  expect(sender).toMatchObject({ written: 100, acknowledged: 10, failure: { error: expect.anything() as unknown } });
});

test('a full queue loses its oldest lines, and counts them', async () => {
  const release = Promise.withResolvers<void>();
  const written: string[] = [];
  const sender = openSender({ write: async (lines) => { await release.promise; written.push(...lines); } });
  push(sender, 1_000);
  release.resolve();
  await sender.drain();
  expect(written.at(-1)).toBe('line 999');
  expect(sender.dropped).toBeGreaterThan(800);
  expect(sender.acknowledged + sender.dropped).toBe(1_000);
  expect(written).toHaveLength(sender.acknowledged);
});

test('whoever waits for room loses nothing', async () => {
  let acknowledged = 0;
  const sender = openSender({ write: async (lines) => { await sleep(1); acknowledged += lines.length; } });
  for (let index = 0; index < 40; index++) {
    await sender.ready();
    push(sender, 40);
  }
  await sender.drain();
  expect(sender).toMatchObject({ written: 1_600, acknowledged, dropped: 0 });
});

test('a server that never answers is given up', async () => {
  const sender = openSender({ patienceMs: 20, write: () => new Promise(() => undefined) });
  push(sender, 5);
  await sender.drain();
  expect(sender).toMatchObject({ acknowledged: 0, failure: { error: expect.anything() as unknown } });
});

test('what is abandoned waits for what is on its way, and sends nothing more', async () => {
  const release = Promise.withResolvers<void>();
  const written: string[] = [];
  const sender = openSender({ write: async (lines) => { await release.promise; written.push(...lines); } });
  push(sender, 25);
  const abandoned = sender.abandon();
  push(sender, 25);
  release.resolve();
  await abandoned;
  await sleep(5);
  expect(written).toHaveLength(10);
});
