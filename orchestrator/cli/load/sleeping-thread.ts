// The thread of a Sleeper: sleeps until the time of the newest order, says that it has followed it, and waits for the next.
import { workerData } from 'node:worker_threads';
import { CELLS, clockMs, FOLLOWED, ORDER } from './sleeper.ts';

const shared = workerData as SharedArrayBuffer;
const cells = new Int32Array(shared, 0, CELLS);
const untilMs = new Float64Array(shared, CELLS * Int32Array.BYTES_PER_ELEMENT, 1);

for (let followed = 0; ;) {
  const order = Atomics.load(cells, ORDER);
  const leftMs = (untilMs[0] ?? 0) - clockMs();
  if (order === followed) Atomics.wait(cells, ORDER, order);
  // A new order ends the sleep of an older one.
  else if (leftMs <= 0 || Atomics.wait(cells, ORDER, order, leftMs) === 'timed-out') {
    followed = order;
    Atomics.store(cells, FOLLOWED, order);
    Atomics.notify(cells, FOLLOWED);
  }
}
