// `lab image build`: its flags.
import { LabError } from '../../errors.ts';
import type { AddCommand } from './command.ts';

const EXAMPLES = '\nExamples:\n  lab image build\n  lab image build --local-base';

type Flags = { readonly base?: string; readonly localBase: boolean; readonly json: boolean };

export const addImage: AddCommand = (program) => {
  const image = program.command('image').description('the image of the nodes, for --on docker').addHelpText('after', EXAMPLES);
  image.command('build')
    .description('build the image for these sources, unless it is there; a run does so by itself')
    .option('--base <image>', 'what it is built on: any image with Node.js 24 (default: node:24-bookworm-slim, or a local base that is there)')
    .option('--local-base', 'make the base here, with mmdebstrap and the pinned Node.js, where no registry can be reached', false)
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(async ({ base, localBase, json }: Flags) => {
      if (base !== undefined && localBase) throw new LabError('bad-command-line', '--base and --local-base exclude each other', 'give one of them');
      const { buildImage } = await import('../docker/build.ts');
      await buildImage(localBase ? 'local' : base === undefined ? null : { image: base }, json);
    });
};
