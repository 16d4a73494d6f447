// Plans of the simulator, run by as many processes as there are cores. The answers stand in the order of the plans, whichever
// process was quicker.
import { availableParallelism } from 'node:os';
import type { Value } from '../../gate/figures.ts';
import { LabError } from '../../errors.ts';
import type { Plan } from '../../kinds.ts';
import { type Child, startChild } from '../children.ts';

export type Run = {
  readonly figures: { readonly [name: string]: Value };
  /** Claims that were violated, and why. */
  readonly violated: readonly string[];
  /** Why it does not count as a measurement. */
  readonly invalid: readonly string[];
};
export type WorkerLine = Run | { readonly bug: string } | { readonly refused: Pick<LabError, 'code' | 'message' | 'hint'> };

const MAX_PROCESSES = 8;

export interface Pool {
  /** null: interrupted. */
  run(plans: readonly Plan[], stop: { readonly requested: boolean }, done: (count: number) => void): Promise<readonly Run[] | null>;
  close(): void;
}

type Waiting = { readonly resolve: (line: WorkerLine) => void; readonly reject: (error: Error) => void };
type Worker = { readonly child: Child; readonly measure: (plan: Plan) => Promise<WorkerLine> };

function startWorker(number: number, plugins: readonly string[]): Worker {
  let waiting: Waiting | null = null;
  const child = startChild(`simulator ${number}`, 'orchestrator/cli/gate/worker.ts', plugins, {
    onLine: (line) => {
      const { resolve } = waiting as Waiting;
      waiting = null;
      resolve(JSON.parse(line) as WorkerLine);
    },
  });
  void child.exited.then(({ code, signal }) => waiting?.reject(new Error(`a simulating process ended (${signal ?? code}): ${child.lastError()}`)));
  return {
    child,
    measure: (plan) => new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      child.writeLine(JSON.stringify(plan));
    }),
  };
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
  const workers = Array.from({ length: Math.min(jobs, availableParallelism(), MAX_PROCESSES) }, (_, index) => startWorker(index + 1, plugins));
  return {
    async run(plans, stop, done) {
      const runs: Run[] = [];
      let next = 0;
      let count = 0;
      await Promise.all(workers.map(async ({ measure }) => {
        for (let index = next++; index < plans.length && !stop.requested; index = next++) {
          const plan = plans[index] as Plan;
          runs[index] = answered(await measure(plan), plan);
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
