// `lab up`: its flags.
import { PROTOCOLS } from '../../../node/registry.ts';
import type { UpFlags } from '../services/up.ts';
import type { AddCommand } from './command.ts';

const [example = ''] = PROTOCOLS.map(({ name }) => name);

export const addUp: AddCommand = (program, { stop, exit }) => {
  program.command('up')
    .description('starts InfluxDB and Grafana, or five nodes to try with curl, by docker compose')
    .option('--cluster <protocol>', 'the nodes, of this protocol')
    .option('--prepare', 'makes the secrets and the image, and starts nothing: docker compose up does', false)
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', `\nExamples:\n  lab up\n  lab up --cluster ${example}\n  lab up --cluster ${example} --prepare && docker compose up --wait n1 n2 n3 n4 n5`)
    .action(async (flags: UpFlags) => {
      const { bringUp } = await import('../services/up.ts');
      exit(await bringUp(flags, stop));
    });
};
