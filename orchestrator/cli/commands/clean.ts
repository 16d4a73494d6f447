// `lab clean`: its flags.
import type { CleanFlags } from '../clean.ts';
import type { AddCommand } from './command.ts';

export const addClean: AddCommand = (program) => {
  program.command('clean')
    .description('ends and removes what a lab that was killed has left; old results on request')
    .option('--out <dir>', 'folder for results', 'results')
    .option('--results', 'removes results too, those that are --older-than', false)
    .option('--older-than <age>', 'such as 7d or 12h')
    .option('--dry-run', 'only says what it would do', false)
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', '\nExamples:\n  lab clean --dry-run\n  lab clean\n  lab clean --results --older-than 7d')
    .action(async (flags: CleanFlags) => {
      const { cleanUp } = await import('../clean.ts');
      await cleanUp(flags);
    });
};
