// Messages and entries as people read them in a conversation: no quotes, a command is its id, and of a hash its
// beginning is enough.
import type { Json } from '../../node/contract.ts';

type Fields = { readonly [key: string]: Json | undefined };

export function inWords(value: Json | undefined): string {
  if (typeof value === 'string') return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 6) : value;
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(inWords).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = value as { readonly [key: string]: Json | undefined };
  if (typeof fields['id'] === 'string' && fields['op'] !== undefined) return fields['id'];
  return `{${fieldsInWords(fields)}}`;
}

function fieldsInWords(fields: { readonly [key: string]: Json | undefined }): string {
  return Object.entries(fields).map(([key, value]) => `${key}=${inWords(value)}`).join(' ');
}

/** Its type, or its only key, where the protocol names its messages so; and the rest. */
function named(message: Json): readonly [name: string | null, fields: Fields] {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return [null, {}];
  const { type, ...rest } = message as Fields;
  if (typeof type === 'string') return [type, rest];
  const [only, ...others] = Object.entries(message as Fields);
  const value = only?.[1];
  return only === undefined || others.length > 0 || typeof value !== 'object' || value === null || Array.isArray(value) ? [null, {}] : [only[0], value as Fields];
}

export function messageInWords(message: Json): string {
  const [name, fields] = named(message);
  return name === null ? inWords(message) : `${name} ${fieldsInWords(fields)}`;
}

export function nameOf(message: Json): string {
  return named(message)[0] ?? inWords(message);
}
