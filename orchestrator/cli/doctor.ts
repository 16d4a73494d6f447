// `lab doctor`: what this machine has for the lab, looked at and measured now. What is missing says what needs it and how to
// get it. Nothing is changed; the disk is tried in a folder that is removed again.
import { closeSync, existsSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, LabError } from '../errors.ts';
import { connectDocker } from './docker/engine.ts';
import { formatMs } from '../report/figures.ts';
import { examineIproute, examineNamespaces, examineNetem, examineVirtualTime } from './netns/examine.ts';
import { findPlaces } from './runners/ports.ts';
import { findCompose } from './services/compose.ts';
import { PACKAGE_ROOT } from './tree.ts';

/** 'warning': it works, but figures suffer, or something optional is missing. */
export type Finding = { readonly state: 'ok' | 'warning' | 'missing'; readonly found: string; readonly remedy: string | null };
type Examined = Finding & { readonly name: string; readonly neededFor: string };
type Look = { readonly name: string; readonly neededFor: string; readonly look: (out: string) => Finding | Promise<Finding> };

const NODES = ['n1', 'n2', 'n3', 'n4', 'n5'];
const COMFORTABLE_CORES = 4;
const FSYNCS = 20;
const FSYNC_BYTES = 4_096;
const SLOW_FSYNC_MS = 10;
/** No disk is so fast: this is memory. */
const MEMORY_FSYNC_MS = 0.02;
const TIMERS = 20;
const TIMER_MS = 5;
const LATE_TIMER_MS = 5;
const COMFORTABLE_RECEIVE_BYTES = 212_992;
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

function ok(found: string): Finding {
  return { state: 'ok', found, remedy: null };
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function examineNode(): Finding {
  const { optionalDependencies } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { readonly optionalDependencies?: { readonly [name: string]: string } };
  const pinned = optionalDependencies?.[`node-${process.platform}-${process.arch}`];
  if (pinned === undefined) return ok(`${process.version}; none is pinned for ${process.platform}-${process.arch}`);
  if (process.version === `v${pinned}`) return ok(`${process.version}, as pinned`);
  return { state: 'warning', found: `${process.version}, pinned is v${pinned}`, remedy: 'start it with ./lab, after npm ci' };
}

function examineCores(): Finding {
  const cores = availableParallelism();
  const [load = 0] = loadavg();
  const found = `${cores}, load ${load.toFixed(1)}`;
  if (cores < COMFORTABLE_CORES) return { state: 'warning', found, remedy: 'nodes, load and lab share them: keep rates low, and look at the sim for latencies' };
  return load > cores / 2 ? { state: 'warning', found, remedy: 'end what else runs here' } : ok(found);
}

async function examineTimers(): Promise<Finding> {
  const late: number[] = [];
  for (let count = 0; count < TIMERS; count++) {
    const startMs = performance.now();
    await sleep(TIMER_MS);
    late.push(performance.now() - startMs - TIMER_MS);
  }
  const found = `late by ${formatMs(Math.max(0, medianOf(late)))} ms, at most ${formatMs(Math.max(0, ...late))} ms`;
  return Math.max(...late) > LATE_TIMER_MS ? { state: 'warning', found, remedy: 'the machine is busy or throttled: latencies will show it' } : ok(found);
}

async function examineLoopback(): Promise<Finding> {
  try {
    const hosts = [...(await findPlaces(NODES, null)).values()].map(({ host }) => host);
    const own = new Set(hosts).size === NODES.length;
    if (own) return ok(`${hosts[0]} to ${hosts.at(-1)}, a UDP and a TCP port on each`);
    return { state: 'warning', found: 'only 127.0.0.1: the nodes share it on ports of their own', remedy: 'macOS: sudo ifconfig lo0 alias 127.0.0.2 up, and so on' };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { state: 'missing', found: error.message, remedy: error.hint };
  }
}

function examineDisk(out: string): Finding {
  const took: number[] = [];
  try {
    const made = mkdirSync(out, { recursive: true });
    const folder = mkdtempSync(join(out, 'doctor-'));
    try {
      const file = openSync(join(folder, 'fsync'), 'w');
      const bytes = Buffer.alloc(FSYNC_BYTES, 1);
      for (let count = 0; count < FSYNCS; count++) {
        writeSync(file, bytes);
        const startMs = performance.now();
        fdatasyncSync(file);
        took.push(performance.now() - startMs);
      }
      closeSync(file);
    } finally {
      rmSync(made ?? folder, { recursive: true, force: true });
    }
  } catch (error) {
    return { state: 'missing', found: `${out} cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`, remedy: 'give another place with --out' };
  }
  const medianMs = medianOf(took);
  const found = `${formatMs(medianMs)} ms, at most ${formatMs(Math.max(...took))} ms, in ${out}`;
  if (medianMs < MEMORY_FSYNC_MS) return { state: 'warning', found: `${found}: this is memory, not a disk`, remedy: 'give a place on a disk with --out, or a time in the experiment: disk: { fsync: 1ms }' };
  return medianMs > SLOW_FSYNC_MS ? { state: 'warning', found, remedy: 'it is in every commit; a faster disk with --out, or lower rates' } : ok(found);
}

function examineReceiveBuffer(): Finding {
  const path = '/proc/sys/net/core/rmem_max';
  if (!existsSync(path)) return ok('not limited in this way here');
  const bytes = Number(readFileSync(path, 'utf8'));
  if (bytes >= COMFORTABLE_RECEIVE_BYTES) return ok(`${bytes} bytes`);
  return { state: 'warning', found: `${bytes} bytes`, remedy: 'bursts of datagrams may be lost: sudo sysctl -w net.core.rmem_max=2500000' };
}

async function examineDocker(): Promise<Finding> {
  try {
    const engine = await connectDocker();
    const { version, rootless, cgroup } = await engine.describe();
    return ok(`server ${version}${rootless ? ', rootless' : ''}, cgroup ${cgroup}, at ${engine.url}`);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { state: 'warning', found: error.message, remedy: error.hint };
  }
}

async function examineCompose(): Promise<Finding> {
  try {
    return ok(`version ${(await findCompose()).version}`);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { state: 'warning', found: error.message, remedy: error.hint };
  }
}

function examineBrowser(): Finding {
  const path = BROWSERS.find((candidate) => existsSync(candidate));
  return path === undefined ? { state: 'warning', found: 'not found', remedy: 'apt install chromium; any browser opens a report' } : ok(path);
}

const LOOKS: readonly Look[] = [
  { name: 'Node.js', neededFor: 'everything', look: examineNode },
  { name: 'cores', neededFor: 'figures of real processes', look: examineCores },
  { name: 'timers', neededFor: 'figures of real processes', look: examineTimers },
  { name: 'loopback', neededFor: '--on local, lab cluster', look: examineLoopback },
  { name: 'disk fsync', neededFor: 'figures of real processes', look: examineDisk },
  { name: 'receive buffer', neededFor: 'high rates', look: examineReceiveBuffer },
  { name: 'iproute2', neededFor: '--on netns', look: examineIproute },
  { name: 'namespaces', neededFor: '--on netns', look: examineNamespaces },
  { name: 'netem', neededFor: '--on netns, links shaped by the kernel', look: examineNetem },
  { name: 'virtual time', neededFor: '--on netns --virtual-time', look: examineVirtualTime },
  { name: 'Docker', neededFor: '--on docker', look: examineDocker },
  { name: 'Docker Compose', neededFor: 'lab up', look: examineCompose },
  { name: 'Chromium', neededFor: "the report page's own tests", look: examineBrowser },
];

/** One after the other: each measures alone. */
async function examine(out: string): Promise<readonly Examined[]> {
  const examined: Examined[] = [];
  for (const { name, neededFor, look } of LOOKS) examined.push({ name, neededFor, ...await look(out) });
  return examined;
}

/** Prints, and returns the exit code: 4 when something is missing without which runs fail. */
export async function showMachine({ out, json }: { readonly out: string; readonly json: boolean }): Promise<number> {
  const examined = await examine(out);
  const wide = Math.max(...examined.map(({ name }) => name.length));
  if (json) process.stdout.write(`${JSON.stringify({ version: 1, examined }, null, 2)}\n`);
  else {
    for (const { name, neededFor, state, found, remedy } of examined) {
      process.stdout.write(`${state.padEnd(7)}  ${name.padEnd(wide)}  ${found}\n`);
      if (remedy !== null) process.stdout.write(`${' '.repeat(wide + 11)}for ${neededFor}: ${remedy}\n`);
    }
  }
  return examined.some(({ state }) => state === 'missing') ? EXIT.machineLacks : EXIT.ok;
}
