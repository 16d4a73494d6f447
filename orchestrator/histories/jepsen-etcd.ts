// Logs of Jepsen's etcd test: one register that begins with nothing, under read, write and cas.
//
//   INFO  jepsen.util - 3	:invoke	:cas	[0 4]
//
// :ok is an answer. :fail of a cas with its values compared false; :fail with a reason (:timed-out) did not happen, or told
// nothing. :info is unknown: it stays open to the end, as does what has no answer. The nemesis and other loggers are passed over.
import type { KeyOperation } from '../../node/contract.ts';
import { didYouMean } from '../suggest.ts';
import { registerModel } from '../workloads/register-model.ts';
import { CallLog, type HistoryFormat, linesOf, type Refuse, refuserOf } from './history.ts';

const KEY = 'register';
const OF_JEPSEN = /^INFO\s+jepsen\.util\s+-\s+(\S+)\s+(\S+)\s+(\S+)\s*(.*)$/;
const OF_OTHERS = /^(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\s+(?!jepsen\.util\b)[\w.$-]+\s+-(?:\s|$)/;
const VALUE = /^(?:-?\d+|"(?:[^"\\]|\\.)*")$/;
const CAS = /^\[\s*(\S+?)[\s,]+(\S+?)\s*\]$/;
const TYPES = { read: 'get', write: 'put', cas: 'cas' } as const;
const EVENTS = [':invoke', ':ok', ':fail', ':info'] as const;
const EXAMPLE = 'a line reads: INFO  jepsen.util - 3 :invoke :write 4, with tabs or spaces between';

type Refused = (problem: string, remedy: string) => never;

export const jepsenEtcd: HistoryFormat = {
  name: 'jepsen-etcd',
  summary: 'logs of Jepsen\'s etcd test: one register under read, write and cas',
  endings: ['.log', '.txt'],
  model: registerModel,
  parse({ place, text }) {
    const refuse = refuserOf(place);
    const log = new CallLog(refuse);
    for (const { content, number } of linesOf(text)) {
      const match = OF_JEPSEN.exec(content);
      if (match === null) {
        if (OF_OTHERS.test(content)) continue;
        refuse(number, `this is no line of Jepsen's log: ${shortened(content)}`, EXAMPLE);
      }
      readLine(match as unknown as Line, number, log, refuse);
    }
    return log.finish();
  },
};

type Line = readonly [all: string, process: string, event: string, name: string, value: string];

function readLine([, process, event, name, value]: Line, number: number, log: CallLog, refuse: Refuse): void {
  if (process === ':nemesis') return;
  const refused: Refused = (problem, remedy) => refuse(number, problem, remedy);
  if (!/^\d+$/.test(process)) refused(`${shortened(process)} is no process: it is not a number`, EXAMPLE);
  if (!(EVENTS as readonly string[]).includes(event)) refused(`${shortened(event)} is not one of ${EVENTS.join(', ')}`, didYouMean(event, EVENTS));
  const type = (TYPES as { readonly [name: string]: (typeof TYPES)[keyof typeof TYPES] | undefined })[name.slice(1)];
  if (type === undefined || !name.startsWith(':')) return refused(`unknown operation ${shortened(name)}`, didYouMean(name, Object.keys(TYPES).map((each) => `:${each}`)));
  if (event === ':invoke') return log.invoke(process, operationOf(type, value, refused), number);
  const asked = log.asked(process, type, number);
  if (event === ':info') return log.unknown(process);
  // A reason, such as :timed-out, instead of the values.
  if (event === ':fail') return type === 'cas' && !value.startsWith(':') ? log.answered(process, 'false') : log.without(process);
  if (type === 'get') return log.answered(process, value === 'nil' ? null : scalar(value, refused));
  const echoed = operationOf(type, value, refused);
  if (JSON.stringify(echoed) !== JSON.stringify(asked)) refused(`process ${process} is answered ${name} ${value}, but it asked another one`, 'an answer repeats the values that were asked');
  log.answered(process, type === 'cas' ? 'true' : null);
}

function operationOf(type: (typeof TYPES)[keyof typeof TYPES], value: string, refused: Refused): KeyOperation {
  if (type === 'get') return { type, key: KEY };
  if (type === 'put') return { type, key: KEY, value: scalar(value, refused) };
  const [, expect, next] = CAS.exec(value) ?? [];
  if (expect === undefined || next === undefined) return refused(`${shortened(value)} is not what a cas has`, 'it has the value that is expected and the new one, such as [0 4]');
  return { type, key: KEY, expect: expect === 'nil' ? null : scalar(expect, refused), value: scalar(next, refused) };
}

function scalar(text: string, refused: Refused): string {
  return VALUE.test(text) ? text : refused(text === '' ? 'the value is missing' : `${shortened(text)} is no value`, 'a value is a whole number or a text in quotes; only a read tells nil');
}

function shortened(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
