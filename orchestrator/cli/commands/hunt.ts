// `lab hunt`: its flags.
import { Option } from 'commander';
import type { HuntFlags } from '../hunt.ts';
import { collect, wholeNumber } from './command.ts';
import type { AddCommand } from './command.ts';

const EXAMPLES = `
Examples:
  lab hunt --protocol all --seeds 200                 every protocol, 200 cases each
  lab hunt --time 10m --from-seed 100000              whatever ten minutes bring, beyond the usual seeds
  lab hunt --protocol NAME --replay 17                the case of one seed once more, with its conversation
  lab hunt --replay experiments/corpus/NAME/CASE.json a case that was kept
  lab hunt --planted --protocol NAME                  known errors, planted one at a time: what finds them

Exit codes: 0 no claim was violated, 1 one was, 3 bad input.`;

export const addHunt: AddCommand = (program, { stop, exit }) => {
  program.command('hunt')
    .description('looks for violated claims: simulated clusters, loads and faults drawn from seeds, on all cores')
    .option('--protocol <names>', 'names of protocols, separated by commas; all', 'all')
    .option('--seeds <count>', 'how many cases of each protocol (default: 200, or as many as --time allows)', wholeNumber(1, 100_000_000))
    .option('--time <duration>', 'at most so long for all protocols together, such as 60s')
    .option('--from-seed <number>', 'the first seed; the next ones follow', wholeNumber(0, 1_000_000_000), 1)
    .option('--set <option=value>', 'an option of the protocol, the same in every case; may be given again', collect, [])
    .option('--replay <case>', 'one case alone: a file that a hunt has kept, or with --protocol a seed')
    .option('--corpus <dir>', 'cases that failed once, by protocol: repeated first, and added to', 'experiments/corpus')
    .option('--out <dir>', 'folder for the pages with conversations', 'results')
    .option('--shrink-runs <count>', 'runs that making a failing case small may take', wholeNumber(1, 100_000), 400)
    .option('--plugin <file>', 'a module that brings protocols; may be given again', collect, [])
    .addOption(new Option('--planted', 'in a checkout: looks for errors that are planted in the sources, and writes docs/planted.md').default(false)
      .conflicts(['time', 'fromSeed', 'set', 'replay', 'corpus', 'out', 'shrinkRuns', 'plugin', 'json']))
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(async ({ planted, ...flags }: HuntFlags & { readonly planted: boolean }) => {
      if (planted) {
        const { huntPlanted } = await import('../planted.ts');
        exit(await huntPlanted(flags.protocol, flags.seeds));
        return;
      }
      const { hunt } = await import('../hunt.ts');
      exit(await hunt(flags, stop));
    });
};
