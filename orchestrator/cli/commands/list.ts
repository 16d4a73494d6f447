// `lab list`: its flags.
import { collect } from './command.ts';
import type { AddCommand } from './command.ts';

export const addList: AddCommand = (program) => {
  program.command('list')
    .description('everything that an experiment can name')
    .option('--plugin <file>', 'lists what it brings too; may be given again', collect, [])
    .action(async (flags: { readonly plugin: readonly string[] }) => {
      const { listEverything } = await import('../list.ts');
      process.stdout.write(await listEverything(flags.plugin));
    });
};
