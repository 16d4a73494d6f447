// How the lab gets into the network of a container to shape what leaves it, though the container itself may administer nothing:
// nsenter where the lab is root (5 ms), a privileged exec (some 100 ms), or a container beside it for each command. The first
// that works is taken, or the one that the user names.
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandResult, KernelSite, LineCommand } from '../../../netem/shaper.ts';
import { kernelSite, runCommand } from '../../../netem/shell/namespace.ts';
import { LabError } from '../../errors.ts';
import type { ContainerSpec, Engine } from './engine.ts';
import { collect, type OpenedCommand, openLines } from './streams.ts';

/** A life of a container, as seen from outside. */
export type Inside = { readonly id: string; readonly pid: number };
/** Into one life; close() when that is over. */
export interface Entrance {
  run(argv: readonly string[], input?: string): Promise<CommandResult>;
  tcLines(failed: (error: Error) => void): LineCommand;
  close(): void;
}
/** The best first. */
export const WAYS = ['nsenter', 'exec', 'sidecar'] as const;
export type WayName = (typeof WAYS)[number];
export interface Way {
  readonly name: WayName;
  enter(inside: Inside): Entrance;
}
/** Of the containers beside others. */
export type SidecarSpec = Pick<ContainerSpec, 'image' | 'labels' | 'limits'>;

const END_KNOWN_WITHIN_MS = 1_000;
const TC_LINES = ['tc', '-batch', '-'];
/** Needs the right to shape, but no netem. */
const TRIAL = [['tc', 'qdisc', 'replace', 'dev', 'lo', 'root', 'pfifo', 'limit', '100'], ['tc', 'qdisc', 'del', 'dev', 'lo', 'root']];

/** Holds the namespace itself: the number of a process that has ended may be another's. */
function openNamespace(pid: number): { readonly path: string; readonly inode: number; close(): void } {
  const descriptor = openSync(`/proc/${pid}/ns/net`, 'r');
  const { ino } = fstatSync(descriptor);
  if (ino === statSync('/proc/self/ns/net').ino) {
    closeSync(descriptor);
    throw new Error("assertion: a container is in the machine's own network");
  }
  return { path: `/proc/${process.pid}/fd/${descriptor}`, inode: ino, close: () => closeSync(descriptor) };
}

const NSENTER: Way = {
  name: 'nsenter',
  enter: ({ pid }) => {
    const namespace = openNamespace(pid);
    const enter = ['nsenter', `--net=${namespace.path}`];
    const site = kernelSite(enter, { device: 'lo', sources: {}, addresses: {} });
    return { run: (argv, input) => runCommand([...enter, ...argv], input), tcLines: (failed) => site.tcLines(failed), close: () => namespace.close() };
  },
};

function byCommand(name: WayName, open: (inside: Inside, argv: readonly string[]) => Promise<OpenedCommand>): Way {
  return {
    name,
    enter: (inside) => ({
      run: (argv, input = '') => collect(argv[0] ?? '', open(inside, argv), input),
      tcLines: (failed) => openLines('tc', open(inside, TC_LINES), failed),
      close: () => undefined,
    }),
  };
}

function sidecar(engine: Engine, spec: SidecarSpec): Way {
  return byCommand('sidecar', async ({ id }, argv) => {
    const name = `lab-${randomBytes(6).toString('hex')}-tc`;
    const beside = await engine.createContainer({ ...spec, name, command: argv, user: '0', network: { of: id }, mounts: [] });
    const remove = () => engine.removeContainer(beside);
    try {
      const { socket, exitCode } = await engine.openContainer(beside, name);
      return {
        socket,
        exitCode: async () => {
          const code = await exitCode();
          await remove();
          return code;
        },
      };
    } catch (error) {
      await remove();
      throw error;
    }
  });
}

/** What it says when it does not work; null: it works. */
async function problemOf(way: Way, inside: Inside, inode: number): Promise<string | null> {
  let entrance: Entrance | null = null;
  try {
    if (way.name === 'nsenter') {
      const own = openNamespace(inside.pid);
      own.close();
      // Else the daemon counts processes in a namespace that is not the lab's.
      if (own.inode !== inode) return 'the process is not the container';
    }
    entrance = way.enter(inside);
    for (const argv of TRIAL) {
      const { code, stdout, stderr } = await entrance.run(argv);
      if (code !== 0) return (stderr || stdout).trim().split('\n')[0] ?? '';
    }
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    entrance?.close();
  }
}

/** Tries the ways at a container that has only a loopback device. inode: of its network namespace, as it says itself. names: those to try. */
export async function findWay(engine: Engine, inside: Inside, inode: number, spec: SidecarSpec, names: readonly WayName[]): Promise<{ readonly way: Way } | { readonly missing: string }> {
  const exec = byCommand('exec', ({ id }, argv) => engine.openExec(id, argv));
  const problems: string[] = [];
  for (const way of [NSENTER, exec, sidecar(engine, spec)].filter(({ name }) => names.includes(name))) {
    const problem = await problemOf(way, inside, inode);
    if (problem === null) return { way };
    problems.push(`${way.name}: ${problem}`);
  }
  return { missing: `a way to run tc in a container (${problems.join('; ')})` };
}

/** The namespace of one life, for a shaper. gone: when that life is over; null: nobody is told, so no failure waits for that. */
export function kernelOf(entering: Promise<Entrance>, place: Pick<KernelSite, 'device' | 'sources' | 'addresses'>, gone: AbortSignal | null): KernelSite {
  // Whoever asks something of it hears why it cannot be entered.
  entering.catch(() => undefined);
  /** What fails at the end of a life may be told before that end is. */
  const settled = async () => {
    if (gone?.aborted === false) await sleep(END_KNOWN_WITHIN_MS, undefined, { signal: gone }).catch(() => undefined);
  };
  return {
    ...place,
    isGone: () => gone?.aborted === true,
    tc: async (argv, input) => {
      const result = await entering.then((entrance) => entrance.run(['tc', ...argv], input), notEntered);
      if (result.code !== 0) await settled();
      return result;
    },
    tcLines: (failed) => laterLines(entering.then((entrance) => entrance.tcLines((error) => { void settled().then(() => failed(error)); }))),
  };
}

function notEntered(error: unknown): CommandResult {
  return { code: 1, stdout: '', stderr: error instanceof Error ? error.message : String(error) };
}

function laterLines(opening: Promise<LineCommand>): LineCommand {
  return {
    write: (line) => { void opening.then((lines) => lines.write(line), () => undefined); },
    close: async () => (await opening).close(),
  };
}

/** Policy rule that drops what leaves; that to the machine itself is looked up before it. */
const ISOLATION = ['pref', '1', 'from', 'all', 'blackhole'];
const DEVICE_OF = /^\d+:\s+([a-z][a-z0-9]{0,14})\s/;

/** Whether all that is sent from there is dropped. */
export async function isolated(entrance: Entrance, on: boolean): Promise<void> {
  const { code, stderr } = await entrance.run(['ip', 'rule', on ? 'add' : 'del', ...ISOLATION]);
  if (code !== 0) throw new LabError('machine-lacks', `a container cannot be kept from sending while its links are made: ${stderr.trim().split('\n')[0] ?? ''}`, 'its kernel needs policy rules (CONFIG_IP_MULTIPLE_TABLES)');
}

/** The one that has this address. null: none has. */
export async function findDevice(entrance: Entrance, address: string): Promise<string | null> {
  const { stdout } = await entrance.run(['ip', '-4', '-o', 'addr', 'show', 'to', address]);
  return DEVICE_OF.exec(stdout)?.[1] ?? null;
}

/** More addresses than Docker gives. */
export async function addAddresses(entrance: Entrance, device: string, addresses: readonly string[]): Promise<void> {
  if (addresses.length === 0) return;
  const { code, stderr } = await entrance.run(['ip', '-batch', '-'], addresses.map((address) => `addr add ${address} dev ${device}\n`).join(''));
  if (code !== 0) throw new LabError('machine-lacks', `a container's addresses cannot be set: ${stderr.trim().split('\n')[0] ?? ''}`, 'its image needs iproute2: lab image build makes one that has it');
}
