// `lab gate`: its flags.
import { MOST_PAIRS } from '../../gate/looks.ts';
import type { GateFlags } from '../gate.ts';
import type { PairFlags } from '../gate-pairs.ts';
import { collect, oneOf, wholeNumber } from './command.ts';
import type { AddCommand } from './command.ts';

const IN_REAL_TIME = ['local', 'netns'] as const;

const EXAMPLES = `
Examples:
  lab gate --sim                                       compare with results/baselines
  lab gate --sim --json                                the same for a program
  lab gate --sim --update --because "batch the votes"  what is measured now becomes the baseline
  lab gate --base HEAD~1 --head HEAD --on local        processor time, throughput and latency of real processes, in pairs
  lab gate --base main --head . --on netns --virtual-time   without noise, where the kernel of virtual time is there

Exit codes: 0 no guarded figure is worse, 1 a claim is violated, 2 a guarded figure is worse, a run is invalid, or the pairs
are inconclusive, 3 bad input, 4 the machine lacks something.`;

export const addGate: AddCommand = (program, { stop, exit }) => {
  program.command('gate')
    .description('compare the gate experiments with their baselines, or two versions with each other: fails when a figure got worse')
    .option('--sim', 'in the simulator: exact, the same on every machine', false)
    .option('--seeds <count>', 'seeds of each experiment (default: those of the baseline; 20 for a new one; 8 in virtual time)', wholeNumber(5, 1_000))
    .option('--update', 'what is measured now becomes the baseline', false)
    .option('--because <reason>', 'with --update: why it is right; kept in the baseline')
    .option('--experiments <dir>', 'the experiments', 'experiments/gate')
    .option('--baselines <dir>', 'one file for each experiment', 'results/baselines')
    .option('--base <rev|dir>', 'what head is compared with: a git revision (installed from its lock file, removed afterwards) or a checkout')
    .option('--head <rev|dir>', 'the same of what is judged')
    .option('--on <runner>', `for --base and --head: ${IN_REAL_TIME.join(' or ')}`, oneOf(IN_REAL_TIME))
    .option('--virtual-time', 'with --on netns: in a kernel whose time stands still while anything computes', false)
    .option('--experiment <file>', 'for --base and --head: what both run (default: experiments/gate-local.yaml)')
    .option('--pairs <count>', `at most so many pairs of runs; the test looks at 12, 16 and 20 (default: ${MOST_PAIRS})`, wholeNumber(1, MOST_PAIRS))
    .option('--seed <text>', 'of the coin that says which side is first, and of the loads (default: a new one, which is printed)')
    .option('--markdown <file>', 'for --base and --head: write the verdict there as the comment of a pull request')
    .option('--plugin <file>', 'a module with what the experiments use; may be given again', collect, [])
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: GateFlags & PairFlags) => {
      if ([flags.base, flags.head, flags.on].some((flag) => flag !== undefined)) {
        const { runPairGate } = await import('../gate-pairs.ts');
        exit(await runPairGate(flags, stop));
        return;
      }
      const { runGate } = await import('../gate.ts');
      exit(await runGate(flags, stop));
    });
};
