// Processes of the lab that answer jobs: a job is a line of JSON on stdin, its answer a line on stdout, one after the other.
import { availableParallelism } from 'node:os';
import { type Child, startChild } from './children.ts';

const MAX_PROCESSES = 8;

export type Worker<Job, Answer> = { readonly child: Child; readonly ask: (job: Job) => Promise<Answer> };

/** For so many jobs. */
export function processesFor(jobs: number): number {
  return Math.min(jobs, availableParallelism(), MAX_PROCESSES);
}

/** `name`: for errors. */
export function startWorker<Job, Answer>(name: string, module: string, argv: readonly string[]): Worker<Job, Answer> {
  let waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | null = null;
  const child = startChild(name, module, argv, {
    onLine: (line) => {
      const asked = waiting;
      waiting = null;
      asked?.resolve(JSON.parse(line) as Answer);
    },
  });
  const ended = child.exited.then(({ code, signal }) => new Error(`${name} ended (${signal ?? code}): ${child.lastError()}`));
  void ended.then((error) => waiting?.reject(error));
  return {
    child,
    ask: (job) => new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      if (child.exit === null) child.writeLine(JSON.stringify(job));
      else void ended.then(reject);
    }),
  };
}
