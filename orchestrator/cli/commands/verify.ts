// `lab verify`: its flags.
import type { VerifyFlags } from '../verify.ts';
import { collect } from './command.ts';
import type { AddCommand } from './command.ts';

const EXAMPLES = `
Examples:
  lab verify results/quickstart-20260101T120000Z   every run of an experiment
  lab verify results/*/ --json                     all there is, one JSON document

Exit codes: 0 everything follows from what is recorded, 2 something differs, 3 a folder is damaged or foreign.`;

export const addVerify: AddCommand = (program, { stop, exit }) => {
  program.command('verify')
    .description('make every number and verdict of recorded runs again from their events, and check their checksums')
    .argument('<folder...>', 'run folders, or experiment folders with runs in them')
    .option('--plugin <file>', 'a module with what the runs used; may be given again', collect, [])
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(async (folders: readonly string[], flags: VerifyFlags) => {
      const { verifyFolders } = await import('../verify.ts');
      exit(await verifyFolders(folders, flags, stop));
    });
};
