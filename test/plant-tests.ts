// Unit tests without their runner, in a process with planted errors: here 'vitest' is this module (planting.ts). A runner for each
// mutant would cost seconds; so a file of tests costs what it does.
import { expect } from 'vitest';

type Context = { readonly annotate: (text: string) => Promise<void> };
type Body = (...values: never[]) => unknown;
type Registered = { readonly title: string; readonly run: () => unknown };

const CONTEXT: Context = { annotate: () => Promise.resolve() };

const groups: string[] = [];
let registered: Registered[] = [];

function register(title: string, run: () => unknown): void {
  registered.push({ title: [...groups, title].join(' > '), run });
}

const spread = (value: unknown) => (Array.isArray(value) ? value : [value]) as never[];

/** As those of vitest, as far as the protocols' tests use them. */
export const test = Object.assign((title: string, run: Body) => register(title, () => run(CONTEXT as never)), {
  each: (values: readonly unknown[]) => (title: string, run: Body) => {
    for (const value of values) register(`${title} ${JSON.stringify(value)}`, () => run(...spread(value)));
  },
  for: (values: readonly unknown[]) => (title: string, run: Body) => {
    for (const value of values) register(`${title} ${JSON.stringify(value)}`, () => run(value as never, CONTEXT as never));
  },
});

export function describe(title: string, run: () => void): void {
  groups.push(title);
  run();
  groups.pop();
}

export { expect };

/** The first test that fails, of those that these modules register; null: none does. Throws when there is none. */
export async function firstFailing(modules: readonly string[]): Promise<string | null> {
  registered = [];
  for (const module of modules) {
    try {
      await import(module);
    } catch (error) {
      return `${module.split('/').at(-1)}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  if (registered.length === 0) throw new Error(`no tests in ${modules.join(', ')}`);
  for (const { title, run } of registered) {
    try {
      await run();
    } catch {
      return title;
    }
  }
  return null;
}
