// Linearizability of what clients saw: for each partition of the workload's model (a key), some order of its calls that
// respects real time explains every answer. A failed call did not happen and is left out, as is a read without an answer;
// any other call of unknown outcome may have happened at any later time, or never. A search that exceeds its budget is
// `unknown`, never valid. The nodes' commits tell in which order to try the calls, and nothing else: what clients saw is
// judged, not what nodes say. Keeps one record an operation.
import type { CommandId, KeyOperation } from '../../node/contract.ts';
import type { Check, Model, Verdict } from '../kinds.ts';
import { counted, operationInWords } from './words.ts';
import { type Judged, searchPartitions } from './partitions.ts';
import { answerIfDone, type Call, type Limits, type Search } from './wgl.ts';

const NAME = { check: 'linearizability', claim: 'linearizability' } as const;
/** Of the model, for a run: some seconds at most. */
const MAX_STEPS = 10_000_000;
/** Calls shown of those that were stuck. */
const MAX_SHOWN = 6;
/** Of a state or an answer. */
const MAX_CHARS = 100;

type Invoked = { readonly op: KeyOperation; readonly from: number; slot: number | null };

/** The verdict on complete partitions. */
// oxlint-disable-next-line typescript/no-explicit-any -- any workload's model
export function judgeCalls(partitions: ReadonlyMap<string, readonly Call[]>, model: Model<any>, limits: Limits = { maxSteps: MAX_STEPS }): Verdict {
  return verdictOf(searchPartitions(partitions, model, limits));
}

/** In words, with the dead end as witness. */
export function verdictOf({ linearizable, operations, keys, steps, culprit }: Judged): Verdict {
  if (culprit === null) return { ...NAME, valid: true, because: `${counted(operations, 'operation')} on ${counted(keys, 'key')} ${operations === 1 ? 'has' : 'have'} a legal order` };
  if (linearizable === false) return violated(culprit.key, culprit.calls, culprit.search);
  const { key, calls, search: { limit } } = culprit;
  const open = calls.filter((call) => call.to === Infinity).length;
  const spent = limit === 'memory' ? 'in the memory allowed' : limit === 'time' ? 'in the time allowed' : `within ${steps} steps`;
  return { ...NAME, valid: 'unknown', because: `key ${key}: not decided ${spent} (${counted(calls.length, 'operation')}, ${open} of unknown outcome)` };
}

function violated(key: string, calls: readonly Call[], { deepest: { stuck, doomed, taken, state } }: Search): Verdict {
  const inWords = ({ id, op, value }: Call) => `${operationInWords(op)} (${id}) answered ${value === null ? 'nothing' : `'${shortened(value)}'`}`;
  const end = doomed === null ? `none of these can be next: ${stuck.slice(0, MAX_SHOWN).map(inWords).join('; ')}` : `nothing leads from there to ${inWords(doomed)}`;
  const asData = ({ id, op, value }: Call) => ({ id, op, value });
  return {
    ...NAME, valid: false,
    because: `key ${key}: no order explains the answers; after ${taken} of ${calls.length} operations the state is ${shortened(state)} and ${end}`,
    witness: { key, operations: calls.length, explained: taken, state, stuck: stuck.slice(0, MAX_SHOWN).map(asData), ...(doomed === null ? {} : { doomed: asData(doomed) }) },
  };
}

/** Both ends of a long text: appends add to one of them. */
function shortened(text: string): string {
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS / 2)}…${text.slice(-MAX_CHARS / 2)}`;
}

/** With less patience, or more, than every run has. */
export function linearizabilityWithin(limits: Limits): Check {
  return {
    name: NAME.check,
    summary: 'some order of the operations explains what every client was answered, key by key',
    claim: NAME.claim,
    begin(_plan, model) {
      const open = new Map<CommandId, Invoked>();
      const partitions = new Map<string, Call[]>();
      let clientEvents = 0;
      const keep = (call: Call) => {
        const key = model.partition(call.op);
        const calls = partitions.get(key);
        if (calls === undefined) partitions.set(key, [call]);
        else calls.push(call);
      };
      return {
        observe(event) {
          if (event.type === 'invoke') open.set(event.command.id, { op: event.command.op, from: clientEvents++, slot: null });
          else if (event.type === 'committed') {
            const invoked = event.command === null ? undefined : open.get(event.command.id);
            if (invoked !== undefined) invoked.slot ??= event.at.slot;
          } else if (event.type === 'reply') {
            const { id, reply } = event;
            const invoked = open.get(id);
            if (invoked === undefined || reply.outcome === 'unknown') return;
            open.delete(id);
            // A read outside the log was evaluated after the command at its position.
            if (reply.outcome === 'ok') keep({ id, op: invoked.op, value: reply.value, from: invoked.from, to: clientEvents++, slot: invoked.slot ?? reply.at.slot + 0.5 });
          }
        },
        finish() {
          for (const [id, invoked] of open) if (invoked.op.type !== 'get') keep({ id, ...invoked, to: Infinity, value: answerIfDone(invoked.op) });
          return judgeCalls(partitions, model, limits);
        },
      };
    },
  };
}

export const linearizability = linearizabilityWithin({ maxSteps: MAX_STEPS });
