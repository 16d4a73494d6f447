// `lab gate`: its flags.
import type { GateFlags } from '../gate.ts';
import { collect, wholeNumber } from './command.ts';
import type { AddCommand } from './command.ts';

const EXAMPLES = `
Examples:
  lab gate --sim                                       compare with results/baselines
  lab gate --sim --json                                the same for a program
  lab gate --sim --update --because "batch the votes"  what is measured now becomes the baseline

Exit codes: 0 no guarded figure is worse, 1 a claim is violated, 2 a guarded figure is worse or a run is invalid, 3 bad input.`;

export const addGate: AddCommand = (program, { stop, exit }) => {
  program.command('gate')
    .description('compare the gate experiments with their baselines: fails when a figure got worse')
    .option('--sim', 'in the simulator: exact, the same on every machine', false)
    .option('--seeds <count>', 'seeds of each experiment (default: those of the baseline; 20 for a new one)', wholeNumber(5, 1_000))
    .option('--update', 'what is measured now becomes the baseline', false)
    .option('--because <reason>', 'with --update: why it is right; kept in the baseline')
    .option('--experiments <dir>', 'the experiments', 'experiments/gate')
    .option('--baselines <dir>', 'one file for each experiment', 'results/baselines')
    .option('--plugin <file>', 'a module with what the experiments use; may be given again', collect, [])
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: GateFlags) => {
      const { runGate } = await import('../gate.ts');
      exit(await runGate(flags, stop));
    });
};
