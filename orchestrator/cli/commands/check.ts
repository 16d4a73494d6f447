// `lab check`: its flags.
import { FORMATS } from '../../histories/formats.ts';
import type { CheckFlags } from '../check.ts';
import { collect, oneOf, wholeNumber } from './command.ts';
import type { AddCommand } from './command.ts';

const HELP = `
Formats:
${FORMATS.map(({ name, summary }) => `  ${name.padEnd(13)} ${summary}`).join('\n')}

Examples:
  lab check history.edn --format porcupine-kv --page why.html
  lab check logs/ --format jepsen-etcd --json
  lab check results/quickstart-20260101T120000Z

Exit codes: 0 all are linearizable, 1 one is not, 2 one could not be decided within the limits or holds nothing,
3 a file contradicts its format or itself.`;

export const addCheck: AddCommand = (program, { stop, exit }) => {
  program.command('check')
    .description('judge histories of clients for linearizability: from other tests, or of runs of this lab')
    .argument('<file|folder...>', 'histories, folders of histories, or folders that lab run printed')
    .option('--format <name>', 'how the files are written', oneOf(FORMATS.map(({ name }) => name)), 'ndjson')
    .option('--page <file>', 'write a page that shows which operations cannot be ordered')
    .option('--steps <count>', 'of the model, for each history, before it is given up as unknown', wholeNumber(1, 1_000_000_000), 50_000_000)
    .option('--time <duration>', 'for each history', '60s')
    .option('--plugin <file>', 'a module with the workloads of runs; may be given again', collect, [])
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', HELP)
    .action(async (paths: readonly string[], flags: CheckFlags) => {
      const { checkHistories } = await import('../check.ts');
      exit(await checkHistories(paths, flags, stop));
    });
};
