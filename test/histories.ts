// Reads histories in the two formats of Porcupine's test data (test/histories/NOTICE) as calls of the linearizability check.
import type { KeyOperation } from '../node/contract.ts';
import type { Call } from '../orchestrator/checks/wgl.ts';
import type { Model } from '../orchestrator/kinds.ts';

type Open = { readonly op: KeyOperation; readonly from: number };

/** One register, jepsen's log lines: `:info` is an unknown outcome, `:fail :cas` compared false, `:fail :read` had no answer. */
export function jepsenCalls(text: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, Open>();
  let order = 0;
  for (const line of text.split('\n')) {
    const match = /^INFO\s+jepsen\.util - (\d+)\t:(invoke|ok|fail|info)\t:(read|write|cas)\t(.*)$/.exec(line);
    if (match === null) continue;
    const [, process, event, type, value] = match as unknown as [string, string, string, string, string];
    if (event === 'invoke') {
      open.set(process, { op: jepsenOperation(type, value), from: order++ });
      continue;
    }
    const invoked = open.get(process);
    if (invoked === undefined) throw new Error(`no invocation before: ${line}`);
    open.delete(process);
    const call = { id: `${process}:${invoked.from}`, slot: null, ...invoked };
    if (type === 'read') {
      if (event === 'ok') calls.push({ ...call, to: order++, value: value === 'nil' ? null : value });
    } else if (event === 'info') calls.push({ ...call, to: Infinity, value: type === 'cas' ? 'true' : null });
    else calls.push({ ...call, to: order++, value: type === 'cas' ? String(event === 'ok') : null });
  }
  for (const [process, invoked] of open) if (invoked.op.type !== 'get') calls.push({ id: `${process}:${invoked.from}`, slot: null, ...invoked, to: Infinity, value: invoked.op.type === 'cas' ? 'true' : null });
  return calls;
}

function jepsenOperation(type: string, value: string): KeyOperation {
  if (type === 'read') return { type: 'get', key: 'r' };
  if (type === 'write') return { type: 'put', key: 'r', value };
  const [expect, next] = value.replaceAll(/[[\]]/g, '').split(' ') as [string, string];
  return { type: 'cas', key: 'r', expect, value: next };
}

/** Several keys, append and get, one EDN map a line; an absent key reads as ''. */
export function kvCalls(text: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, Open>();
  let order = 0;
  for (const line of text.split('\n')) {
    const match = /^\{:process (\d+), :type :(invoke|ok), :f :(get|append|put), :key "(\w+)", :value (?:nil|"(.*)")\}$/.exec(line);
    if (match === null) continue;
    const [, process, event, type, key, value] = match as unknown as [string, string, string, 'get' | 'append' | 'put', string, string | undefined];
    if (event === 'invoke') {
      open.set(process, { op: type === 'get' ? { type, key } : { type, key, value: value ?? '' }, from: order++ });
      continue;
    }
    const invoked = open.get(process);
    if (invoked === undefined) throw new Error(`no invocation before: ${line}`);
    open.delete(process);
    calls.push({ id: `${process}:${invoked.from}`, slot: null, ...invoked, to: order++, value: type === 'get' ? value ?? null : null });
  }
  return calls;
}

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
