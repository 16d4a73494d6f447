// A process of one network namespace that sends datagrams as it is told, and says when each one arrived: `send` and `report`
// as lines of JSON on stdin, what came on stdout. It sends over the nodes' own socket class, and one clock serves all.
import { createInterface } from 'node:readline';
import { openUdp } from '../node/host/udp.ts';

export type Hosts = { readonly [id: string]: string };
/** To each of `to`, `count` datagrams of `bytes`, `everyMs` apart (0: at once). label tells batches apart. */
export type Order = { readonly type: 'send'; readonly label: number; readonly to: readonly string[]; readonly count: number; readonly everyMs: number; readonly bytes: number } | { readonly type: 'report' };
/** In order of arrival: label, number in its batch, when it was sent and what it took, in ms of CLOCK_MONOTONIC. */
export type Arrival = readonly [label: number, sequence: number, sentMs: number, tookMs: number];
export type Said = { readonly type: 'ready' } | { readonly type: 'sent'; readonly label: number }
  | { readonly type: 'report'; readonly lost: number; readonly arrivals: { readonly [from: string]: readonly Arrival[] } };

const PORT = 7_000;
const HEADER_BYTES = 19;
const [self = '', hostsText = '{}'] = process.argv.slice(2);
const hosts = JSON.parse(hostsText) as Hosts;
const ids = Object.keys(hosts);
let arrivals: { [from: string]: Arrival[] } = {};

function say(said: Said): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

const udp = await openUdp({
  self,
  sockets: Object.fromEntries(Object.entries(hosts).map(([id, host]) => [id, { host, port: PORT }])),
  frameBytes: 1_400,
  received(frame) {
    const nowNs = process.hrtime.bigint();
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const sentNs = view.getBigUint64(0);
    (arrivals[ids[view.getUint16(8)] ?? ''] ??= []).push([view.getUint32(10), view.getUint32(14), Number(sentNs) / 1e6, Number(nowNs - sentNs) / 1e6]);
  },
});

function send(to: string, label: number, sequence: number, bytes: number): void {
  const frame = new Uint8Array(Math.max(HEADER_BYTES, bytes));
  const view = new DataView(frame.buffer);
  view.setUint16(8, ids.indexOf(self));
  view.setUint32(10, label);
  view.setUint32(14, sequence);
  view.setBigUint64(0, process.hrtime.bigint());
  udp.send(to, frame);
}

function sendAll({ label, to, count, everyMs, bytes }: Extract<Order, { type: 'send' }>): void {
  let sequence = 0;
  const round = () => {
    for (const id of to) send(id, label, sequence, bytes);
    sequence++;
    if (sequence < count) setTimeout(round, everyMs);
    else say({ type: 'sent', label });
  };
  if (everyMs > 0) return round();
  for (; sequence < count; sequence++) for (const id of to) send(id, label, sequence, bytes);
  say({ type: 'sent', label });
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line) as Order;
  if (order.type === 'send') return sendAll(order);
  say({ type: 'report', lost: udp.totals.lost, arrivals });
  arrivals = {};
}).on('close', () => process.exit(0));
say({ type: 'ready' });
