// One subcommand, one file in this folder: flags and help here, the work in a module that is imported when it runs, so that
// `lab --help` stays quick.
import { InvalidArgumentError, type Command } from 'commander';
import { didYouMean } from '../../suggest.ts';

export type CommandContext = {
  /** Set by Ctrl-C. */
  readonly stop: { readonly requested: boolean };
  readonly exit: (code: number) => void;
};
export type AddCommand = (program: Command, context: CommandContext) => void;

/** Of a flag. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** Of a flag with few values. */
export function oneOf<T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) throw new InvalidArgumentError(`It is one of ${values.join(', ')}.\n${didYouMean(text, values)}`);
    return value;
  };
}

/** Of a flag that may be given again. */
export function collect(text: string, all: readonly string[]): readonly string[] {
  return [...all, text];
}
