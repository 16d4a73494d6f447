// Plans of the simulator, run by as many processes as there are cores. The answers stand in the order of the plans, whichever
// process was quicker.
import type { Value } from '../../gate/figures.ts';
import { LabError } from '../../errors.ts';
import type { Plan } from '../../kinds.ts';
import { processesFor, startWorker } from '../workers.ts';

export type Run = {
  readonly figures: { readonly [name: string]: Value };
  /** Claims that were violated, and why. */
  readonly violated: readonly string[];
  /** Why it does not count as a measurement. */
  readonly invalid: readonly string[];
  /** In ms, of each leader that a fault took; null: it was not replaced. */
  readonly electionsMs: readonly (number | null)[];
};
export type WorkerLine = Run | { readonly bug: string } | { readonly refused: Pick<LabError, 'code' | 'message' | 'hint'> };

export interface Pool {
  /** null: interrupted. */
  run(plans: readonly Plan[], stop: { readonly requested: boolean }, done: (count: number) => void): Promise<readonly Run[] | null>;
  close(): void;
}

function answered(line: WorkerLine, { id, seed }: Plan): Run {
  if ('refused' in line) throw new LabError(line.refused.code, `${id} under seed ${seed}: ${line.refused.message}`, line.refused.hint);
  if (!('bug' in line)) return line;
  const error = new Error(`${id} under seed ${seed}: ${line.bug.split('\n')[0]}`);
  error.stack = line.bug;
  throw error;
}

/** plugins: absolute paths. */
export function openPool(jobs: number, plugins: readonly string[]): Pool {
  const workers = Array.from({ length: processesFor(jobs) }, (_, index) => startWorker<Plan, WorkerLine>(`simulator ${index + 1}`, 'orchestrator/cli/gate/worker.ts', plugins));
  return {
    async run(plans, stop, done) {
      const runs: Run[] = [];
      let next = 0;
      let count = 0;
      await Promise.all(workers.map(async ({ ask }) => {
        for (let index = next++; index < plans.length && !stop.requested; index = next++) {
          const plan = plans[index] as Plan;
          runs[index] = answered(await ask(plan), plan);
          done(++count);
        }
      }));
      return count === plans.length ? runs : null;
    },
    close() {
      for (const { child } of workers) child.closeInput();
    },
  };
}
