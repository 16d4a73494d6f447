// `lab run`: its flags.
import { PROTOCOLS } from '../../../node/registry.ts';
import { WAYS } from '../docker/way.ts';
import type { RunFlags } from '../run.ts';
import { AUTO, SHAPERS } from '../shaper-choice.ts';
import { collect, oneOf, wholeNumber } from './command.ts';
import type { AddCommand } from './command.ts';

const [first = '', second = first] = PROTOCOLS.map(({ name }) => name);

export const addRun: AddCommand = (program, { stop, exit }) => {
  program.command('run')
    .description('run an experiment file, or protocols with the flags below')
    .argument('<file|protocol...>', 'one experiment file, or names of protocols')
    .option('--on <runners>', 'where, in this order: sim, local, netns, docker', 'sim')
    .option('--shaper <name>', 'what makes the links: auto (the best that works here), tc, userspace; the simulator has its own', oneOf(SHAPERS), AUTO)
    .option('--virtual-time', 'netns: inside a kernel whose time stands still while anything computes: exact on any machine', false)
    .option('--wan <network>', 'network profile, or a file with a matrix (network.wan); lab wan shows them')
    .option('--nodes <count>', 'number of nodes (nodes)')
    .option('--rate <rate>', 'commands per second in all, such as 100/s, or max (load.rate)')
    .option('--load <loop>', 'open: at load.rate; closed: each connection asks when it is answered; both: one run of each, side by side', oneOf(['open', 'closed', 'both']))
    .option('--repeat <count>', 'repetitions, each with a seed of its own', wholeNumber(1, 1_000))
    .option('--seed <text>', 'fixes all randomness')
    .option('--set <path=value>', 'replaces one value of the experiment; may be given again', collect, [])
    .option('--fault <name:argument@time,option=value>', 'a fault of the measure window, such as crash:leader@10s,for=5s; may be given again', collect, [])
    .option('--out <dir>', 'folder for results', 'results')
    .option('--port <base>', 'local: the port of the first node, the next ones follow (default: free ones)', wholeNumber(1, 65_535 - 64))
    .option('--subnet <block>', 'docker: the pool in which each run has its network (default: 198.18.0.0/15)')
    .option('--tc-way <name>', `docker: how tc gets into containers: ${WAYS.join(', ')} (default: the first that works)`, oneOf(WAYS))
    .option('--plugin <file>', 'a module that brings protocols, workloads, faults, checks or sinks; may be given again', collect, [])
    .option('--sink <name>', 'writes the events there too, beside the files; may be given again', collect, [])
    .option('--json', 'one JSON document on stdout instead of the table', false)
    .option('--open', 'open the report page in a browser at the end', false)
    .addHelpText('after', `
Examples:
  lab run experiments/crash-leader.yaml --on sim,local
  lab run ${first} ${second} --wan aws-5 --rate 50/s --fault crash:leader@10s,for=5s
  lab run ${first} --set load.keys=2 --repeat 5 --json`)
    .action(async (targets: readonly string[], flags: RunFlags) => {
      const { runExperiment } = await import('../run.ts');
      exit(await runExperiment(targets, flags, stop));
    });
};
