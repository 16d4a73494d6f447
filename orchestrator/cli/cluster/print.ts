// What put, get, status, fault and heal print: the answer on stdout, so that a shell can use it, and what it cost on stderr.
import Table from 'cli-table3';
import type { KeyOperation } from '../../../node/contract.ts';
import { EXIT } from '../../errors.ts';
import { askCluster } from './ask.ts';
import type { ClusterStatus, Submitted } from './talk.ts';

type Flags = { readonly cluster?: string; readonly json: boolean };

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify({ version: 1, ...value }, null, 2)}\n`);
}

/** Returns the exit code. */
export async function submit(op: KeyOperation, { cluster, at, json }: Flags & { readonly at?: string }): Promise<number> {
  const submitted = await askCluster(cluster, { ask: 'submit', op, at: at ?? null });
  if (json) printJson({ op, ...submitted });
  else printSubmitted(op, submitted);
  return submitted.reply.outcome === 'ok' ? EXIT.ok : EXIT.missed;
}

function printSubmitted(op: KeyOperation, { reply, node, tookMs }: Submitted): void {
  const took = `${tookMs.toFixed(1)} ms${node === null ? '' : `, ${node}`}`;
  if (reply.outcome === 'ok') {
    if (op.type !== 'put') process.stdout.write(reply.value === null ? '' : `${reply.value}\n`);
    process.stderr.write(`${op.type === 'get' && reply.value === null ? 'nothing was ever written; ' : ''}ok: slot ${reply.at.slot}, epoch ${reply.at.epoch} (${took})\n`);
  } else if (reply.outcome === 'fail') process.stderr.write(`failed: ${reply.reason}; it certainly did not happen (${took})\n`);
  else process.stderr.write(`unknown: ${reply.reason}; it may have happened or may still happen (${took})\n`);
}

export async function showStatus({ cluster, json }: Flags): Promise<void> {
  const status = await askCluster(cluster, { ask: 'status' });
  if (json) printJson(status);
  else process.stdout.write(renderStatus(status));
}

function renderStatus({ cluster, protocol, network, upMs, leader, nodes, faults }: ClusterStatus): string {
  const table = new Table({ head: ['node', 'region', 'up', 'role', 'leader', 'epoch', 'last slot', 'commit slot', 'url'], style: { head: [], border: [], compact: true } });
  const shown = (value: string | number | null) => (value === null ? '–' : String(value));
  for (const row of nodes) table.push([row.id, row.region, row.up ? 'yes' : 'no', shown(row.role), shown(row.leader), shown(row.epoch), shown(row.lastSlot), shown(row.commitSlot), row.url]);
  const lines = faults.map(({ name, nodes: hit, sinceMs }) => `fault on: ${name}${hit.length === 0 ? '' : ` ${hit.join(' ')}`}, for ${seconds(upMs - sinceMs)}\n`);
  return `${cluster}: ${protocol} on ${network}, up ${seconds(upMs)}, leader ${leader ?? 'none'}\n${table.toString()}\n${lines.join('')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export async function beginFault(words: readonly string[], { cluster, json }: Flags): Promise<void> {
  const begun = await askCluster(cluster, { ask: 'fault', words });
  if (json) printJson(begun);
  else process.stdout.write(`${begun.name}${begun.nodes.length === 0 ? '' : ` ${begun.nodes.join(' ')}`}${begun.endsAfterMs === null ? '' : `, ends after ${seconds(begun.endsAfterMs)}`}\n`);
}

export async function heal({ cluster, json }: Flags): Promise<void> {
  const healed = await askCluster(cluster, { ask: 'heal' });
  if (json) printJson(healed);
  else process.stdout.write(healed.undone.length === 0 ? 'no fault is on\n' : healed.undone.map((line) => `${line}\n`).join(''));
}
