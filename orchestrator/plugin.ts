// What a plug-in's default export must look like. It comes from a stranger's module: every field that the lab will call is
// looked at here, once, so that nothing fails in the middle of a run. The first field that is wrong is named with its place.
import { LabError } from './errors.ts';
import type { Plugin } from './kinds.ts';
import { NAME } from './schema.ts';
import { didYouMean } from './suggest.ts';

type Test = (value: unknown) => boolean;
type Rule = { readonly test: Test; readonly wanted: string; readonly optional?: true };
type Shape = { readonly [field: string]: Rule };

const isObject = (value: unknown): value is { readonly [field: string]: unknown } => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText: Test = (value) => typeof value === 'string' && value.trim() !== '';
const CLAIMS: readonly unknown[] = [null, 'agreement', 'validity', 'linearizability', 'durability', 'one-leader-per-epoch'];

const FUNCTION: Rule = { test: (value) => typeof value === 'function', wanted: 'a function' };
const FLAG: Rule = { test: (value) => typeof value === 'boolean', wanted: 'true or false' };
const SCHEMA: Rule = { test: (value) => isObject(value) && typeof value['safeParse'] === 'function', wanted: 'a zod schema' };
const MODEL: Rule = {
  test: (value) => isObject(value) && Object.hasOwn(value, 'initial') && ['partition', 'step', 'key'].every((field) => typeof value[field] === 'function'),
  wanted: 'a model: { initial, partition, step, key }',
};
const optional = (rule: Rule): Rule => ({ ...rule, optional: true });

/** In every kind. */
const NAMED: Shape = {
  name: { test: (value) => typeof value === 'string' && NAME.test(value), wanted: 'a text of up to 40 of a-z, 0-9 and -' },
  summary: { test: isText, wanted: 'a line of text' },
};

/** Of what each list of a Plugin holds. Members of a protocol beyond these are its own. */
const SHAPES: { readonly [kind in keyof Plugin]-?: Shape } = {
  protocols: {
    defaults: { test: isObject, wanted: 'an object: the names and values of its options' },
    create: FUNCTION, claims: optional(FUNCTION), resolve: optional(FUNCTION), leadership: optional(FUNCTION), expected: optional(FUNCTION), longestPeriodMs: optional(FUNCTION), election: optional(FUNCTION), advice: optional(FUNCTION),
    restartable: optional(FLAG), reconfigurable: optional({ test: (value) => typeof value === 'boolean' || typeof value === 'function', wanted: 'true, false or a function' }), epochsRiseWithSlot: optional(FLAG),
  },
  workloads: { params: SCHEMA, operations: FUNCTION, model: MODEL },
  faults: { params: SCHEMA, actions: FUNCTION },
  checks: { claim: { test: (value) => CLAIMS.includes(value), wanted: 'a claim of the contract, or null' }, begin: FUNCTION },
  sinks: { open: FUNCTION },
  commands: { run: FUNCTION },
};

const KINDS = Object.keys(SHAPES) as readonly (keyof Plugin)[];
const EXAMPLE = 'write: export default { protocols: [mine] } satisfies Plugin';

/** A value that may be anything, in a few words. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (isObject(value)) return 'an object';
  if (Array.isArray(value)) return 'a list';
  return (typeof value === 'string' ? JSON.stringify(value) : String(value)).slice(0, 60);
}

function checkItem(item: unknown, shape: Shape, refuse: (field: string, problem: string, remedy: string) => never): void {
  if (!isObject(item)) return refuse('', `${shown(item)} is not an object`, EXAMPLE);
  for (const [field, { test, wanted, optional }] of Object.entries({ ...NAMED, ...shape })) {
    const value = item[field];
    if (value === undefined && optional === true) continue;
    if (!test(value)) refuse(`.${field}`, value === undefined ? 'it is missing' : `${shown(value)} is not right here`, `it must be ${wanted}`);
  }
}

/** `value`: the default export of the module `file`. Throws a LabError that names the field. */
export function checkPlugin(value: unknown, file: string): Plugin {
  const fail = (place: string, problem: string, remedy: string): never => {
    throw new LabError('bad-plugin', `${file}: ${place}: ${problem}`, remedy);
  };
  if (value === undefined) fail('default export', 'it is missing', EXAMPLE);
  if (!isObject(value)) return fail('default export', `${shown(value)} is not a plug-in`, EXAMPLE);
  let count = 0;
  for (const [kind, items] of Object.entries(value)) {
    const shape = KINDS.find((known) => known === kind);
    if (shape === undefined) fail(kind, 'a plug-in has no such field', didYouMean(kind, KINDS));
    if (!Array.isArray(items)) fail(kind, `${shown(items)} is not a list`, `write ${kind}: [mine]`);
    for (const [index, item] of (items as readonly unknown[]).entries()) {
      checkItem(item, SHAPES[kind as keyof Plugin], (field, problem, remedy) => fail(`${kind}.${index}${field}`, problem, remedy));
      count++;
    }
  }
  if (count === 0) fail('default export', 'there is nothing in it', EXAMPLE);
  return value;
}
