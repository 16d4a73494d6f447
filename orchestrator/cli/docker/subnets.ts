// Where the networks of runs have their addresses: each a block of its own out of a pool, beside what Docker and the machine's
// routes have already. Two runs side by side never meet.
import { existsSync, readFileSync } from 'node:fs';
import { LabError } from '../../errors.ts';

/** IPv4 addresses from `first` on; bits: of the prefix. */
export type Block = { readonly first: number; readonly bits: number };

/** For 64 nodes and a thousand regions of clients. */
const RUN_BITS = 21;
/** Those of plans (netns/layout.ts). */
const PLAN_FIRST = toNumber('198.18.0.0');
const WIDEST_BITS = 8;
const ROUTES = '/proc/net/route';

function toNumber(address: string): number {
  return address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

function sizeOf({ bits }: Block): number {
  return 2 ** (32 - bits);
}

/** null: it is no IPv4 block. */
function parseBlock(text: string): Block | null {
  const [, address = '', bits = ''] = /^((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/.exec(text) ?? [];
  if (address === '' || Number(bits) > 32 || address.split('.').some((byte) => Number(byte) > 255)) return null;
  const block = { first: toNumber(address), bits: Number(bits) };
  return block.first % sizeOf(block) === 0 ? block : null;
}

export function blockText({ first, bits }: Block): string {
  return `${toAddress(first)}/${bits}`;
}

function overlap(a: Block, b: Block): boolean {
  return a.first < b.first + sizeOf(b) && b.first < a.first + sizeOf(a);
}

/** Throws a LabError for a text that no run can have its addresses from. */
export function readPool(text: string): Block {
  const pool = parseBlock(text);
  if (pool === null || pool.bits > RUN_BITS || pool.bits < WIDEST_BITS) {
    throw new LabError('bad-command-line', `--subnet ${text} is no block that runs can have their addresses from`, `write it as 198.18.0.0/15: an IPv4 network with a prefix of ${WIDEST_BITS} to ${RUN_BITS} bits`);
  }
  return pool;
}

/** Blocks of a pool that nothing has, in order. taken: as Docker writes them; others than IPv4 count for nothing. */
export function freeBlocks(pool: Block, taken: readonly string[]): readonly Block[] {
  const known = taken.flatMap((text) => parseBlock(text) ?? []);
  const size = 2 ** (32 - RUN_BITS);
  return Array.from({ length: sizeOf(pool) / size }, (_, index) => ({ first: pool.first + index * size, bits: RUN_BITS }))
    .filter((block) => !known.some((other) => overlap(block, other)));
}

/** Of the bridge itself: the lab's machine. */
export function gatewayOf({ first }: Block): string {
  return toAddress(first + 1);
}

/** Where an address of a plan lies in a block. */
export function relocate(address: string, { first }: Block): string {
  return toAddress(toNumber(address) - PLAN_FIRST + first);
}

/** Networks that this machine has a route to, but for the default one. */
export function routedBlocks(): readonly string[] {
  if (!existsSync(ROUTES)) return [];
  const lines = readFileSync(ROUTES, 'utf8').trim().split('\n').slice(1).map((line) => line.split('\t'));
  return lines.flatMap(([, destination = '', , , , , , mask = '']) => {
    const bits = Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length;
    const address = (destination.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)).join('.');
    return bits === 0 ? [] : [`${address}/${bits}`];
  });
}
