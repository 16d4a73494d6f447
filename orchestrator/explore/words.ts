// Messages and entries as people read them in a conversation: no quotes, and a command is its id.
import type { Json } from '../../node/contract.ts';

export function inWords(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(inWords).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = value as { readonly [key: string]: Json | undefined };
  if (typeof fields['id'] === 'string' && fields['op'] !== undefined) return fields['id'];
  return `{${fieldsInWords(fields)}}`;
}

function fieldsInWords(fields: { readonly [key: string]: Json | undefined }): string {
  return Object.entries(fields).map(([key, value]) => `${key}=${inWords(value)}`).join(' ');
}

export function messageInWords(message: Json): string {
  const fields = typeof message === 'object' && message !== null && !Array.isArray(message) ? message as { readonly [key: string]: Json | undefined } : {};
  const { type, ...rest } = fields;
  return typeof type === 'string' ? `${type} ${fieldsInWords(rest)}`.trimEnd() : inWords(message);
}

/** Its type, where the protocol gives its messages one. */
export function nameOf(message: Json): string {
  const { type } = (message ?? {}) as { readonly [key: string]: Json | undefined };
  return typeof type === 'string' ? type : inWords(message);
}
