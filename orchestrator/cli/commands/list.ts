// `lab list`: its flags.
import { collect } from './command.ts';
import type { AddCommand } from './command.ts';

export const addList: AddCommand = (program) => {
  program.command('list')
    .description('everything that an experiment can name')
    .option('--plugin <file>', 'lists what it brings too; may be given again', collect, [])
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', '\nExamples:\n  lab list\n  lab list --json --plugin ./mine.ts')
    .action(async (flags: { readonly plugin: readonly string[]; readonly json: boolean }) => {
      const { listEverything } = await import('../list.ts');
      process.stdout.write(await listEverything(flags));
    });
};
