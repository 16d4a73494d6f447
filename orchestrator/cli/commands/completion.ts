// `lab completion`: its flags.
import type { AddCommand } from './command.ts';

export const addCompletion: AddCommand = (program) => {
  program.command('completion')
    .description('a completion script for a shell')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nExamples:\n  eval "$(lab completion bash)"\n  lab completion fish | source')
    .action(async (shell: string) => {
      const { completionScript } = await import('../completion.ts');
      process.stdout.write(completionScript(shell, program));
    });
};
