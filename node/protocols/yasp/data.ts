// Data as the origin's leaders make it, random bytes for each slot, and the name by which its log knows them.
import type { Command, Json } from '../../contract.ts';
import { sha256 } from '../../kit/hash.ts';

type Random = { random(): number; trace(name: string, detail?: Json): void };

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** So many random characters, a byte each. */
function randomData(size: number, env: Random): string {
  let data = '';
  for (let index = 0; index < size; index++) data += LETTERS[Math.floor(env.random() * LETTERS.length)] ?? 'A';
  return data;
}

/** A command of its own for (leader, round, seq), which no other life makes again. */
export function madeCommand(self: string, round: number, seq: number, size: number, env: Random): Command {
  return { id: `${self}.${round}:${seq + 1}`, op: { type: 'put', key: 'instance', value: randomData(size, env) } };
}

/** SHA-256 of the data, each byte as one of the letters a–z (byte mod 26): 32 of them. */
function keyOf(data: string): string {
  return (sha256(data).match(/../g) ?? []).map((byte) => String.fromCharCode(97 + parseInt(byte, 16) % 26)).join('');
}

/** What the origin writes to its log; a no-op has no data and no line. */
export function traceInstance(env: Random, name: 'generate' | 'commit', command: Command | null, seq: number): void {
  if (command?.op.type === 'put') env.trace(name, { key: keyOf(command.op.value), seq });
}
