// --virtual-time: what is refused, and, where its kernel is built, that it ends with its lab.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { LabError } from '../errors.ts';
import { examineKernel, isVirtualTime } from './virtual-time.ts';

const LAB = fileURLToPath(new URL('../../lab', import.meta.url));
const STEP_MS = 100;
const WITHIN_MS = 100_000;
const folder = mkdtempSync(join(tmpdir(), 'lab-virtual-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'long.yaml'), 'name: long\nprotocols: [raft]\nnodes: 3\nload: { rate: 20/s, timeout: 1s }\nrun: { warmup: 1s, measure: 3000s, settle: 1s }\n');

function lab(env: NodeJS.ProcessEnv, ...argv: readonly string[]): { readonly code: number | null; readonly stderr: string } {
  const { status, stderr } = spawnSync(LAB, ['run', 'long.yaml', '--out', join(folder, 'results'), ...argv], { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } });
  return { code: status, stderr };
}

function lacking(): string | null {
  try {
    if (isVirtualTime()) return 'there is none inside it';
    examineKernel();
    return null;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return `${error.message}; ${error.hint}`;
  }
}

describe.skipIf(isVirtualTime())('outside of virtual time', () => {
  test('a runner whose processes may wait for something outside is refused', () => {
    expect(lab({}, '--virtual-time', '--on', 'sim,local')).toEqual({ code: 3, stderr: 'error: --virtual-time is not for --on sim,local\n  hint: it is for nodes in namespaces: --on netns\n' });
  });

  test('a browser cannot be opened from inside', () => {
    expect(lab({}, '--virtual-time', '--on', 'netns', '--open')).toMatchObject({ code: 3, stderr: expect.stringContaining('lab report results/<folder> --open') as string });
  });

  test('without its kernel, one line says how to build it', () => {
    const { code, stderr } = lab({ NETEM_KERNEL_CACHE: join(folder, 'nothing') }, '--virtual-time', '--on', 'netns');
    expect(code).toBe(4);
    expect(stderr).toMatch(/^error: --virtual-time: the virtual-time kernel is not built.*\n {2}hint: .*netem\/kernel\/build-virtual-time.*\n$/);
  });
});

const missing = lacking();
if (missing !== null) console.log(`skipped: the end of a lab in virtual time (${missing})`);

describe.skipIf(missing !== null)('a lab in virtual time', () => {
  const labs: ChildProcess[] = [];
  afterEach(() => { for (const child of labs.splice(0)) child.kill('SIGKILL'); });

  /** Processes whose command line has this word. */
  function withWord(word: string): readonly string[] {
    return readdirSync('/proc').filter((entry) => {
      try {
        return /^\d+$/.test(entry) && entry !== String(process.pid) && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(word);
      } catch {
        return false;
      }
    });
  }

  test.each([['SIGINT', 130], ['SIGKILL', 'SIGKILL']] as const)('ends by %s, and its kernel with it', async (signal, code) => {
    // The harness and its kernel carry the results folder in their command lines, and the kernel the folder of the harness.
    const out = join(folder, `ends-by-${signal}`);
    const child = spawn(LAB, ['run', 'long.yaml', '--on', 'netns', '--virtual-time', '--out', out], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: folder, XDG_RUNTIME_DIR: folder } });
    labs.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { said += text; });
    const ended = new Promise<number | string | null>((resolve) => { child.once('exit', (exit, by) => resolve(exit ?? by)); });
    const until = async (what: string, holds: () => boolean) => {
      for (let waitedMs = 0; !holds(); waitedMs += STEP_MS) {
        if (waitedMs > WITHIN_MS) throw new Error(`not within ${WITHIN_MS / 1000} s: ${what}; it said: ${said}`);
        await sleep(STEP_MS);
      }
    };
    await until('the lab inside starts its nodes', () => said.includes('starting 3 nodes'));
    expect(withWord(`${folder}/netem-kernel.`).length).toBeGreaterThan(0);
    // The state folder holds what the lab outside has written down, and nothing of the one inside.
    const [records, ...more] = readdirSync(join(folder, 'consensus-lab')).filter((file) => readFileSync(join(folder, 'consensus-lab', file), 'utf8').includes(out));
    expect(more).toEqual([]);
    expect(records).toBe(`processes-${child.pid}.ndjson`);
    expect(spawnSync(LAB, ['clean', '--out', out], { cwd: folder, encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: folder } }).stdout).not.toContain(out);
    child.kill(signal);
    expect(await ended).toBe(code);
    await until('its kernel is gone', () => withWord(`${folder}/netem-kernel.`).length === 0 && withWord(out).length === 0);
    await until('its folder is gone', () => readdirSync(folder).every((name) => !name.startsWith('netem-kernel.')));
  });
});
