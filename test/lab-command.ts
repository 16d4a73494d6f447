// The command line as a user has it: a process of its own, in a folder, with what it printed and how it ended.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LAB = fileURLToPath(new URL('../lab', import.meta.url));

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** `onError` sees all of stderr so far, each time that some more has come. */
export async function labIn(folder: string, argv: readonly string[], onError?: (stderr: string, pid: number) => void): Promise<Ended> {
  const child = spawn(LAB, argv, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onError?.(stderr, child.pid as number);
  });
  const code = await new Promise<number | null>((resolve) => { child.on('close', resolve); });
  return { code, stdout, stderr };
}
