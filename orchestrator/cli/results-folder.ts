// Where the results of one `lab run` go: a new folder for each, named by the experiment and the time.
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LabError } from '../errors.ts';

/** mkdir's own `recursive` never returns where the kernel answers ENOENT below a folder that is there, as in /proc. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  mkdirSync(path);
}

export function createResultsFolder(out: string, experiment: string): string {
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  try {
    makeFolder(out);
    for (let attempt = 1; ; attempt++) {
      const folder = join(out, `${experiment}-${stamp}${attempt === 1 ? '' : `-${attempt}`}`);
      // Of two that begin in one second, each gets its own.
      if (statSync(folder, { throwIfNoEntry: false }) !== undefined) continue;
      mkdirSync(folder);
      return folder;
    }
  } catch (cause) {
    throw new LabError('machine-lacks', `no folder for results can be made in ${out} (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give another place with --out', cause);
  }
}
