// `lab put`, `get`, `cas` and `append`: one command of a person at a running cluster.
import type { Command } from 'commander';
import type { KeyOperation } from '../../../node/contract.ts';
import type { AddCommand, CommandContext } from './command.ts';

type OperationFlags = { readonly cluster?: string; readonly at?: string; readonly json: boolean };

const VERBS: readonly { readonly name: string; readonly words: readonly string[]; readonly summary: string; readonly example: string; readonly operation: (...words: readonly string[]) => KeyOperation }[] = [
  { name: 'put', words: ['key', 'value'], summary: 'writes a value', example: 'lab put k v', operation: (key = '', value = '') => ({ type: 'put', key, value }) },
  { name: 'get', words: ['key'], summary: 'reads a value', example: 'lab get k', operation: (key = '') => ({ type: 'get', key }) },
  {
    name: 'cas', words: ['key', 'expect', 'value'], summary: 'writes a value where the key has the expected one; - expects none', example: 'lab cas k v w',
    operation: (key = '', expect = '', value = '') => ({ type: 'cas', key, expect: expect === '-' ? null : expect, value }),
  },
  { name: 'append', words: ['key', 'value'], summary: 'adds to the end of a value', example: 'lab append k more', operation: (key = '', value = '') => ({ type: 'append', key, value }) },
];

export const addOperations: AddCommand = (program, { exit }: CommandContext) => {
  for (const { name, words, summary, example, operation } of VERBS) {
    const command: Command = program.command(name).description(`at a running cluster: ${summary}`);
    for (const word of words) command.argument(`<${word}>`);
    command
      .option('--at <node>', 'asks this node alone (default: the leader, else whoever answers)')
      .option('--cluster <name>', 'which cluster, when several run')
      .option('--json', 'one JSON document on stdout', false)
      .addHelpText('after', `\nExamples:\n  ${example}\n  ${example} --at n2 --json`)
      .action(async (...given: readonly unknown[]) => {
        const { submit } = await import('../cluster/print.ts');
        exit(await submit(operation(...given.slice(0, words.length) as string[]), given[words.length] as OperationFlags));
      });
  }
};
