// Planted errors: texts of the sources are replaced as they are loaded, so that no switch ships. Each text must be there exactly
// once, or at the place that is named, else the process fails.
import { registerHooks } from 'node:module';

/** `file`: how its URL ends. `at`: where `from` begins in it, in UTF-16 units; without it the text must be there once. */
export type Replacement = { readonly file: string; readonly from: string; readonly to: string; readonly at?: number };

function replaced(text: string, { file, from, to, at }: Replacement): string {
  if (at !== undefined) {
    if (text.slice(at, at + from.length) !== from) throw new Error(`the text to replace is not at ${at} in ${file}`);
    return text.slice(0, at) + to + text.slice(at + from.length);
  }
  const pieces = text.split(from);
  if (pieces.length !== 2) throw new Error(`the text to replace occurs ${pieces.length - 1} times in ${file}`);
  return pieces.join(to);
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | null | undefined): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source ?? new Uint8Array());
}

/** For every module that this process loads from now on. */
export function plantTexts(replacements: readonly Replacement[]): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const here = replacements.filter(({ file }) => url.endsWith(file));
      return here.length === 0 ? loaded : { ...loaded, source: here.reduce(replaced, textOf(loaded.source)) };
    },
  });
}

const TESTS = new URL('plant-tests.ts', import.meta.url).href;
const CASE = /\?case=(\d+)$/;

/**
 * Many cases in one process: a module of a protocol that is imported as FILE?case=N, and the protocol's modules that it imports,
 * are loaded afresh with the replacements of that case; so is a file of its tests, which needs no runner then. Returns how many of them are in place by now.
 */
export function plantCases(cases: readonly (readonly Replacement[])[]): (number: number) => number {
  const planted = new Map<number, number>();
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === 'vitest' && context.parentURL !== TESTS) return { url: TESTS, shortCircuit: true };
      const resolved = nextResolve(specifier, context);
      const number = CASE.exec(context.parentURL ?? '')?.[1];
      return number === undefined || !resolved.url.includes('/node/protocols/') ? resolved : { ...resolved, url: `${resolved.url}?case=${number}` };
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const number = Number(CASE.exec(url)?.[1] ?? -1);
      const here = (cases[number] ?? []).filter(({ file }) => url.replace(CASE, '').endsWith(file));
      if (here.length === 0) return loaded;
      planted.set(number, (planted.get(number) ?? 0) + here.length);
      return { ...loaded, source: here.reduce(replaced, textOf(loaded.source)) };
    },
  });
  return (number) => planted.get(number) ?? 0;
}
