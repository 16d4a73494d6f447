// What a process with planted errors is asked to try, and what it answers: a line of JSON for each trial, in this order.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { Json } from '../node/contract.ts';
import type { Replacement } from './planting.ts';

export type PlantTrial =
  /** Replays the recorded conversations. */
  | { readonly by: 'scenarios' }
  /** Seeds 1, 2, … until a claim is violated or so much CPU time is spent. */
  | { readonly by: 'hunt'; readonly seeds: number; readonly cpuSeconds: number; readonly options: { readonly [name: string]: Json } }
  /** Each scene once. */
  | { readonly by: 'conformance' };

export type PlantJob = {
  readonly protocol: string;
  readonly replacements: readonly Replacement[];
  readonly trials: readonly PlantTrial[];
  /** Ends with the first trial that notices. */
  readonly untilNoticed: boolean;
  /** CPU time of the whole process after which it ends itself; 0: none. */
  readonly mostCpuSeconds: number;
};

export type Found = { readonly seed: number; readonly checks: readonly string[]; readonly because: string };

export type PlantAnswer =
  | { readonly by: 'scenarios'; readonly differing: readonly string[] }
  /** seeds: tried, with the one that found it. simulatedMs: of all of them. */
  | { readonly by: 'hunt'; readonly seeds: number; readonly simulatedMs: number; readonly found: Found | null }
  | { readonly by: 'conformance'; readonly failing: string | null }
  /** It ended itself: endless work counts as noticed. */
  | { readonly by: 'clock' }
  /** It does not even load. */
  | { readonly by: 'load'; readonly because: string };

export type PlantOutcome = { readonly answers: readonly PlantAnswer[]; readonly code: number | null; readonly stderr: string };

export function noticed(answer: PlantAnswer): boolean {
  switch (answer.by) {
    case 'scenarios': return answer.differing.length > 0;
    case 'hunt': return answer.found !== null;
    case 'conformance': return answer.failing !== null;
    default: return true;
  }
}

const MEMORY_MIB = 1_024;

export function runPlantJob(job: PlantJob): Promise<PlantOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY_MIB}`, join(import.meta.dirname, 'plant.ts'), JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] });
    const answers: PlantAnswer[] = [];
    let stderr = '';
    createInterface(child.stdout).on('line', (line) => answers.push(JSON.parse(line) as PlantAnswer));
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(0, 10_000); });
    child.on('error', reject);
    child.on('close', (code) => resolve({ answers, code, stderr }));
  });
}
