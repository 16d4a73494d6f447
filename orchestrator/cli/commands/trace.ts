// `lab trace`: its flags.
import type { TraceFlags } from '../trace.ts';
import { wholeNumber } from './command.ts';
import type { AddCommand } from './command.ts';

export const addTrace: AddCommand = (program) => {
  program.command('trace')
    .description('draw who said what to whom in a part of a recorded run')
    .argument('<folder|file>', 'a run folder, or a file of events')
    .option('--around <time>', 'ends there, counted from the start of the run (default: what violated a check, else the end)')
    .option('--slot <number>', 'ends at the commits of this slot', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--last <duration>', 'how long before it', '2s')
    .option('--events <count>', 'how many events at most; the last ones are drawn', wholeNumber(1, 5_000), 240)
    .option('--page <file>', 'write a page with the drawing instead of text')
    .addHelpText('after', `
Examples:
  lab trace results/crash-leader-20260101T120000Z/NAME-sim-1 --around 12.5s --last 1500ms
  lab trace results/crash-leader-20260101T120000Z/NAME-sim-1 --slot 40 --page slot-40.html`)
    .action(async (path: string, flags: TraceFlags) => {
      const { traceRun } = await import('../trace.ts');
      await traceRun(path, flags);
    });
};
