// Whose containers and networks these are. Each carries the run and the lab process that made it; what belongs to a process that
// is gone is left over. A lab elsewhere (another machine, another process namespace) cannot be looked for, and is let alone.
import { readFileSync, readlinkSync } from 'node:fs';

/** Its value: the id of the run. */
export const RUN_LABEL = 'consensus-lab';
export const OWNER_LABEL = 'consensus-lab.owner';
/** Field 22 of /proc/PID/stat, counted behind the command's name, which may hold anything. */
const START_FIELD = 19;

/** One boot of one machine. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** null: there is no such process. */
function startOf(pid: number | 'self'): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? null;
  } catch {
    return null;
  }
}

/** Of this process: boot, process namespace, process and its start, which together are never another's. */
export function ownOwner(): string {
  const [, namespace = ''] = /\[(\d+)\]/.exec(readlinkSync('/proc/self/ns/pid')) ?? [];
  return [bootId(), namespace, process.pid, startOf('self')].join('.');
}

/** true: the process is known to be gone. */
export function isGone(owner: string): boolean {
  const [boot = '', namespace = '', pid = '', start = ''] = owner.split('.');
  const [ownBoot, ownNamespace] = ownOwner().split('.');
  return boot === ownBoot && namespace === ownNamespace && isProcessGone(`${pid}-${start}`);
}

/** This process among all of its process namespace since the boot, short enough for the path of a socket. */
export function ownProcess(): string {
  return `${process.pid}-${startOf('self')}`;
}

export function isProcessGone(name: string): boolean {
  const [, pid, start] = /^(\d+)-(\d+)$/.exec(name) ?? [];
  return pid !== undefined && startOf(Number(pid)) !== start;
}
