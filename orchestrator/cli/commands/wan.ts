// `lab wan`: its flags.
import type { WanFlags } from '../wan.ts';
import type { MeasureFlags } from '../wan-measure.ts';
import type { AddCommand } from './command.ts';

const EXAMPLES = `
Examples:
  lab wan                                          the networks that there are
  lab wan global-5                                 its delays, what is unusual in them, and where they are from
  lab wan ibm-cloud --regions tokyo,sydney,dallas  a part of one
  lab wan ./my-matrix.csv                          your own, as network.wan takes it
  lab wan aws-5 --measure --on local,sim           what its links achieve here; exit code 2 when that is not as asked`;

export const addWan: AddCommand = (program, { stop, exit }) => {
  program.command('wan')
    .description('networks between regions: their delays, what is unusual in them, and their sources')
    .argument('[network]', 'a profile, or a file with a matrix (.csv, .json); all profiles when it is left out')
    .option('--regions <list>', 'these of its regions, such as tokyo,sydney')
    .option('--measure', 'run nodes in its regions that only probe their links: what was asked beside what is achieved', false)
    .option('--on <runners>', 'where to measure, such as local,sim', 'local')
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(async (network: string | undefined, flags: WanFlags & MeasureFlags & { readonly measure: boolean }) => {
      if (flags.measure) {
        const { measureNetwork } = await import('../wan-measure.ts');
        exit(await measureNetwork(network, flags, stop));
        return;
      }
      const { showNetworks } = await import('../wan.ts');
      process.stdout.write(showNetworks(network, flags));
    });
};
