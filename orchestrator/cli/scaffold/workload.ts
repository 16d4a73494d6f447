// `lab new workload NAME`: a plug-in with operations, their sequential model and two parameters. It is judged as it is.
import { BUILTINS } from '../../builtins.ts';
import { PROTOCOLS } from '../../../node/registry.ts';
import { LabError } from '../../errors.ts';
import type { Scaffold } from './scaffold.ts';

const [protocol = ''] = PROTOCOLS.map(({ name }) => name);

function given(path: string): string {
  return path.startsWith('/') ? path : `./${path}`;
}

function text(name: string): string {
  if (BUILTINS.workloads.some((workload) => workload.name === name)) throw new LabError('bad-command-line', `the lab has a workload called ${JSON.stringify(name)}`, 'choose another name');
  return `// A plug-in: lab run ${protocol} --plugin ./${name}.ts --set load.workload=${name}
// What clients ask, and what correct answers are: reads and writes of a few keys, each written value unique.
import type { KeyOperation } from 'consensus-lab/contract';
import type { Model, Plugin, Workload } from 'consensus-lab/kinds';
import { percent, z } from 'consensus-lab/units';

/** Keys of the experiment's load section beside its own. */
const params = z.strictObject({
  keys: z.int().min(1).max(1_000).default(4),
  /** Share of gets; what remains are puts. */
  reads: percent.default(50),
});
type Params = z.output<typeof params>;

/** What one key would do if commands came one by one; null: nothing was ever written. value: what the client was answered. */
const model: Model<string | null> = {
  initial: null,
  partition: (op) => op.key,
  step: (state, op, value) => {
    if (op.type === 'get') return { legal: value === state, state };
    // null: the answer of a put, and of a command whose outcome nobody knows.
    return op.type === 'put' ? { legal: value === null, state: op.value } : { legal: false, state };
  },
  key: (state) => (state === null ? '' : \`=\${state}\`),
};

/** Endless, one iterator for each session. All randomness comes from random, so that a seed repeats it. */
function* operations({ keys, reads }: Params, client: number, random: () => number): Generator<KeyOperation, never> {
  for (let count = 1; ; count++) {
    const key = \`k\${Math.floor(random() * keys) + 1}\`;
    yield random() * 100 < reads ? { type: 'get', key } : { type: 'put', key, value: \`c\${client}.\${count}\` };
  }
}

const workload: Workload<Params> = { name: '${name}', summary: 'reads and unique writes of a few keys; keys, reads (share of gets)', params, operations, model };

export default { workloads: [workload] } satisfies Plugin;
`;
}

export const workload: Scaffold = {
  kind: 'workload',
  summary: 'a workload as a plug-in: operations and their sequential model',
  path: (name) => `${name}.ts`,
  text,
  next: (name, path) => [
    `lab run ${protocol} --plugin ${given(path)} --set load.workload=${name}`,
    `lab run ${protocol} --plugin ${given(path)} --set load.workload=${name} --set load.keys=1 --on sim,local`,
  ],
};
