// Which acceptors suffice. Howard: a phase-1 quorum of ballot e has to meet every phase-2 quorum of a ballot f < e, and nothing else.
//
//   counts     q1 and q2 acceptors, q1 + q2 > N
//   grid RxC   members row by row; phase 1 a whole row (C acceptors), phase 2 a whole column (R): each row meets each column
//   allAboard  early ballots: phase 2 all N, so that phase 1 needs one acceptor (the own one); it meets all of them, and so does
//              any phase-1 quorum of a later ballot
//
// All of it is asked of the members of the slot's own configuration; who is none of them does not count.
import type { NodeId } from '../../contract.ts';
import { majorityOf } from '../../kit/quorum.ts';
import { BALLOT_STEP } from './messages.ts';

type Grid = { readonly rows: number; readonly columns: number };
/** Counts: 'auto' is a majority of whatever configuration it is. */
export type QuorumOptions = { readonly q1: number | 'auto'; readonly q2: number | 'auto'; readonly grid: string | null; readonly allAboard: boolean };
type Has = (member: NodeId) => boolean;

/** Early ballots are those of so many rounds; what fails in one of them goes on above. */
const EARLY_ROUNDS = 64;
export const FIRST_LATE_BALLOT = (EARLY_ROUNDS + 1) * BALLOT_STEP;

/** null: not of the form RxC. */
export function gridOf(text: string): Grid | null {
  const [, rows, columns] = /^([1-9]\d?)x([1-9]\d?)$/.exec(text) ?? [];
  return rows === undefined || columns === undefined ? null : { rows: Number(rows), columns: Number(columns) };
}

/** Why these quorums do not fit so many members; null: they do. */
export function misfit({ q1, q2, grid }: QuorumOptions, members: number): string | null {
  if (grid !== null) {
    const shape = gridOf(grid);
    return shape === null || shape.rows * shape.columns !== members ? `${grid} is no grid of ${members} nodes` : null;
  }
  const [one, two] = [q1, q2].map((size) => (size === 'auto' ? majorityOf(members) : size)) as [number, number];
  if (one > members || two > members) return `a quorum of ${Math.max(one, two)} is more than the ${members} nodes`;
  return one + two > members ? null
    : `q1 + q2 must exceed the ${members} nodes, or two leaders decide without meeting: ${one} + ${two} does not; with q2: ${two} take q1: ${members - two + 1}`;
}

export class Quorums {
  readonly options: QuorumOptions;
  readonly grid: Grid | null;

  constructor(options: QuorumOptions) {
    this.options = options;
    this.grid = options.grid === null ? null : gridOf(options.grid);
  }

  isEarly(ballot: number): boolean {
    return this.options.allAboard && ballot < FIRST_LATE_BALLOT;
  }

  phase1(ballot: number, members: readonly NodeId[], has: Has): boolean {
    if (this.isEarly(ballot)) return members.some(has);
    if (this.grid !== null) return this.rowsOf(members).some((row) => row.every(has));
    return count(members, has) >= sizeOf(this.options.q1, members);
  }

  phase2(ballot: number, members: readonly NodeId[], has: Has): boolean {
    if (this.isEarly(ballot)) return members.length > 0 && members.every(has);
    if (this.grid !== null) return this.columnsOf(members).some((column) => column.every(has));
    return count(members, has) >= sizeOf(this.options.q2, members);
  }

  /** Of the phase-2 quorums the one whose slowest acceptor is the quickest. cost: 0 for oneself, Infinity for who does not answer. */
  cheapest(ballot: number, members: readonly NodeId[], cost: (member: NodeId) => number): readonly NodeId[] {
    if (this.isEarly(ballot)) return members;
    if (this.grid === null) return members.toSorted((a, b) => cost(a) - cost(b)).slice(0, sizeOf(this.options.q2, members));
    const slowest = (column: readonly NodeId[]) => Math.max(...column.map(cost));
    return this.columnsOf(members).toSorted((a, b) => slowest(a) - slowest(b))[0] ?? members;
  }

  rowsOf(members: readonly NodeId[]): readonly (readonly NodeId[])[] {
    const columns = this.grid?.columns ?? 1;
    return Array.from({ length: members.length / columns }, (_, row) => members.slice(row * columns, (row + 1) * columns));
  }

  columnsOf(members: readonly NodeId[]): readonly (readonly NodeId[])[] {
    const columns = this.grid?.columns ?? 1;
    return Array.from({ length: columns }, (_, column) => members.filter((_member, index) => index % columns === column));
  }
}

function sizeOf(size: number | 'auto', members: readonly NodeId[]): number {
  return size === 'auto' ? majorityOf(members.length) : size;
}

function count(members: readonly NodeId[], has: Has): number {
  let present = 0;
  for (const member of members) if (has(member)) present++;
  return present;
}
