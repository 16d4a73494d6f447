// What tc says when it fails, as what is missing and the remedy. Its messages are those of iproute2 and of the kernel, in
// English whatever the locale.
import type { CommandResult } from '../shaper.ts';

export type Explained = { readonly missing: string; readonly hint: string };

const WITHOUT_MODULE = 'modprobe sch_netem sch_htb cls_u32 (Debian, Ubuntu: apt install linux-modules-extra-$(uname -r)); on a kernel without them, --virtual-time or netem/kernel/run';
const REASONS: readonly (readonly [RegExp, string, string])[] = [
  [/failed to execute tc|tc: (command )?not found|exec.*"tc".*not found/i, 'tc is not installed', 'Debian, Ubuntu: apt install iproute2'],
  [/command not found/, 'the command that enters the namespace is not installed', 'Debian, Ubuntu: apt install util-linux'],
  [/cannot open \S+\/(ns\/|netns\/)\S+.*No such file|No such container|is not running/i, 'the network namespace is gone', 'it has ended, or something removed it: run again'],
  [/Cannot find device|No such device/, 'the network device is gone', 'it has ended with its namespace, or something removed it: run again, and leave the interfaces alone'],
  [/Operation not permitted|Permission denied/, 'there is no right to shape links', 'run as root, or where user namespaces are allowed (lab doctor says which)'],
  [/No distribution data for/, 'the tables of the distributions normal and pareto are not installed', 'Debian, Ubuntu: apt install iproute2; TC_LIB_DIR names another folder with normal.dist and pareto.dist'],
  [/qdisc kind is unknown|qdisc not found|Unknown qdisc/, 'the kernel has no netem or htb', WITHOUT_MODULE],
  [/TC classifier not found|Failed to load TC/, 'the kernel has no u32 filters', WITHOUT_MODULE],
];

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}

/** missing: with tc's own words, for whoever looks them up. */
export function explain({ code, stderr }: CommandResult): Explained {
  const said = firstLine(stderr) || `exit code ${code}`;
  for (const [pattern, missing, hint] of REASONS) if (pattern.test(stderr)) return { missing: `${missing} (${said})`, hint };
  return { missing: said, hint: 'lab doctor says what this machine lacks' };
}

/** The line of a batch at which tc stopped; null: none in particular. */
export function failedLine({ stderr }: CommandResult, lines: readonly string[]): string | null {
  const [, number] = /Command failed \S*:(\d+)/.exec(stderr) ?? [];
  return number === undefined ? null : lines[Number(number) - 1] ?? null;
}
