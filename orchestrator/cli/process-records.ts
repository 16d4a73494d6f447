// Which processes a lab has started, in a file of the state folder, so that `lab clean` can end those of a lab that was killed
// before it could. A process id may be another's by then: a record also holds a word of the command line, and counts only
// where that is still there.
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, stateFolder } from './state.ts';

/** mark: a word of its command line that no other process has. folder: in which the lab was started, for a mark that is a path. */
export type ProcessRecord = { readonly name: string; readonly pid: number; readonly mark: string; readonly folder: string };
export type LabRecord = { readonly path: string; readonly pid: number; readonly alive: boolean; readonly processes: readonly ProcessRecord[] };

type Head = { readonly lab: number; readonly command: string | null };

function ownPath(): string {
  return join(stateFolder(), `processes-${process.pid}.ndjson`);
}

let recorded = false;

export function recordProcess(started: Omit<ProcessRecord, 'folder'>): void {
  try {
    const path = ownPath();
    if (!recorded) {
      // Of a lab that had this process id before.
      rmSync(path, { force: true });
      const head: Head = { lab: process.pid, command: commandOf(process.pid) };
      appendFileSync(path, `${JSON.stringify(head)}\n`, { mode: 0o600 });
      recorded = true;
    }
    const record: ProcessRecord = { ...started, folder: process.cwd() };
    appendFileSync(path, `${JSON.stringify(record)}\n`);
  } catch {
    // A lab that cannot write it runs as well; only cleaning up after it would be by hand.
  }
}

/** To be called once none of them is left. */
export function forgetProcesses(): void {
  if (!recorded) return;
  recorded = false;
  try {
    rmSync(ownPath(), { force: true });
  } catch {
    // lab clean finds it.
  }
}

export function isRunning({ pid, mark }: ProcessRecord): boolean {
  return commandOf(pid)?.includes(mark) === true;
}

/** Of every lab that has recorded some. */
export function labRecords(): readonly LabRecord[] {
  const folder = stateFolder();
  return readdirSync(folder).filter((entry) => /^processes-\d+\.ndjson$/.test(entry)).flatMap((entry) => {
    const path = join(folder, entry);
    // It may have ended meanwhile.
    if (!existsSync(path)) return [];
    const [head, ...processes] = readFileSync(path, 'utf8').split('\n').flatMap((line): readonly unknown[] => {
      try {
        return [JSON.parse(line)];
      } catch {
        // The last line is empty, or torn where the lab was killed.
        return [];
      }
    });
    const { lab = 0, command = null } = (head ?? {}) as Partial<Head>;
    return [{ path, pid: lab, alive: command !== null && commandOf(lab) === command, processes: processes as readonly ProcessRecord[] }];
  });
}
