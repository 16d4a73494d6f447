// A section of an experiment file: its keys and no others, and what zod finds in it said in two lines, a problem and its remedy.
import { z } from 'zod';
import { didYouMean } from './suggest.ts';
import { shown } from './units.ts';

/** A problem and its remedy travel as two lines of one message. */
function unknownKey(keys: readonly string[], known: readonly string[]): string {
  const key = keys[0] ?? '';
  return `unknown key ${JSON.stringify(key)}\n${didYouMean(key, known)}`;
}

const EXPECTED: { readonly [type: string]: string } = {
  string: 'a text', int: 'a whole number', number: 'a number', object: 'a mapping of keys to values', record: 'a mapping of keys to values',
  array: 'a list', boolean: 'true or false', null: 'nothing',
};

/** The two lines for what zod found; `known`: the keys that would have been right at the top. */
export function explain(issue: z.core.$ZodRawIssue, known: readonly string[] = []): string {
  const value = shown(issue.input);
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = EXPECTED[issue.expected] ?? issue.expected;
      return issue.input === undefined ? `missing: ${wanted} belongs here\nadd it` : `${value} is not ${wanted}\nwrite ${wanted}`;
    }
    case 'invalid_value':
      return `${value} is not one of its values\n${didYouMean(String(issue.input), issue.values.map(String))}`;
    case 'too_small':
      return `${value} is too small\nit is at least ${String(issue.minimum)}`;
    case 'too_big':
      return `${value} is too large\nit is at most ${String(issue.maximum)}`;
    case 'unrecognized_keys':
      return unknownKey(issue.keys, known);
    default:
      return `${value} is not valid here\n${issue.message ?? 'see docs of this key'}`;
  }
}

/** An object without other keys. */
export function section<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? unknownKey(issue.keys, Object.keys(shape)) : undefined) });
}
