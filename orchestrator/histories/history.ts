// What clients did and were told, as the linearizability check judges it, read from a file of any format: calls, each with its
// process and its line, in an order that respects real time. A file that contradicts itself is refused with the line.
import type { KeyOperation } from '../../node/contract.ts';
import { answerIfDone, type Call } from '../checks/wgl.ts';
import { operationInWords } from '../checks/words.ts';
import { LabError } from '../errors.ts';
import type { FileText } from '../files.ts';
import type { Model } from '../kinds.ts';

/** line: of its invocation, from 1. */
export type HistoryCall = Call & { readonly process: string; readonly line: number };

/** unanswered: reads without an answer and calls that did not happen, which say nothing. */
export type History = { readonly calls: readonly HistoryCall[]; readonly unanswered: number };

export type HistoryFormat = {
  readonly name: string;
  readonly summary: string;
  /** Of the files of a folder that are read. */
  readonly endings: readonly string[];
  // oxlint-disable-next-line typescript/no-explicit-any -- each format has a model of its own
  readonly model: Model<any>;
  /** Throws a LabError 'bad-history' that names FILE:LINE. */
  parse(file: Pick<FileText, 'place' | 'text'>): History;
};

export type Refuse = (line: number, problem: string, remedy: string) => never;

export function refuserOf(place: string): Refuse {
  return (line, problem, remedy) => { throw new LabError('bad-history', `${place}:${line}: ${problem}`, remedy); };
}

const REMARK = /^(#|;|\/\/)/;

/** Lines with their numbers, without line ends, blank ones and remarks (that begin with #, ; or //). */
export function* linesOf(text: string): Generator<{ readonly content: string; readonly number: number }, void> {
  let from = text.startsWith('\uFEFF') ? 1 : 0;
  for (let number = 1; from < text.length; number++) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    const content = text.slice(from, to).trim();
    from = to + 1;
    if (content !== '' && !REMARK.test(content)) yield { content, number };
  }
}

type Open = { readonly op: KeyOperation; readonly from: number; readonly line: number };

/** A history of invocations and answers, each a line of its own, in the order of the file. */
export class CallLog {
  readonly #refuse: Refuse;
  readonly #open = new Map<string, Open>();
  readonly #calls: HistoryCall[] = [];
  #order = 0;
  #unanswered = 0;

  constructor(refuse: Refuse) {
    this.#refuse = refuse;
  }

  invoke(process: string, op: KeyOperation, line: number): void {
    const open = this.#open.get(process);
    if (open !== undefined) this.#refuse(line, `process ${process} asks again, but its call of line ${open.line} (${operationInWords(open.op)}) has no answer`, 'a process has one open call: give concurrent calls different processes');
    this.#open.set(process, { op, from: this.#order++, line });
  }

  /** What the process asked, and whose answer comes in this line. */
  asked(process: string, type: KeyOperation['type'], line: number): KeyOperation {
    const open = this.#open.get(process);
    if (open === undefined) return this.#refuse(line, `process ${process} is answered, but it asked nothing`, 'the line of its invocation is missing');
    if (open.op.type !== type) return this.#refuse(line, `process ${process} is answered a ${type}, but it asked ${operationInWords(open.op)} in line ${open.line}`, 'an answer names the operation that was asked');
    return open.op;
  }

  /** The call that asked() told of was answered. */
  answered(process: string, value: string | null): void {
    this.#end(process, (open) => ({ value, from: open.from, to: this.#order++ }));
  }

  /** It did not happen, or was a read that told nothing. */
  without(process: string): void {
    this.#open.delete(process);
    this.#unanswered++;
  }

  /** It may have happened, now or later, or never. */
  unknown(process: string): void {
    if (this.#open.get(process)?.op.type === 'get') return this.without(process);
    this.#end(process, (open) => ({ value: answerIfDone(open.op), from: open.from, to: Infinity }));
  }

  /** What is open now stays so. */
  finish(): History {
    for (const process of this.#open.keys()) this.unknown(process);
    return { calls: this.#calls, unanswered: this.#unanswered };
  }

  #end(process: string, ended: (open: Open) => Pick<Call, 'value' | 'from' | 'to'>): void {
    const open = this.#open.get(process);
    if (open === undefined) return;
    this.#open.delete(process);
    this.#calls.push({ id: `line ${open.line}`, op: open.op, slot: null, process, line: open.line, ...ended(open) });
  }
}
