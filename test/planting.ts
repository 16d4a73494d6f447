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

/** For every module that this process loads from now on. */
export function plantTexts(replacements: readonly Replacement[]): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const here = replacements.filter(({ file }) => url.endsWith(file));
      if (here.length === 0) return loaded;
      const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: here.reduce(replaced, source) };
    },
  });
}
