// The connection to something that runs in a container: what it says comes in frames, what it is told goes as it is.
import type { Duplex } from 'node:stream';
import type { CommandResult, LineCommand } from '../../../netem/shaper.ts';
import { openFrames } from './frames.ts';

export type Heard = { readonly stdout: (bytes: Buffer) => void; readonly stderr: (bytes: Buffer) => void };
/** socket: to its input, from its output. exitCode: once it has ended. */
export type OpenedCommand = { readonly socket: Duplex; readonly exitCode: () => Promise<number> };

const OUTPUT_KEPT_CHARS = 4_096;
/** Lines that it has not read yet: beyond it it hangs. */
const MAX_BACKLOG_BYTES = 1 << 20;
const CLOSE_WITHIN_MS = 30_000;
/** As of a shell that cannot run something. */
const NOT_RUN = 126;
const MAX_OUTPUT_BYTES = 16 << 20;

/** Until the other side has nothing more to say. */
export function drain(socket: Duplex, { stdout, stderr }: Heard): Promise<void> {
  const frames = openFrames(stdout, stderr);
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      try {
        frames(chunk);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', reject).on('end', resolve).on('close', resolve);
  });
}

/** Never rejects: what cannot be started, takes too long or says too much has failed. */
export async function collect(name: string, opening: Promise<OpenedCommand>, input: string): Promise<CommandResult> {
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const text = (parts: readonly Buffer[]) => Buffer.concat(parts).toString('utf8');
  try {
    const { socket, exitCode } = await opening;
    timer = setTimeout(() => socket.destroy(new Error(`${name} does not end`)), CLOSE_WITHIN_MS);
    const keep = (kept: Buffer[]) => (part: Buffer) => {
      bytes += part.length;
      if (bytes > MAX_OUTPUT_BYTES) socket.destroy(new Error(`${name} says too much`));
      else kept.push(part);
    };
    const silent = drain(socket, { stdout: keep(stdout), stderr: keep(stderr) });
    socket.end(input);
    await silent;
    return { code: await exitCode(), stdout: text(stdout), stderr: text(stderr) };
  } catch (error) {
    return { code: NOT_RUN, stdout: text(stdout), stderr: text(stderr) + (error instanceof Error ? error.message : String(error)) };
  } finally {
    clearTimeout(timer);
  }
}

/** Lines may be written before it is there. failed: it ended unasked, or is not to be had. */
export function openLines(name: string, opening: Promise<OpenedCommand>, failed: (error: Error) => void): LineCommand {
  let said = '';
  let closing = false;
  let failure: Error | null = null;
  const fail = (error: Error) => {
    failure ??= error;
    if (!closing) failed(failure);
  };
  const keep = (part: Buffer) => { said = (said + part.toString('utf8')).slice(-OUTPUT_KEPT_CHARS); };
  const ended = opening.then(async ({ socket, exitCode }) => {
    await drain(socket, { stdout: keep, stderr: keep });
    const code = await exitCode();
    if (failure === null && (code !== 0 || !closing)) fail(new Error(said.trim().replaceAll(/\s*\n\s*/g, '; ') || `${name} ended with exit code ${code}`));
  }).catch(fail);
  const write = ({ socket }: OpenedCommand, line: string) => {
    if (failure !== null || closing) return;
    if (socket.writableLength <= MAX_BACKLOG_BYTES) socket.write(`${line}\n`);
    else {
      fail(new Error(`${name} does not read its lines`));
      socket.destroy();
    }
  };
  return {
    write: (line) => { void opening.then((opened) => write(opened, line), () => undefined); },
    close: async () => {
      // What was written before is to reach it.
      const socket = await opening.then((opened) => opened.socket, () => null);
      closing = true;
      socket?.end();
      const timer = setTimeout(() => socket?.destroy(new Error(`${name} does not end`)), CLOSE_WITHIN_MS);
      await ended;
      clearTimeout(timer);
      if (failure !== null) throw failure;
    },
  };
}
