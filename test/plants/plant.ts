// A known way to get a protocol wrong, as data: what is replaced in its sources, and where it is expected to be noticed.
import type { Replacement } from '../planting.ts';

export type Plant = Omit<Replacement, 'at'> & {
  readonly error: string;
  /** The scenario that was written for it, without .txt. */
  readonly scenario?: string;
  /** Of the protocol, in which the error has an effect; over its defaults. */
  readonly options?: { readonly [name: string]: string | number | boolean };
  /** Bounds and options for `lab explore` within which it violates a claim; `options` are not added. */
  readonly explore?: readonly string[];
  /** Why random cases do not find it. */
  readonly beyondHunts?: string;
  /** For runs that are no hunts. */
  readonly maxMessageBytes?: number;
};
