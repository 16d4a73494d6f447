// `lab cluster`: its flags.
import { PROTOCOLS } from '../../../node/registry.ts';
import type { ClusterFlags } from '../cluster.ts';
import { collect, wholeNumber } from './command.ts';
import type { AddCommand } from './command.ts';

const [example = ''] = PROTOCOLS.map(({ name }) => name);

export const addCluster: AddCommand = (program, { stop, exit }) => {
  program.command('cluster')
    .description('a cluster of real processes to play with; Ctrl-C ends it')
    .argument('<protocol>', 'name of a protocol')
    .option('--on <runner>', 'where: local', 'local')
    .option('--wan <network>', 'network profile, or a file with a matrix (network.wan); lab wan shows them')
    .option('--nodes <count>', 'number of nodes (nodes)')
    .option('--cluster <name>', 'how other commands call it, when several run', 'default')
    .option('--set <path=value>', 'replaces one value of the experiment; may be given again', collect, [])
    .option('--plugin <file>', 'a module that brings protocols or faults; may be given again', collect, [])
    .option('--out <dir>', 'folder for the files of its nodes, removed at the end', 'results')
    .option('--port <base>', 'the port of the first node, the next ones follow (default: free ones)', wholeNumber(1, 65_535 - 64))
    .option('--json', 'one JSON line on stdout once it is up', false)
    .addHelpText('after', `
Examples:
  lab cluster ${example} --wan aws-5
  lab cluster ${example} --nodes 3 --cluster small

and from another terminal:
  lab status
  lab put k v
  lab fault crash leader --for 5s
  lab heal`)
    .action(async (protocol: string, flags: ClusterFlags) => {
      const { holdCluster } = await import('../cluster.ts');
      exit(await holdCluster(protocol, flags, stop));
    });
};
