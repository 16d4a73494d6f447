// `lab reproduce`: its flags.
import type { ReproduceFlags } from '../reproduce.ts';
import { oneOf } from './command.ts';
import type { AddCommand } from './command.ts';

const EXAMPLES = `
Examples:
  lab reproduce                     the tables that there are
  lab reproduce caspaxos --on sim   published, model, measured, tolerance and verdict of each of its rows
  lab reproduce --all --page published.html

A table is a file NAME.json: its source, its values, how far they may be off, and the experiment that repeats them.
A tolerance that chance alone may exceed is refused: the row says how far its few runs scatter.
Exit codes: 0 every row within its tolerance, 1 a claim is violated, 2 a row differs or is refused or a run is invalid, 3 bad input.`;

export const addReproduce: AddCommand = (program, { stop, exit }) => {
  program.command('reproduce')
    .description('repeat measurements that others have published, and compare')
    .argument('[name]', 'a table; the names of all when it is left out')
    .option('--all', 'every table', false)
    .option('--on <runner>', 'where: sim', oneOf(['sim']), 'sim')
    .option('--from <dir>', 'the folder of the tables (default: those of the lab)')
    .option('--page <file>', 'write a page with all of them')
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(async (name: string | undefined, flags: ReproduceFlags) => {
      const { reproduce } = await import('../reproduce.ts');
      exit(await reproduce(name, flags, stop));
    });
};
