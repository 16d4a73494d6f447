// `lab new`: its flags.
import type { AddCommand } from './command.ts';

type NewFlags = { readonly out?: string; readonly json: boolean };

export const addNew: AddCommand = (program) => {
  program.command('new')
    .description('writes a file that runs as it is, to be changed from there')
    .argument('<kind>', 'experiment, workload, protocol')
    .argument('<name>', 'up to 40 of a-z, 0-9 and -')
    .option('--out <file>', 'where to write it')
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', '\nExamples:\n  lab new experiment my-wan\n  lab new workload my-load\n  lab new protocol mine\n')
    .action(async (kind: string, name: string, flags: NewFlags) => {
      const { createFile } = await import('../new.ts');
      const { path, next } = createFile(kind, name, flags.out);
      process.stdout.write(flags.json ? `${JSON.stringify({ version: 1, path, next }, null, 2)}\n` : `wrote ${path}; next:\n${next.map((line) => `  ${line}\n`).join('')}`);
    });
};
