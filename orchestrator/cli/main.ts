// The command line of the lab: reads flags, hears signals, prints errors, and sets the exit code (orchestrator/errors.ts).
import { Command, CommanderError } from 'commander';
import { PROTOCOLS } from '../../node/registry.ts';
import { EXIT, LabError } from '../errors.ts';
import { addAdvise } from './commands/advise.ts';
import { addCheck } from './commands/check.ts';
import { addClean } from './commands/clean.ts';
import { addCluster } from './commands/cluster.ts';
import type { AddCommand } from './commands/command.ts';
import { addCompare } from './commands/compare.ts';
import { addCompletion } from './commands/completion.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDown } from './commands/down.ts';
import { addExplore } from './commands/explore.ts';
import { addFault } from './commands/fault.ts';
import { addGate } from './commands/gate.ts';
import { addConform } from './commands/conform.ts';
import { addHunt } from './commands/hunt.ts';
import { addImage } from './commands/image.ts';
import { addList } from './commands/list.ts';
import { addNew } from './commands/new.ts';
import { addOperations } from './commands/operations.ts';
import { addProtocol } from './commands/protocol.ts';
import { addReplay } from './commands/replay.ts';
import { addReport } from './commands/report.ts';
import { addReproduce } from './commands/reproduce.ts';
import { addRun } from './commands/run.ts';
import { addSchema } from './commands/schema.ts';
import { addStatus } from './commands/status.ts';
import { addTrace } from './commands/trace.ts';
import { addUp } from './commands/up.ts';
import { addVerify } from './commands/verify.ts';
import { addWan } from './commands/wan.ts';
import { labVersion } from './environment.ts';
import { reportFailure } from './failure.ts';

function exampleLine(command: string, meaning: string): string {
  return `  ${command.padEnd(51)}  ${meaning}`;
}

const [first = '', second = first] = PROTOCOLS.map(({ name }) => name);

const EXAMPLES = `
Examples:
  lab run experiments/quickstart.yaml --on sim,local   an experiment, in the simulator and on real processes
${exampleLine(`lab run ${first} ${second} --wan aws-5 --rate 100/s`, 'two protocols without a file')}
${exampleLine(`lab run ${first} --set load.keys=2 --repeat 5 --json`, 'one value changed, five repetitions, one JSON document')}
${exampleLine(`lab cluster ${first} --wan aws-5`, 'a cluster to play with: lab put, get, status, fault beside it')}
  lab doctor                                           what this machine has, and how to get what it lacks
  lab list                                             protocols, workloads, faults, checks, metrics, networks
  lab wan global-5                                     a network: its delays, what is unusual in them, their source

Exit codes: 0 fine, 1 a claim is violated, 2 a threshold is missed or the run is invalid, 3 bad input,
4 the machine lacks something, 70 a bug, 130 interrupted.`;

const stop = { requested: false };

function listenToSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Whatever is still running is killed at exit (children.ts).
      if (stop.requested) process.exit(EXIT.interrupted);
      stop.requested = true;
      process.stderr.write('stopping (once more ends at once)\n');
    });
  }
}

const COMMANDS: readonly AddCommand[] = [addRun, addCluster, addStatus, addOperations, addFault, addReport, addCompare, addVerify, addCheck, addTrace, addReplay, addList, addConform, addProtocol, addSchema, addDoctor, addImage, addUp, addDown, addClean, addCompletion, addNew, addGate, addReproduce, addAdvise, addHunt, addExplore, addWan];

function createProgram(exit: (code: number) => void): Command {
  const program = new Command('lab')
    .description('benchmarks consensus protocols and breaks them: the same code in a simulator and as UDP processes')
    .version(labVersion())
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  for (const add of COMMANDS) add(program, { stop, exit });
  return program;
}

/** commander's text ('error: unknown option …\n(Did you mean …?)') as ours. */
function fromCommander(error: CommanderError): LabError {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const hint = suggestion === undefined ? 'lab --help and lab run --help show what there is' : suggestion.replace(/^\(|\)$/g, '').replace(/^Did/, 'did');
  return new LabError('bad-command-line', message, hint, error);
}

async function main(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = createProgram((given) => { code = given; });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : reportFailure(fromCommander(error));
    return reportFailure(error);
  }
}

// A reader that has seen enough (`lab list | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => { if (error.code === 'EPIPE') process.exit(EXIT.ok); });
process.on('uncaughtException', (error) => process.exit(reportFailure(error)));
listenToSignals();
process.exitCode = await main(process.argv.slice(2));
