// `lab status`: its flags.
import type { AddCommand } from './command.ts';

export const addStatus: AddCommand = (program) => {
  program.command('status')
    .description('at a running cluster: its nodes, who leads, and the faults that are on')
    .option('--cluster <name>', 'which cluster, when several run')
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', '\nExamples:\n  lab status\n  lab status --cluster small --json')
    .action(async (flags: { readonly cluster?: string; readonly json: boolean }) => {
      const { showStatus } = await import('../cluster/print.ts');
      await showStatus(flags);
    });
};
