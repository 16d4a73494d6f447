// What `lab hunt` asks of its processes, and what they answer.
import type { HuntCase } from '../../hunt/case.ts';
import type { Hunted } from '../../hunt/run.ts';
import type { LabError } from '../../errors.ts';

export type Job =
  /** options: over the defaults. */
  | { readonly type: 'draw'; readonly protocol: string; readonly options: HuntCase['options']; readonly seed: string }
  | { readonly type: 'run'; readonly hunted: HuntCase }
  /** The smallest case that violates the same check, with so many runs at most. */
  | { readonly type: 'shrink'; readonly hunted: HuntCase; readonly check: string; readonly maxRuns: number };

/** cpuMs: of the process, for this job. runs: of a shrinking, else 1. */
export type Answer =
  | { readonly type: 'hunted'; readonly hunted: Hunted; readonly cpuMs: number; readonly runs: number }
  | { readonly type: 'refused'; readonly error: Pick<LabError, 'code' | 'message' | 'hint'> }
  | { readonly type: 'bug'; readonly stack: string };
