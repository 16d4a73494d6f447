// One life of a container, as the lab knows processes: signals, lines, and an end. SIGSTOP and SIGCONT are the freezer of the
// container's control group, which stops all of it at once. Whatever the daemon does last is done in the order it was asked.
import { PassThrough } from 'node:stream';
import { LabError } from '../../errors.ts';
import type { Child, Exit } from '../children.ts';
import { splitLines } from '../lines.ts';
import type { ContainerLife, Engine } from './engine.ts';

export type ChildContainer = { readonly id: string; readonly name: string; readonly memoryBytes: number };
export type ChildPorts = {
  /** Gets each line of its stdout. */
  readonly onLine?: (line: string) => void;
  /** Once it runs, and then once it does not. */
  readonly began: (pid: number) => void;
  readonly ended: () => void;
  /** The daemon could not start or signal it, or is gone. */
  readonly failed: (error: unknown) => void;
};

const STDERR_KEPT_CHARS = 4_096;
const KILLED = 137;
const BYTES_PER_MIB = 1 << 20;

/** Starts it at once. */
export function startContainer(engine: Engine, { id, name, memoryBytes }: ChildContainer, { onLine, began, ended, failed }: ChildPorts): Child {
  let stderr = '';
  let exit: Exit | null = null;
  let pid = 0;
  const stdout = new PassThrough();
  if (onLine === undefined) stdout.resume();
  else splitLines(stdout.setEncoding('utf8'), onLine);
  const starting = engine.start(id, name, {
    stdout: (bytes) => { stdout.write(bytes); },
    stderr: (bytes) => { stderr = (stderr + bytes.toString('utf8')).slice(-STDERR_KEPT_CHARS); },
  });
  const live = async (): Promise<Exit> => {
    const life = await starting;
    pid = life.pid;
    began(pid);
    const { code, outOfMemory } = await life.ended;
    if (outOfMemory) stderr += `\nits memory of ${memoryBytes / BYTES_PER_MIB} MiB was not enough`;
    return code === KILLED ? { code: null, signal: 'SIGKILL' } : { code, signal: null };
  };
  const exited = live().catch((error: unknown): Exit => {
    stderr += `\n${error instanceof Error ? error.message : String(error)}`;
    failed(error);
    return { code: 1, signal: null };
  }).then((found) => {
    exit = found;
    ended();
    return found;
  });
  let asked: Promise<unknown> = starting;
  const then = (act: (life: ContainerLife) => unknown) => {
    asked = asked.then(async () => act(await starting)).catch((error: unknown) => {
      // One that could not be started was told of.
      if (error instanceof LabError && exit === null) failed(error);
    });
  };
  return {
    name, exited,
    get pid() { return pid; },
    get exit() { return exit; },
    lastError: () => stderr.trimEnd().split('\n').at(-1) ?? '',
    signal: (signal) => then(() => (signal === 'SIGSTOP' ? engine.pause(id) : signal === 'SIGCONT' ? engine.unpause(id) : engine.kill(id, signal))),
    writeLine: (line) => then((life) => life.write(`${line}\n`)),
    closeInput: () => then((life) => life.closeInput()),
  };
}
