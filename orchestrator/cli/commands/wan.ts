// `lab wan`: its flags.
import type { WanFlags } from '../wan.ts';
import type { AddCommand } from './command.ts';

const EXAMPLES = `
Examples:
  lab wan                                          the networks that there are
  lab wan global-5                                 its delays, what is unusual in them, and where they are from
  lab wan ibm-cloud --regions tokyo,sydney,dallas  a part of one
  lab wan ./my-matrix.csv                          your own, as network.wan takes it`;

export const addWan: AddCommand = (program) => {
  program.command('wan')
    .description('networks between regions: their delays, what is unusual in them, and their sources')
    .argument('[network]', 'a profile, or a file with a matrix (.csv, .json); all profiles when it is left out')
    .option('--regions <list>', 'these of its regions, such as tokyo,sydney')
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(async (network: string | undefined, flags: WanFlags) => {
      const { showNetworks } = await import('../wan.ts');
      process.stdout.write(showNetworks(network, flags));
    });
};
