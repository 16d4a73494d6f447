// Merges given options over a protocol's defaults. An unknown name or a wrong type is a problem with its remedy.
import type { AnyProtocol, Json, Problem } from './contract.ts';

type Options = { readonly [name: string]: Json };

function isRecord(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

/** A default of null, 'auto' or a list leaves the type to the protocol's `resolve`; any other type must be kept. */
function isOpen(value: Json): boolean {
  return value === null || value === 'auto' || Array.isArray(value);
}

/** The options that result, and what is wrong with the given ones. Pure. */
export function mergeOptions(defaults: unknown, given: Json): { readonly options: Json; readonly problems: readonly Problem[] } {
  const known = isRecord(defaults) ? defaults : {};
  if (!isRecord(given)) return { options: known, problems: [{ level: 'error', option: '', message: 'options are a mapping of names to values' }] };
  const problems: Problem[] = [];
  const merged: { [name: string]: Json } = { ...known };
  for (const [name, value] of Object.entries(given)) {
    const initial = known[name];
    if (initial === undefined) {
      problems.push({ level: 'error', option: name, message: `unknown option; it has: ${Object.keys(known).join(', ') || 'none'}` });
    } else if (!isOpen(initial) && kindOf(value) !== kindOf(initial)) {
      problems.push({ level: 'error', option: name, message: `is a ${kindOf(initial)} (default ${JSON.stringify(initial)}), not ${JSON.stringify(value)}` });
    } else if (typeof value === 'number' && !Number.isFinite(value)) {
      problems.push({ level: 'error', option: name, message: 'must be finite' });
    } else {
      merged[name] = value;
    }
  }
  return { options: merged, problems };
}

/** Whether the protocol changes its members, with these options. */
export function changesMembers({ reconfigurable = false }: AnyProtocol, options: Json): boolean {
  return typeof reconfigurable === 'function' ? reconfigurable(options) : reconfigurable;
}
