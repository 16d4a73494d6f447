// A model of registers of the tests' own, beside those of the workloads; and calls key by key.
import type { Call } from '../orchestrator/checks/wgl.ts';
import type { Model } from '../orchestrator/kinds.ts';

/** Registers that begin with nothing; `absent` is what a get of nothing answers. */
export function registers(absent: string | null): Model<string | null> {
  return {
    initial: absent,
    partition: (op) => op.key,
    step(state, op, value) {
      switch (op.type) {
        case 'get':
          return { legal: value === state, state };
        case 'put':
          return { legal: true, state: op.value };
        case 'append':
          return { legal: true, state: (state ?? '') + op.value };
        case 'cas':
          return { legal: value === String(state === op.expect), state: state === op.expect ? op.value : state };
      }
    },
    key: (state) => (state === null ? '-' : `=${state}`),
  };
}

export function partitioned<S>(calls: readonly Call[], model: Model<S>): Map<string, Call[]> {
  return Map.groupBy(calls, ({ op }) => model.partition(op));
}
