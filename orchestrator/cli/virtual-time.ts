// `lab run … --virtual-time`: the lab starts itself inside the kernel of netem/kernel, where time stands still while anything
// computes, and ends as it ends there. Results, output and exit code are those of the run inside.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXIT, LabError } from '../errors.ts';
import { forgetProcesses, recordProcess } from './process-records.ts';
import { modulePath, PACKAGE_ROOT } from './tree.ts';

const KERNEL = join(PACKAGE_ROOT, 'netem/kernel/run');
const FLAG = '--virtual-time';
/** In the kernel's own memory: process ids of inside mean nothing to a lab outside, nor those of outside here. */
const RUNTIME_INSIDE = '/run';
const STOP_POLL_MS = 100;
const STARTED_BY_A_SIGNAL = 128;
/** What the harness itself ends with (netem/kernel/README.md): the lab never does. */
const HARNESS_CODES = new Set([124, 125, 126, 127]);

/** As the kernel says that runs here. */
export function isVirtualTime(): boolean {
  try {
    return /\btime-travel=inf-cpu\b/.test(readFileSync('/proc/cmdline', 'utf8'));
  } catch {
    return false;
  }
}

/** argv: of this lab. out: the folder that results are written to. Returns the exit code of the lab inside. */
export async function runInVirtualTime(argv: readonly string[], out: string, stop: { readonly requested: boolean }): Promise<number> {
  examineKernel();
  mkdirSync(out, { recursive: true });
  const command = [process.execPath, ...process.execArgv, modulePath('orchestrator/cli/main.ts'), ...argv.filter((word) => word !== FLAG)];
  // Killed outright, this lab takes the kernel along.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', KERNEL, FLAG, '--timeout', '0', '--write', resolve(out), '--', ...command], {
    stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, XDG_RUNTIME_DIR: RUNTIME_INSIDE },
  });
  // So that lab clean, which sees nothing of the processes inside, leaves their folder alone.
  if (child.pid !== undefined) recordProcess({ name: 'the kernel in virtual time', pid: child.pid, mark: resolve(out) });
  const stopping = setInterval(() => { if (stop.requested) child.kill('SIGINT'); }, STOP_POLL_MS);
  const code = await new Promise<number>((ended, failed) => {
    child.once('error', (error) => failed(lacking(error.message)));
    child.once('close', (exit) => ended(exit ?? EXIT.interrupted));
  });
  clearInterval(stopping);
  forgetProcesses();
  if (stop.requested || code > STARTED_BY_A_SIGNAL) return EXIT.interrupted;
  if (HARNESS_CODES.has(code)) throw lacking(`the kernel in virtual time ended with ${code}; its last lines are above`);
  return code;
}

/** Throws a LabError that says what it needs. */
export function examineKernel(): void {
  const { status, stderr, error } = spawnSync(KERNEL, [FLAG, '--check'], { encoding: 'utf8' });
  if (error !== undefined) throw lacking(error.message);
  if (status !== 0) throw lacking(stderr.replaceAll('netem-kernel: ', '').trim().split('\n').join('; '));
}

function lacking(what: string): LabError {
  return new LabError('machine-lacks', `${FLAG}: ${what}`, `build its kernel once with ${join(PACKAGE_ROOT, 'netem/kernel/build-virtual-time')} (about 5 minutes; netem/kernel/README.md says what that needs)`);
}
