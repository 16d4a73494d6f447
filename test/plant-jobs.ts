// What a process with planted errors is asked to try, and what it answers.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Json } from '../node/contract.ts';
import type { Replacement } from './planting.ts';

export type PlantTrial =
  /** Replays the recorded conversations. */
  | { readonly by: 'scenarios' }
  /** Seeds 1, 2, … up to this one, until a claim is violated or so much CPU time is spent. */
  | { readonly by: 'hunt'; readonly seeds: number; readonly cpuSeconds: number }
  /** Each scene once. */
  | { readonly by: 'conformance' }
  /** Those that the case names. */
  | { readonly by: 'tests' };

export type PlantCase = {
  readonly replacements: readonly Replacement[];
  /** Of hunted cases, over the protocol's defaults. */
  readonly options?: { readonly [name: string]: Json };
  /** So many were hunted before, in vain. */
  readonly huntedSeeds?: number;
  /** Files of unit tests, from the root. */
  readonly tests?: readonly string[];
};

export type PlantJob = {
  readonly protocol: string;
  /** Planted one after the other, each in modules of its own. */
  readonly cases: readonly PlantCase[];
  readonly trials: readonly PlantTrial[];
  /** A case ends with the first trial that notices, and with the first of its scenarios. */
  readonly untilNoticed: boolean;
  /** CPU time of one case after which the process ends itself. */
  readonly mostCpuSeconds: number;
};

export type Found = { readonly seed: number; readonly checks: readonly string[]; readonly because: string };

export type PlantAnswer =
  | { readonly by: 'scenarios'; readonly differing: readonly string[] }
  /** seeds: the last one tried. simulatedMs: of those tried now. */
  | { readonly by: 'hunt'; readonly seeds: number; readonly simulatedMs: number; readonly found: Found | null }
  | { readonly by: 'conformance' | 'tests'; readonly failing: string | null }
  /** It ended itself: endless work counts as noticed. */
  | { readonly by: 'clock' }
  /** The modules cannot be loaded, or the text was not there. */
  | { readonly by: 'load'; readonly because: string }
  /** The process ended: no memory, or no stack. */
  | { readonly by: 'crash'; readonly because: string };

/** A line of the process. */
export type PlantLine = { readonly case: number; readonly answer: PlantAnswer | 'done' };

export function noticed(answer: PlantAnswer): boolean {
  switch (answer.by) {
    case 'scenarios': return answer.differing.length > 0;
    case 'hunt': return answer.found !== null;
    case 'conformance':
    case 'tests': return answer.failing !== null;
    default: return true;
  }
}

const MEMORY_MIB = 1_024;

/** The first line in which an error names itself. */
function errorIn(stderr: string): string {
  return /^.*\b(?:Error|FATAL ERROR): .*$/m.exec(stderr)?.[0] ?? stderr.slice(0, 200);
}

type Listener = (number: number, answers: readonly PlantAnswer[]) => void;

/** Until the process has ended; returns how many cases are done. A case in which it ends is done, too. */
function runSome(job: PlantJob, first: number, onCase: Listener): Promise<number> {
  return new Promise((resolve, reject) => {
    const rest: PlantJob = { ...job, cases: job.cases.slice(first) };
    const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY_MIB}`, join(import.meta.dirname, 'plant.ts')], { stdio: ['pipe', 'pipe', 'pipe'] });
    let answers: PlantAnswer[] = [];
    let done = 0;
    let stderr = '';
    const end = () => {
      onCase(first + done, answers);
      answers = [];
      done++;
    };
    createInterface(child.stdout).on('line', (line) => {
      const { answer } = JSON.parse(line) as PlantLine;
      if (answer === 'done') end();
      else answers.push(answer);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(0, 10_000); });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (done < rest.cases.length) {
        if (answers.at(-1)?.by !== 'clock') answers.push({ by: 'crash', because: `${signal ?? code}: ${errorIn(stderr)}` });
        end();
      }
      resolve(done);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(rest));
  });
}

/** The answers of each case, in their order; `onCase` hears of each as soon as it is done. */
export async function runPlantJob(job: PlantJob, onCase: Listener = () => undefined): Promise<readonly (readonly PlantAnswer[])[]> {
  const all: (readonly PlantAnswer[])[] = [];
  const listen: Listener = (number, answers) => {
    all[number] = answers;
    onCase(number, answers);
  };
  for (let done = 0; done < job.cases.length;) done += await runSome(job, done, listen);
  return all;
}
