// `lab conform`: its flags.
import type { ConformFlags } from '../conform.ts';
import { collect, wholeNumber } from './command.ts';
import type { AddCommand } from './command.ts';

export const addConform: AddCommand = (program, { stop, exit }) => {
  program.command('conform')
    .description('tries whether protocols keep what they claim under every fault, in the simulator')
    .argument('<protocol...>', 'names of protocols')
    .option('--plugin <file>', 'a module that brings protocols; may be given again', collect, [])
    .option('--seeds <count>', 'how many seeds each scene with faults is drawn from; one of them is fresh', wholeNumber(1, 10_000), 4)
    .option('--seed <text>', 'only this one, to see a failure again')
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', '\nExamples:\n  lab conform mine --plugin ./mine.ts\n  lab conform mine --plugin ./mine.ts --seed fresh-1767225600000\n')
    .action(async (names: readonly string[], flags: ConformFlags) => {
      const { conform } = await import('../conform.ts');
      exit(await conform(names, flags, stop));
    });
};
