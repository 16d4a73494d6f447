// `lab schema`: its flags.
import { collect } from './command.ts';
import type { AddCommand } from './command.ts';

export const addSchema: AddCommand = (program) => {
  program.command('schema')
    .description('the JSON Schema of experiment files, for completion and checks in an editor')
    .option('--plugin <file>', 'a module that brings names of its own; may be given again', collect, [])
    .addHelpText('after', `
An experiment file names it in its first line: # yaml-language-server: $schema=./experiment.schema.json

Examples:
  lab schema > experiment.schema.json
  lab schema --plugin ./mine.ts > experiment.schema.json`)
    .action(async ({ plugin }: { readonly plugin: readonly string[] }) => {
      const { schemaText } = await import('../schema-text.ts');
      process.stdout.write(await schemaText(plugin));
    });
};
