// tc inside a network namespace that is not the lab's own: by argv, entered with nsenter (which execs, and is cheaper than
// `ip netns exec`) or with whatever else enters it. Nothing here goes through a shell.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { CommandResult, KernelSite, LineCommand } from '../shaper.ts';

const COMMAND_WITHIN_MS = 30_000;
const MAX_OUTPUT_BYTES = 16 << 20;
/** Lines that tc has not read yet: beyond it tc hangs. */
const MAX_BACKLOG_BYTES = 1 << 20;
const STDERR_KEPT_CHARS = 4_096;
/** tc lives where an ordinary user's PATH does not look. */
const SYSTEM_PATH = '/usr/sbin:/sbin';
/** What a shell says of a command that is not there. */
const NOT_FOUND = 127;

/** enter: what to put before tc, such as nsenter --net=…; empty: the lab's own namespace. */
export function kernelSite(enter: readonly string[], { device, sources, addresses }: Pick<KernelSite, 'device' | 'sources' | 'addresses'>): KernelSite {
  let ready: Ready | null = null;
  return {
    device, sources, addresses,
    tc: (argv, input = '') => ready?.run(argv, input) ?? runCommand([...enter, 'tc', ...argv], input),
    keepReady: (argv) => {
      const own = new Ready(argv, () => startCommand([...enter, 'tc', ...argv]));
      ready = own;
      return () => {
        own.end();
        if (ready === own) ready = null;
      };
    },
    tcLines: (failed) => openLines([...enter, 'tc', '-batch', '-'], failed),
  };
}

/** A session of its own: Ctrl-C in the terminal is for the lab alone. */
function start([program = '', ...argv]: readonly string[]): ChildProcessWithoutNullStreams {
  const PATH = [process.env['PATH'], SYSTEM_PATH].filter(Boolean).join(':');
  return spawn(program, argv, { stdio: 'pipe', detached: true, env: { ...process.env, PATH } });
}

function notStarted(argv: readonly string[], error: NodeJS.ErrnoException): string {
  return `${argv[0]}: ${error.code === 'ENOENT' ? 'command not found' : error.message}`;
}

/** A program that runs, and waits for its input. */
interface Started {
  readonly hasEnded: boolean;
  /** Never rejects: a program that is missing ends with 127, one that takes too long or says too much is killed. */
  finish(input: string): Promise<CommandResult>;
  /** It is not needed. The lab does not wait for it. */
  discard(): void;
}

function startCommand(argv: readonly string[]): Started {
  const child = start(argv);
  let killed = '';
  let hasEnded = false;
  const kill = (why: string) => {
    killed = why;
    child.kill('SIGKILL');
  };
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  let bytes = 0;
  for (const [stream, kept] of [[child.stdout, stdout], [child.stderr, stderr]] as const) {
    stream.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > MAX_OUTPUT_BYTES) kill('too much output');
      else kept.push(part);
    });
  }
  const ended = new Promise<CommandResult>((resolve) => {
    const end = (code: number, said: string) => {
      hasEnded = true;
      resolve({ code, stdout: Buffer.concat(stdout).toString('utf8'), stderr: said });
    };
    child.once('error', (error: NodeJS.ErrnoException) => end(NOT_FOUND, notStarted(argv, error)));
    child.once('close', (code, signal) => end(code ?? 1, Buffer.concat(stderr).toString('utf8') + (killed || (signal === null ? '' : `ended by ${signal}`))));
  });
  child.stdin.on('error', () => undefined);
  return {
    get hasEnded() { return hasEnded; },
    async finish(input) {
      const timer = setTimeout(() => kill(`no answer within ${COMMAND_WITHIN_MS / 1000} s`), COMMAND_WITHIN_MS);
      child.stdin.end(input);
      const result = await ended;
      clearTimeout(timer);
      return result;
    },
    discard() {
      child.stdin.end();
      child.unref();
    },
  };
}

/** Never rejects: as Started.finish. */
export function runCommand(argv: readonly string[], input = ''): Promise<CommandResult> {
  return startCommand(argv).finish(input);
}

/** One command that is there before it is asked for: a process takes longer to start than tc takes for a batch. */
class Ready {
  readonly #argv: readonly string[];
  readonly #start: () => Started;
  #next: Started | null;
  #ended = false;

  constructor(argv: readonly string[], starts: () => Started) {
    this.#argv = argv;
    this.#start = starts;
    this.#next = starts();
  }

  /** null: it is another command. */
  run(argv: readonly string[], input: string): Promise<CommandResult> | null {
    if (this.#ended || argv.join(' ') !== this.#argv.join(' ')) return null;
    const own = this.#next;
    this.#next = null;
    const result = (own === null || own.hasEnded ? this.#start() : own).finish(input);
    // After whoever waits for the result has it.
    void result.then(() => setImmediate(() => {
      if (!this.#ended) this.#next ??= this.#start();
    }));
    return result;
  }

  end(): void {
    this.#ended = true;
    this.#next?.discard();
    this.#next = null;
  }
}

function openLines(argv: readonly string[], failed: (error: Error) => void): LineCommand {
  const child = start(argv);
  let stderr = '';
  let closing = false;
  let failure: Error | null = null;
  const fail = (what: string) => {
    failure ??= new Error(what);
    if (!closing) failed(failure);
  };
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-STDERR_KEPT_CHARS); });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      fail(notStarted(argv, error));
      resolve();
    });
    child.once('close', (code, signal) => {
      if (failure === null && (code !== 0 || !closing)) fail(stderr.trim().replaceAll('\n', '; ') || `tc ended (${signal ?? `exit code ${code}`})`);
      resolve();
    });
  });
  return {
    write(line) {
      if (failure !== null || closing) return;
      if (child.stdin.writableLength <= MAX_BACKLOG_BYTES) child.stdin.write(`${line}\n`);
      else {
        fail('tc does not read its lines');
        child.kill('SIGKILL');
      }
    },
    async close() {
      closing = true;
      const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_WITHIN_MS);
      child.stdin.end();
      await ended;
      clearTimeout(timer);
      if (failure !== null) throw failure;
    },
  };
}
