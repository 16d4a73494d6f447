// The two sides of `lab gate`: a folder that holds a lab, as it is, or a git revision, which is laid out in a folder of the
// gate's own and installed from its own lock file. The repository stays as it is.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LabError } from '../../errors.ts';
import type { SideName } from '../../gate/pairs.ts';

export type Checkout = {
  readonly side: SideName;
  /** As the user named it. */
  readonly given: string;
  /** Absolute. */
  readonly folder: string;
  /** Of a revision: its commit; null: a folder, which may have changes. */
  readonly commit: string | null;
};
export type Stop = { readonly requested: boolean };

const LAB = 'lab';
const LOCK_FILE = 'package-lock.json';
const GIT_MS = 60_000;
const INSTALL_MS = 15 * 60_000;
const STOP_POLL_MS = 100;
const MOST_OUTPUT_BYTES = 16 * 1024 * 1024;

type Ended = { readonly code: number | string; readonly stdout: string; readonly stderr: string };

function command(program: string, argv: readonly string[], cwd: string, timeoutMs: number, stop: Stop): Promise<Ended> {
  return new Promise((ended) => {
    const child = execFile(program, argv, { cwd, timeout: timeoutMs, maxBuffer: MOST_OUTPUT_BYTES }, (error, stdout, stderr) => {
      clearInterval(watching);
      ended({ code: error === null ? 0 : error.code ?? 'killed', stdout, stderr });
    });
    const watching = setInterval(() => { if (stop.requested) child.kill(); }, STOP_POLL_MS);
  });
}

function failure({ code, stderr }: Ended): string {
  return code === 'ENOENT' ? 'it is not installed' : stderr.trim().split('\n').at(-1) ?? String(code);
}

function holdsLab(folder: string): boolean {
  return statSync(join(folder, LAB), { throwIfNoEntry: false })?.isFile() === true;
}

/** inside: an empty folder of the gate's own. null: interrupted. */
export async function openCheckout(side: SideName, given: string, inside: string, progress: (text: string) => void, stop: Stop): Promise<Checkout | null> {
  if (statSync(given, { throwIfNoEntry: false })?.isDirectory() === true && holdsLab(given)) return { side, given, folder: resolve(given), commit: null };
  const { code, stdout } = await command('git', ['rev-parse', '--verify', '--quiet', '--end-of-options', `${given}^{commit}`], process.cwd(), GIT_MS, stop);
  if (stop.requested) return null;
  if (code === 'ENOENT') throw new LabError('machine-lacks', `--${side} ${given}: git is not installed`, 'install git, or give the folder of a checkout');
  if (code !== 0) throw new LabError('bad-command-line', `--${side} ${given} is neither a folder with a lab in it nor a git revision`, 'give a checkout, or a commit, branch or tag of the repository that you are in; fetch it where CI has a shallow one');
  const commit = stdout.trim();
  const folder = join(inside, side);
  mkdirSync(folder);
  progress(`${side}: laying out ${given}`);
  await layOut(side, given, commit, folder, stop);
  if (stop.requested) return null;
  if (!holdsLab(folder) || !existsSync(join(folder, LOCK_FILE))) throw new LabError('bad-command-line', `--${side} ${given} holds no ${holdsLab(folder) ? LOCK_FILE : 'lab'}`, 'give a revision of this lab');
  progress(`${side}: npm ci, from its own lock file`);
  const installed = await command('npm', ['ci', '--no-progress', '--no-audit', '--no-fund'], folder, INSTALL_MS, stop);
  if (stop.requested) return null;
  if (installed.code !== 0) throw new LabError('machine-lacks', `--${side} ${given}: npm ci failed: ${failure(installed)}`, 'can the package registry be reached? Or give a checkout in which npm ci was run');
  return { side, given, folder, commit };
}

async function layOut(side: SideName, given: string, commit: string, folder: string, stop: Stop): Promise<void> {
  const archive = `${folder}.tar`;
  const top = await command('git', ['rev-parse', '--show-toplevel'], process.cwd(), GIT_MS, stop);
  const steps: readonly (readonly [string, readonly string[], string])[] = [
    ['git', ['archive', '--format=tar', '-o', archive, commit], top.stdout.trim()], ['tar', ['-xf', archive], folder],
  ];
  for (const [program, argv, cwd] of steps) {
    const ended = await command(program, argv, cwd, GIT_MS, stop);
    if (ended.code !== 0 && !stop.requested) throw new LabError('machine-lacks', `--${side} ${given}: ${program} failed: ${failure(ended)}`, 'is there room in the temporary folder? Or give the folder of a checkout');
  }
  rmSync(archive, { force: true });
}
