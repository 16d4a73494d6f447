// `lab replay`: its flags.
import type { ReplayFlags } from '../replay.ts';
import { collect } from './command.ts';
import type { AddCommand } from './command.ts';

const EXAMPLES = `
Examples:
  lab replay results/quickstart-20260101T120000Z            its table, judged again
  lab replay results/mine --plugin ./mine.ts --sink mine    its events, into the sink of a plug-in`;

export const addReplay: AddCommand = (program, { stop, exit }) => {
  program.command('replay')
    .description('judge recorded runs again, hand their events to sinks, and print their table')
    .argument('<folder...>', 'run folders, or experiment folders with runs in them')
    .option('--sink <name>', 'hand the events to this sink too; may be given again', collect, [])
    .option('--plugin <file>', 'a module with what the runs used; may be given again', collect, [])
    .option('--json', 'one JSON document on stdout instead of the table', false)
    .addHelpText('after', EXAMPLES)
    .action(async (folders: readonly string[], flags: ReplayFlags) => {
      const { replayFolders } = await import('../replay.ts');
      exit(await replayFolders(folders, flags, stop));
    });
};
