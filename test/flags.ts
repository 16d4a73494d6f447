// Flags of the commands of this folder: a mistake is answered with a line, and a remedy.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { LabError } from '../orchestrator/errors.ts';
import { didYouMean } from '../orchestrator/suggest.ts';

/** A whole number above 0. */
export function count(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1e9) throw new LabError('bad-command-line', `${flag} ${text}: is no whole number above 0`, `write ${flag} 30`);
  return value;
}

/** `text`: names separated by commas, or all. */
export function namesOf(text: string, known: readonly string[]): readonly string[] {
  const names = text === 'all' ? known : text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new LabError('bad-command-line', `--protocol ${unknown}: is none of ${known.join(', ')}`, didYouMean(unknown, known));
  return names;
}

/** As node:util parseArgs reads them. */
export function readFlags<const T extends NonNullable<ParseArgsConfig['options']>>(options: T) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new LabError('bad-command-line', error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error), `its flags are ${Object.keys(options).map((name) => `--${name}`).join(', ')}`);
  }
}
