// `lab compare`: its flags.
import type { CompareFlags } from '../compare.ts';
import { collect, type AddCommand } from './command.ts';

export const addCompare: AddCommand = (program) => {
  program.command('compare')
    .description('what differs between finished runs, and what so few runs can say about it')
    .argument('<folder...>', 'folders that lab run printed: the first one with each other one, label by label; one alone: its labels with the first')
    .option('--page <file>', 'write a page with distributions, and with curves where an experiment had a sweep')
    .option('--svg <dir>', 'write each chart of that page as SVG into this folder')
    .option('--png <dir>', 'write each chart of that page as PNG into this folder')
    .option('--force', 'compare also what was measured in different ways (runner, shaper, runtime, kind of load), and say so', false)
    .option('--plugin <file>', 'a module with the protocols of these runs; may be given again', collect, [])
    .option('--json', 'one JSON document on stdout instead of the table', false)
    .addHelpText('after', `
Examples:
  lab compare results/before results/after --page compare.html
  lab compare results/wan-latency-20260101T120000Z`)
    .action(async (folders: readonly string[], flags: CompareFlags) => {
      const { compareFolders } = await import('../compare.ts');
      await compareFolders(folders, flags);
    });
};
