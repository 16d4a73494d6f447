// A base for the nodes' image on a machine that reaches no registry of images: a small Debian by mmdebstrap with the Node.js
// that package.json pins. The Debian part is kept as a file beside the checkout, from which any other daemon gets it too.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { LabError } from '../../errors.ts';
import { PACKAGE_ROOT } from '../tree.ts';
import type { Engine } from './engine.ts';
import { tarHeader, tarPadding } from './tar.ts';

const REPOSITORY = 'lab-base';
const SUITE = 'bookworm';
const NODE_INSIDE = './usr/local/bin/node';
/** Only what is essential, and what tc and Node.js need; no texts for people. */
const ARGUMENTS = [
  '--variant=essential', '--include=iproute2,libstdc++6',
  ...['doc', 'man', 'locale', 'info'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
];
const MADE_WITHIN_MS = 900_000;
const STDERR_KEPT_CHARS = 4_096;
const HASH_CHARACTERS = 12;

type Pinned = { readonly file: string; readonly version: string };

function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, HASH_CHARACTERS);
}

/** null: none is pinned for this platform, or it is not installed. */
function pinnedNode(): Pinned | null {
  try {
    const manifest = createRequire(join(PACKAGE_ROOT, 'package.json')).resolve(`node-${process.platform}-${process.arch}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string };
    return { file: join(dirname(manifest), 'bin/node'), version };
  } catch {
    return null;
  }
}

function tagOf({ version }: Pinned): string {
  return `${REPOSITORY}:${hashOf(SUITE, ...ARGUMENTS, version, process.arch)}`;
}

/** null: it was not made yet, or cannot be. */
export async function findLocalBase(engine: Engine): Promise<string | null> {
  const pinned = pinnedNode();
  if (pinned === null) return null;
  const tag = tagOf(pinned);
  return (await engine.image(tag)) === null ? null : tag;
}

/** Returns its tag. */
export async function makeLocalBase(engine: Engine, report: (line: string) => void): Promise<string> {
  const pinned = pinnedNode();
  if (pinned === null) throw new LabError('machine-lacks', `no Node.js is pinned for ${process.platform}-${process.arch}, or it is not installed`, 'npm ci installs it on Linux x64 and arm64; elsewhere give --base');
  const tag = tagOf(pinned);
  if (await engine.image(tag) !== null) return tag;
  const debian = await debianArchive(report);
  report(`importing ${tag}`);
  const [, version = ''] = tag.split(':');
  await engine.importImage(Readable.from(withNode(debian, pinned.file)), REPOSITORY, version);
  return tag;
}

/** One archive may follow the entries of another. */
async function* withNode(debian: string, node: string): AsyncGenerator<Buffer> {
  const { size } = statSync(node);
  yield tarHeader(NODE_INSIDE, size, true);
  for await (const part of createReadStream(node)) yield part as Buffer;
  yield tarPadding(size);
  for await (const part of createReadStream(debian)) yield part as Buffer;
}

async function debianArchive(report: (line: string) => void): Promise<string> {
  const file = join(PACKAGE_ROOT, '.cache', `base-${hashOf(SUITE, ...ARGUMENTS, process.arch)}.tar`);
  if (existsSync(file)) return file;
  const unfinished = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    report('making a Debian with mmdebstrap');
    await mmdebstrap(unfinished);
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return file;
}

function mmdebstrap(file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('mmdebstrap', ['--format=tar', ...ARGUMENTS, SUITE, file], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
    // The name of an unfinished file does not end in .tar, from which it would know; spawn's own timeout goes on when there is no such program, and holds the process.
    const timer = setTimeout(() => child.kill(), MADE_WITHIN_MS).unref();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-STDERR_KEPT_CHARS); });
    child.once('error', (error) => reject(new LabError('machine-lacks', 'mmdebstrap, which makes the base, cannot be started', 'Debian or Ubuntu: sudo apt install mmdebstrap; elsewhere give --base with an image that is here', error)));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else reject(new LabError('machine-lacks', `mmdebstrap failed (${signal ?? `exit code ${code}`}): ${wordsOf(stderr)}`, "it needs a Debian mirror, and root or user namespaces; else give --base with an image that is here"));
    });
  });
}

/** Its errors, else its last line. */
function wordsOf(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const errors = lines.filter((line) => line.startsWith('E: '));
  return (errors.length > 0 ? errors : lines.slice(-1)).join('; ');
}
