// The processes that the lab has started. None outlives it: each holds a stdin pipe and ends itself at its end-of-file,
// and whatever is still there when the lab exits is killed. They have a session of their own, so that Ctrl-C in the
// terminal reaches the lab alone, which then ends them in order.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { splitLines } from './lines.ts';
import { forgetProcesses, recordProcess } from './process-records.ts';
import { modulePath, PACKAGE_ROOT } from './tree.ts';
import { isVirtualTime } from './virtual-time.ts';

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Set once it has ended. */
  readonly exit: Exit | null;
  readonly exited: Promise<Exit>;
  /** The last complete line that it wrote to stderr, or ''. */
  lastError(): string;
  signal(signal: NodeJS.Signals): void;
  writeLine(line: string): void;
  /** End-of-file on its stdin: it is to end by itself. */
  closeInput(): void;
}

/** A child of this machine. */
export interface Program extends Child {
  /** The last of what it wrote to stderr, some thousand characters. */
  errors(): string;
}

const alive = new Set<ChildProcess>();
const STDERR_KEPT_CHARS = 4_096;
/** Waiting for threads that collect garbage lets time pass there, now and then a quarter of a second; collecting it alone takes none. */
const IN_VIRTUAL_TIME = ['--single-threaded-gc'];

/** Of Node.js, where it is started for a run. */
export function nodeFlags(): readonly string[] {
  return isVirtualTime() ? IN_VIRTUAL_TIME : [];
}

function killAll(): void {
  for (const child of alive) child.kill('SIGKILL');
  forgetProcesses();
}

type ChildOptions = {
  /** Gets each line of its stdout. */
  readonly onLine?: (line: string) => void;
  /** Words before the command: what enters the place where it is to run, and becomes the command itself there. */
  readonly within?: readonly string[];
};

/** Runs a module of the lab, named as in the checkout, in a Node like this one. */
export function startChild(name: string, module: string, argv: readonly string[], options: ChildOptions = {}): Child {
  return startProgram(name, [process.execPath, ...nodeFlags(), modulePath(module), ...argv], argv[0] ?? module, options);
}

/** mark: a word of the command that no other process has. */
export function startProgram(name: string, command: readonly string[], mark: string, { onLine, within = [] }: ChildOptions = {}): Program {
  if (alive.size === 0) process.off('exit', killAll).on('exit', killAll);
  const env = { ...process.env, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(PACKAGE_ROOT, '.cache/compile') };
  const [program = '', ...words] = [...within, ...command];
  const child = spawn(program, words, { stdio: ['pipe', onLine === undefined ? 'ignore' : 'pipe', 'pipe'], detached: true, env });
  const { pid } = child;
  child.on('error', () => undefined);
  if (pid === undefined) throw new LabError('machine-lacks', `${name}: ${program} cannot be started`, 'is it installed? See also the limits on processes and memory (ulimit -a)');
  alive.add(child);
  recordProcess({ name, pid, mark });
  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    // 'close' comes after the last byte of stderr, 'exit' may come before it.
    child.once('close', (code, signal) => {
      alive.delete(child);
      exit = { code, signal };
      resolve(exit);
    });
  });
  child.stdin?.on('error', () => undefined);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-STDERR_KEPT_CHARS); });
  if (onLine !== undefined && child.stdout !== null) splitLines(child.stdout.setEncoding('utf8'), onLine);
  return {
    name, pid, exited,
    get exit() { return exit; },
    lastError: () => stderr.trimEnd().split('\n').at(-1) ?? '',
    errors: () => stderr,
    signal: (signal) => { child.kill(signal); },
    writeLine: (line) => { child.stdin?.write(`${line}\n`); },
    closeInput: () => { child.stdin?.end(); },
  };
}

/** Waits at most so long for the end of a process, then kills it. */
export async function endWithin(child: Child, graceMs: number): Promise<Exit> {
  const timer = setTimeout(() => child.signal('SIGKILL'), graceMs);
  const exit = await child.exited;
  clearTimeout(timer);
  return exit;
}
