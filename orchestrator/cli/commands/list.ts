// `lab list`: its flags.
import type { AddCommand } from './command.ts';

export const addList: AddCommand = (program) => {
  program.command('list')
    .description('everything that an experiment can name')
    .action(async () => {
      const { listEverything } = await import('../list.ts');
      process.stdout.write(listEverything());
    });
};
