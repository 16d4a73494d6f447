// `lab protocol`: hands the words behind a protocol's name to the commands that it brings along.
import { EXIT, LabError } from '../../errors.ts';
import { collect } from './command.ts';
import type { AddCommand } from './command.ts';

export const addProtocol: AddCommand = (program, { stop, exit }) => {
  program.command('protocol')
    .description('commands that a protocol brings along; without a name, which protocols have any')
    .argument('[name]', 'name of a protocol')
    .argument('[words...]', 'its command, with flags of its own; --help shows them')
    .option('--plugin <file>', 'a module that brings commands; may be given again', collect, [])
    .helpOption(false)
    .allowUnknownOption()
    .action(async (name: string | undefined, words: readonly string[], flags: { readonly plugin: readonly string[] }) => {
      const [{ loadPlugins }, { createRegistry, named }, { COMMANDS }] = await Promise.all([import('../plugins.ts'), import('../../builtins.ts'), import('../protocols/all.ts')]);
      const { registry } = await loadPlugins(flags.plugin);
      const { commands } = createRegistry([{ commands: COMMANDS }, { commands: registry.commands }]);
      if (name === undefined || name === '--help' || name === '-h') {
        const lines = commands.map((command) => `  ${command.name.padEnd(12)}  ${command.summary}\n`);
        process.stdout.write(`Usage: lab protocol <name> <command…>\n\n${lines.join('')}\nExamples:\n${commands.map((command) => `  lab protocol ${command.name} --help\n`).join('')}`);
        exit(EXIT.ok);
        return;
      }
      if (name.startsWith('-')) throw new LabError('bad-command-line', `lab protocol: ${name} comes before the name of a protocol`, 'lab protocol NAME …, its flags behind the name');
      exit(await named(commands, name, 'protocol with commands of its own').run(words, stop));
    });
};
