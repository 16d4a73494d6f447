// `lab fault` and `lab heal`: their flags. The options of a fault are its own, so those are taken as they come.
import type { AddCommand } from './command.ts';

type FaultFlags = { readonly cluster?: string; readonly json: boolean };

export const addFault: AddCommand = (program) => {
  program.command('fault')
    .description('at a running cluster: a fault, now, whatever other faults are on')
    .argument('<name>', 'name of a fault (lab list)')
    .argument('[argument...]', 'what it is about, as in an experiment file')
    .allowUnknownOption()
    .option('--cluster <name>', 'which cluster, when several run')
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', `
Its own options follow as --option value.

Examples:
  lab fault crash leader --for 5s
  lab fault partition 'n1 n2 | n3 n4 n5'
  lab fault clock-offset n1 --offset -300ms --for 10s`)
    .action(async (name: string, words: readonly string[], flags: FaultFlags) => {
      const { beginFault } = await import('../cluster/print.ts');
      await beginFault([name, ...words], flags);
    });
  program.command('heal')
    .description('at a running cluster: undoes every fault that is on')
    .option('--cluster <name>', 'which cluster, when several run')
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', '\nExamples:\n  lab heal')
    .action(async (flags: FaultFlags) => {
      const { heal } = await import('../cluster/print.ts');
      await heal(flags);
    });
};
