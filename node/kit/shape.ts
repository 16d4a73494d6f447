// Reads what arrived: a peer of another version, or a fuzzer, may have sent any JSON. What has the wrong shape reads as
// null and is dropped by the protocol; nothing here throws.
import { commandOf } from '../clients.ts';
import type { Command, Json } from '../contract.ts';

export type Fields = { readonly [key: string]: Json | undefined };

/** The value as an object, or null. */
export function fieldsOf(value: Json | undefined): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** A whole number from 0 on: an epoch, a slot, a length. */
export function isNatural(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A list of well-formed commands; null when it is no list or one of them is malformed. */
export function commandsOf(value: Json | undefined): readonly Command[] | null {
  return listOf(value, commandOf);
}

/** Every element as `read` reads it; null when the value is no list or one element reads as null. */
export function listOf<T>(value: Json | undefined, read: (element: Json) => T | null): readonly T[] | null {
  if (!Array.isArray(value)) return null;
  const list: T[] = [];
  for (const element of value as readonly Json[]) {
    const item = read(element);
    if (item === null) return null;
    list.push(item);
  }
  return list;
}
