// `lab explore`: its flags.
import { PROTOCOLS } from '../../../node/registry.ts';
import { MOST } from '../../explore/successors.ts';
import type { ExploreFlags } from '../explore.ts';
import { collect, wholeNumber } from './command.ts';
import type { AddCommand } from './command.ts';

const [example = ''] = PROTOCOLS.map(({ name }) => name);
const budget = wholeNumber(0, MOST.budget);

export const addExplore: AddCommand = (program, { stop, exit }) => {
  program.command('explore')
    .description('looks at every order of messages, timers and crashes of a small cluster, within bounds')
    .option('--protocol <name>', 'name of a protocol')
    .option('--plugin <file>', 'a module that brings protocols; may be given again', collect, [])
    .option('--set <option=value>', 'an option of the protocol; may be given again', collect, [])
    .option('--nodes <count>', 'members', wholeNumber(1, MOST.nodes), 3)
    .option('--leader <node>', 'the node that begins to lead, where the protocol lets it be pinned')
    .option('--commands <count>', 'commands that clients submit, each to any node', wholeNumber(0, MOST.commands), 1)
    .option('--crashes <count>', 'crashes, each at any moment, with any prefix of what was being written, and a new life', budget, 1)
    .option('--timers <count>', 'timers that fire, of all nodes together', budget, 2)
    .option('--clock <duration>', 'how far the clock of each node may run, where a protocol sets alarms', '3s')
    .option('--slow-disks <count>', 'times that a disk stays behind while its node goes on', budget, 0)
    .option('--duplicates', 'messages that have come may come again', false)
    .option('--at-once <message>', 'messages of this name arrive within the step that sends them; may be given again', collect, [])
    .option('--depth <steps>', 'of the longest conversation', wholeNumber(1, 10_000), 14)
    .option('--message-bytes <count>', 'the largest message, to send entries one by one', wholeNumber(256, 60_000), 60_000)
    .option('--disks <file>', 'JSON: what is on the disk of each node at first, such as {"n1": [entries]}')
    .option('--max-states <count>', 'ends when there are so many states', wholeNumber(1, 1_000_000_000), 20_000_000)
    .option('--max-memory <MiB>', 'ends when the process needs so much', wholeNumber(64, 1_000_000), 4_096)
    .option('--replay <file>', 'shows what an earlier exploration found, from its --json')
    .option('--page <file>', 'writes what was found as a space-time diagram')
    .option('--json', 'one JSON document on stdout', false)
    .addHelpText('after', `
Examples:
  lab explore --protocol ${example}
  lab explore --protocol ${example} --commands 2 --timers 1 --depth 100
  lab explore --protocol mine --plugin ./mine.ts --json > found.json
  lab explore --replay found.json --plugin ./mine.ts --page found.html

Exit codes: 0 nothing within the bounds violates a claim, 1 a claim is violated, 2 cut short by --max-states or --max-memory.`)
    .action(async (flags: ExploreFlags) => {
      const { explore } = await import('../explore.ts');
      exit(await explore(flags, stop));
    });
};
