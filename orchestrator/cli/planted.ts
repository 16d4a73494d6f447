// `lab hunt --planted`: the lab's own tests of its checks, as a command of a checkout. Only there are the sources and the errors
// to plant in them: a package has neither.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, LabError } from '../errors.ts';
import { PACKAGE_ROOT } from './tree.ts';

/** Where the errors and the table of them are made; from the root of a checkout. */
const SURVEY = 'test/planted-run.ts';

/** Returns the exit code of the survey. seeds: of hunts, for each planted error; undefined: as many as it takes by itself. */
export function huntPlanted(protocols: string, seeds: number | undefined): Promise<number> {
  const survey = join(PACKAGE_ROOT, SURVEY);
  if (!existsSync(survey)) throw new LabError('bad-command-line', `--planted: ${SURVEY} is not in ${PACKAGE_ROOT}`, 'run it in a checkout of the lab: a package brings no sources to plant errors in');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [survey, '--protocol', protocols, ...(seeds === undefined ? [] : ['--seeds', String(seeds)])], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? EXIT.interrupted));
  });
}
