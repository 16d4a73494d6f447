// Before a run: one container of the image shows whether the daemon is on this machine, whether containers see its files, and how
// the lab gets into their network. Clocks of events are compared and files are shared, so a daemon elsewhere will not do.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { LabError } from '../../errors.ts';
import { stateFolder } from '../state.ts';
import { splitLines } from '../lines.ts';
import type { Engine, Labels, Limits } from './engine.ts';
import { bootId } from './owner.ts';
import type { User } from './place.ts';

import { findWay, type Inside, type Way, type WayName } from './way.ts';

/** way: or why there is none. */
export type Trial = { readonly inside: Inside; readonly way: { readonly way: Way } | { readonly missing: string }; close(): Promise<void> };
export type TrialSpec = { readonly image: string; readonly user: User; readonly labels: Labels; readonly limits: Limits; readonly ways: readonly WayName[] };

const ANSWERS_WITHIN_MS = 20_000;
/** Its boot, its network, what the lab has left it; then it leaves something itself, and stays until its input ends. */
const SCRIPT = 'cat /proc/sys/kernel/random/boot_id; readlink /proc/self/ns/net; cat "$1/asked" || echo; echo "$2" > "$1/answered"; echo done; read _';
const LINES = 4;

/** Rejects with a LabError where containers cannot be nodes. */
export async function openTrial(engine: Engine, { image, user, labels, limits, ways }: TrialSpec): Promise<Trial> {
  const folder = mkdtempSync(join(stateFolder(), 'trial-'));
  const token = randomBytes(8).toString('hex');
  const name = `lab-${token.slice(0, 6)}-trial`;
  let id: string | null = null;
  const close = async () => {
    rmSync(folder, { recursive: true, force: true });
    if (id !== null) await engine.removeContainer(id);
  };
  try {
    writeFileSync(join(folder, 'asked'), `${token}\n`, { mode: 0o600 });
    for (const path of [folder, join(folder, 'asked')]) user.give(path);
    id = await engine.createContainer({
      name, image, command: ['sh', '-c', SCRIPT, 'sh', folder, token], user: user.text, labels, limits, network: 'none', mounts: [{ host: folder, inside: folder, write: true }],
    });
    const { pid, lines } = await answersOf(engine, id, name);
    const [boot, network = '', asked] = lines;
    if (boot !== bootId()) throw elsewhere(engine);
    if (asked !== token || readFileSync(join(folder, 'answered'), { encoding: 'utf8', flag: 'a+' }).trim() !== token) throw foreignFiles(engine, folder);
    const inside: Inside = { id, pid };
    return { inside, way: await findWay(engine, inside, Number(/\[(\d+)\]/.exec(network)?.[1]), { image, labels, limits }, ways), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function answersOf(engine: Engine, id: string, name: string): Promise<{ readonly pid: number; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const answered = Promise.withResolvers<void>();
  const stdout = new PassThrough();
  splitLines(stdout.setEncoding('utf8'), (line) => { if (lines.push(line) === LINES) answered.resolve(); });
  let stderr = '';
  const life = await engine.start(id, name, { stdout: (bytes) => { stdout.write(bytes); }, stderr: (bytes) => { stderr += bytes.toString('utf8'); } });
  const failed = (what: string) => new LabError('machine-lacks', `a container of the image ${what}: ${stderr.trim().split('\n').at(-1) ?? ''}`, 'lab image build --base names another base; docker run shows what it does');
  const timer = setTimeout(() => answered.reject(failed('does not answer')), ANSWERS_WITHIN_MS);
  try {
    await Promise.race([answered.promise, life.ended.then(({ code }) => { throw failed(`ends at once (exit code ${code})`); })]);
  } finally {
    clearTimeout(timer);
  }
  return { pid: life.pid, lines };
}

function elsewhere({ url }: Engine): LabError {
  return new LabError('machine-lacks', `the Docker daemon at ${url} runs on another machine, or in a virtual one (Docker Desktop)`, 'events are timed by one clock and files are shared: start the lab on the machine of the daemon, or use --on netns or local');
}

function foreignFiles({ url }: Engine, folder: string): LabError {
  return new LabError('machine-lacks', `containers of the Docker daemon at ${url} cannot read and write ${folder}`, 'a daemon in a container, from a snap, with userns-remap or with SELinux sees other files: set XDG_RUNTIME_DIR and --out to folders that it sees');
}
