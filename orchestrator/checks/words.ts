// How checks name what they saw, in words for people; and when two committed commands are the same.
import type { Command, Json, Operation } from '../../node/contract.ts';
import type { LabEvent, Verdict } from '../kinds.ts';

export type Committed = LabEvent & { readonly type: 'committed' };

export function sameOperation(a: Operation, b: Operation): boolean {
  if (a.type === 'reconfigure' || b.type === 'reconfigure') return operationInWords(a) === operationInWords(b);
  if (a.type !== b.type || a.key !== b.key) return false;
  if (a.type === 'get' || b.type === 'get') return true;
  return a.value === b.value && (a.type !== 'cas' || b.type !== 'cas' || a.expect === b.expect);
}

export function sameCommand(a: Command | null, b: Command | null): boolean {
  if (a === null || b === null) return a === b;
  return a.id === b.id && sameOperation(a.op, b.op);
}

/** 'put k1=v (c1:3)'. */
export function commandInWords(command: Command | null): string {
  return command === null ? 'no command' : `${operationInWords(command.op)} (${command.id})`;
}

export function operationInWords(op: Operation): string {
  switch (op.type) {
    case 'get':
      return `get ${op.key}`;
    case 'put':
      return `put ${op.key}=${op.value}`;
    case 'append':
      return `append ${op.key}+=${op.value}`;
    case 'cas':
      return `cas ${op.key} ${op.expect ?? 'nothing'}→${op.value}`;
    case 'reconfigure':
      return ['reconfigure', ...op.add.map((id) => `+${id}`), ...op.remove.map((id) => `-${id}`)].join(' ');
  }
}

/** The evidence of a commit, as data. */
export function commitWitness(event: Committed): Json {
  const { atMs, node, life, at, command, value } = event;
  return { atMs, node, life, slot: at.slot, epoch: at.epoch, command, value };
}

/** 1 → 'one command', 3 → '3 commands'. */
export function counted(count: number, noun: string): string {
  return count === 1 ? `one ${noun}` : `${count} ${noun}s`;
}

/** A check that keeps the first thing that went wrong, and how often something did. */
export class Complaints {
  count = 0;
  first: { readonly because: string; readonly witness: Json } | null = null;

  /** The words are made for the first complaint only: a forked run has thousands. */
  add(describe: () => { readonly because: string; readonly witness: Json }): void {
    this.count++;
    this.first ??= describe();
  }

  verdict(check: Pick<Verdict, 'check' | 'claim'>, whenValid: string): Verdict {
    if (this.first === null) return { ...check, valid: true, because: whenValid };
    const more = this.count === 1 ? '' : ` (and ${this.count - 1} more)`;
    return { ...check, valid: false, because: `${this.first.because}${more}`, witness: this.first.witness };
  }
}
