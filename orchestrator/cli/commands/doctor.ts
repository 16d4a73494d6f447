// `lab doctor`: its flags.
import type { AddCommand } from './command.ts';

export const addDoctor: AddCommand = (program, { exit }) => {
  program.command('doctor')
    .description('what this machine has for the lab, and how to get what it lacks')
    .option('--out <dir>', 'where the disk is tried', 'results')
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', '\nExamples:\n  lab doctor\n  lab doctor --json')
    .action(async (flags: { readonly out: string; readonly json: boolean }) => {
      const { showMachine } = await import('../doctor.ts');
      exit(await showMachine(flags));
    });
};
