// The shape of a plug-in: what is right passes, and the first wrong field is named with its place and what it must be.
import { expect, test } from 'vitest';
import { toy } from '../node/protocols/toy.ts';
import { BUILTINS } from './builtins.ts';
import { LabError } from './errors.ts';
import { checkPlugin } from './plugin.ts';

const [fault] = BUILTINS.faults;
const [workload] = BUILTINS.workloads;
const [check] = BUILTINS.checks;
const command = { name: 'mine', summary: 'commands', run: () => Promise.resolve(0) };
const sink = { name: 'mine', summary: 'a sink', open: () => Promise.reject(new Error('not opened here')) };

function refusal(value: unknown): string {
  try {
    checkPlugin(value, './mine.ts');
  } catch (error) {
    if (error instanceof LabError) return `${error.code} ${error.message} | ${error.hint}`;
    throw error;
  }
  return 'none';
}

test('everything that the lab brings along is a plug-in', () => {
  expect(checkPlugin(BUILTINS, 'builtins')).toBe(BUILTINS);
  expect(refusal({ protocols: [toy], workloads: [workload], faults: [fault], checks: [check], sinks: [sink], commands: [command] })).toBe('none');
});

test.each<[string, unknown]>([
  ['default export: it is missing | write: export default', undefined],
  ['default export: a list is not a plug-in', [toy]],
  ['default export: there is nothing in it', {}],
  ['protocol: a plug-in has no such field | did you mean protocols?', { protocol: toy }],
  ['protocols: an object is not a list | write protocols: [mine]', { protocols: toy }],
  ['protocols.0: null is not an object', { protocols: [null] }],
  ['protocols.1.name: "My Protocol" is not right here | it must be a text of up to 40 of a-z, 0-9 and -', { protocols: [toy, { ...toy, name: 'My Protocol' }] }],
  ['protocols.0.summary: it is missing', { protocols: [{ ...toy, summary: undefined }] }],
  ['protocols.0.create: it is missing | it must be a function', { protocols: [{ ...toy, create: undefined }] }],
  ['protocols.0.defaults: 5 is not right here', { protocols: [{ ...toy, defaults: 5 }] }],
  ['protocols.0.restartable: "no" is not right here | it must be true or false', { protocols: [{ ...toy, restartable: 'no' }] }],
  ['faults.0.params: an object is not right here | it must be a zod schema', { faults: [{ ...fault, params: {} }] }],
  ['faults.0.actions: a list is not right here', { faults: [{ ...fault, actions: [] }] }],
  ['workloads.0.model: an object is not right here | it must be a model: { initial, partition, step, key }', { workloads: [{ ...workload, model: { initial: 0 } }] }],
  ['checks.0.claim: "safety" is not right here | it must be a claim of the contract, or null', { checks: [{ ...check, claim: 'safety' }] }],
  ['commands.0.run: it is missing | it must be a function', { commands: [{ ...command, run: undefined }] }],
  ['sinks.0.open: it is missing', { sinks: [{ name: 'mine', summary: 'a sink' }] }],
])('"%s" is said of what is wrong', (wrong, value) => {
  expect(refusal(value)).toContain(`bad-plugin ./mine.ts: ${wrong}`);
});
