// `lab advise`: its flags.
import type { AdviseFlags } from '../advise.ts';
import { collect, oneOf, wholeNumber } from './command.ts';
import type { AddCommand } from './command.ts';

const EXAMPLES = `
Examples:
  lab advise --wan aws-5 --tolerate 1
  lab advise --wan aws-5 --tolerate 1 --clients us-east-1:4,eu-west-1:6 --out mine.yaml
  lab advise --wan ibm-cloud --nodes tokyo,sydney,dallas --for p99 --json

Exit codes: 0 advised, 1 a claim is violated, 2 a run is invalid, 3 bad input.`;

export const addAdvise: AddCommand = (program, { stop, exit }) => {
  program.command('advise')
    .description('which protocol, led from where, with which quorums and times, for a network and its clients')
    .requiredOption('--wan <network>', 'a profile, or a file with a matrix (lab wan shows them)')
    .option('--nodes <list>', 'regions of the nodes, with commas, or a count (default: one in each region)')
    .option('--tolerate <count>', 'nodes that may be down', wholeNumber(1, 4), 1)
    .option('--clients <list>', 'where clients are, with weights: us-east-1:4,eu-west-1:6 (default: the same in each node\'s region)')
    .option('--rate <rate>', 'commands per second in all', '100/s')
    .option('--for <goal>', 'what is to be low: p50, p99', oneOf(['p50', 'p99']), 'p50')
    .option('--out <file>', 'write the experiment that repeats the best of them')
    .option('--plugin <file>', 'a module that brings protocols; may be given again', collect, [])
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: AdviseFlags) => {
      const { advise } = await import('../advise.ts');
      exit(await advise(flags, stop));
    });
};
