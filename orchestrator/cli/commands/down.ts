// `lab down`: its flags.
import type { DownFlags } from '../services/up.ts';
import type { AddCommand } from './command.ts';

export const addDown: AddCommand = (program) => {
  program.command('down')
    .description('ends what lab up has started')
    .option('--volumes', 'removes their data and secrets too', false)
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', '\nExamples:\n  lab down\n  lab down --volumes')
    .action(async (flags: DownFlags) => {
      const { bringDown } = await import('../services/up.ts');
      await bringDown(flags);
    });
};
