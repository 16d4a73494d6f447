// `lab protocol yasp`: the command line of the seed document. `node` is one rank of its five, `check` its three rules over the logs of
// all ranks, `run` what its run_and_check.sh does.
import { Command, InvalidArgumentError } from 'commander';
import { EXIT } from '../../errors.ts';
import type { ProtocolCommand } from '../../kinds.ts';
import { oneOf, wholeNumber } from '../commands/command.ts';
import type { NodeFlags } from './yasp/node.ts';
import { RANKS } from './yasp/ranks.ts';
import type { RunFlags } from './yasp/run.ts';

const MAX_SECONDS = 3_600;
const MAX_INTERVAL = 1_000_000;

function percent(text: string): number {
  const value = Number(/^(\d+(?:\.\d+)?)%?$/.exec(text)?.[1] ?? NaN);
  if (Number.isNaN(value) || value > 100) throw new InvalidArgumentError('It is a share such as 1%.');
  return value;
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= MAX_SECONDS)) throw new InvalidArgumentError(`It is a number of seconds above 0, up to ${MAX_SECONDS}.`);
  return value;
}

const variant = oneOf(['safe', 'literal'] as const);

type Exit = (code: number) => void;
type Stop = { readonly requested: boolean };

function addNode(program: Command, stop: Stop, exit: Exit): void {
  program.command('node')
    .description(`one rank of a cluster of ${RANKS}: a process that talks UDP on 127.0.0.1 and writes log/instancelog<rank>.log`)
    .requiredOption('-i <rank>', `its rank, 0 to ${RANKS - 1}`, wholeNumber(0, RANKS - 1))
    .option('-o <timeout>', 'how long anything is waited for, and after which the leader changes, in s', seconds, 10)
    .option('-l <interval>', 'slots that a leader fills in its round, at most', wholeNumber(1, MAX_INTERVAL), 100)
    .option('-t <background>', 'test time in s', seconds, 50)
    .option('--variant <name>', 'safe or literal', variant, 'literal')
    .option('--log <folder>', 'where its log is written', 'log')
    .option('--port <base>', 'rank i listens at this port + 10 · i', wholeNumber(1_024, 65_000), 10_000)
    .action(async (flags: NodeFlags) => {
      const { runNode } = await import('./yasp/node.ts');
      exit(await runNode(flags, stop));
    });
}

function addCheck(program: Command, exit: Exit): void {
  program.command('check')
    .description('applies the three rules to instancelog0.log, instancelog1.log … of a folder')
    .argument('<folder>', 'the folder of the logs, or the one that has it as log/')
    .option('--origin', 'compares as the origin does: not the last slot that two ranks have in common', false)
    .option('--json', 'one JSON document on stdout', false)
    .action(async (folder: string, flags: { readonly origin: boolean; readonly json: boolean }) => {
      const { check } = await import('./yasp/check.ts');
      exit(check(folder, flags));
    });
}

function addRun(program: Command, stop: Stop, exit: Exit): void {
  program.command('run')
    .description(`runs ${RANKS} ranks and checks their logs; low pressure: -o 1 -l 100 -t 5, high: -o 1 -l 10000 -t 5`)
    .option('--pressure <name>', 'low or high; both, one after the other, without this', oneOf(['low', 'high'] as const))
    .option('--variant <name>', 'safe or literal', variant, 'literal')
    .option('--on <runner>', 'sim (virtual time) or local (processes)', oneOf(['sim', 'local'] as const), 'sim')
    .option('-o <timeout>', 'instead of that of the pressure', seconds)
    .option('-l <interval>', 'instead of that of the pressure', wholeNumber(1, MAX_INTERVAL))
    .option('-t <background>', 'instead of that of the pressure', seconds)
    .option('--loss <share>', 'of messages between ranks, on sim', percent, 0)
    .option('--seed <text>', 'of a run on sim', '1')
    .option('--origin', 'checks as the origin does', false)
    .option('--log <folder>', 'where the logs are written', 'log')
    .action(async (flags: RunFlags) => {
      const { run } = await import('./yasp/run.ts');
      exit(await run(flags, stop));
    });
}

export const yaspCommand: ProtocolCommand = {
  name: 'yasp',
  summary: 'node, check and run: the command line and the logs of its seed document',
  run: async (argv, stop) => {
    let code: number = EXIT.ok;
    const program = new Command('lab protocol yasp').description('the command line of the seed document').showSuggestionAfterError(true)
      .addHelpText('after', '\nExamples:\n  lab protocol yasp run --pressure low\n  lab protocol yasp run --pressure low --variant safe --loss 1%\n  lab protocol yasp check log --origin\n  lab protocol yasp node -i 0 -o 1 -l 100 -t 5      and -i 1 … -i 4 in other terminals\n')
      .exitOverride().configureOutput({ writeErr: () => undefined });
    const exit: Exit = (given) => { code = given; };
    addNode(program, stop, exit);
    addCheck(program, exit);
    addRun(program, stop, exit);
    for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
    return code;
  },
};
