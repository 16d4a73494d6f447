// What a run was measured on: kept beside its results, without anything secret (no environment variables, no user names).
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PluginModule } from './plugins.ts';
import type { StartUp } from './start-up.ts';
import { PACKAGE_ROOT } from './tree.ts';

export type Environment = {
  readonly lab: { readonly version: string; readonly revision: string | null; readonly modified: boolean | null };
  readonly node: string;
  readonly os: { readonly platform: string; readonly kernel: string; readonly arch: string };
  readonly cpu: { readonly model: string; readonly cores: number };
  readonly memoryBytes: number;
  /** One, five and fifteen minutes, at the start. */
  readonly loadAverage: readonly number[];
  readonly startedAt: string;
  /** Where time is real, and something was committed. */
  readonly startUp?: StartUp;
  /** What --plugin brought. */
  readonly plugins: readonly PluginModule[];
};

export function labVersion(): string {
  return (JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { readonly version: string }).version;
}

/** null: not a checkout (a package lies in the repository of somebody else), or no git. */
async function git(argv: readonly string[]): Promise<string | null> {
  if (!existsSync(join(PACKAGE_ROOT, '.git'))) return null;
  try {
    return (await promisify(execFile)('git', ['-C', PACKAGE_ROOT, ...argv], { timeout: 5_000 })).stdout.trim();
  } catch {
    return null;
  }
}

/** The commit of a checkout; null: it is none. */
export function readRevision(): Promise<string | null> {
  return git(['rev-parse', 'HEAD']);
}

export async function readEnvironment(plugins: readonly PluginModule[]): Promise<Environment> {
  const [revision, changes] = await Promise.all([readRevision(), git(['status', '--porcelain', '--untracked-files=no'])]);
  const processors = cpus();
  return {
    lab: { version: labVersion(), revision, modified: changes === null ? null : changes !== '' },
    node: process.version,
    os: { platform: platform(), kernel: release(), arch: arch() },
    cpu: { model: processors[0]?.model ?? 'unknown', cores: processors.length },
    memoryBytes: totalmem(),
    loadAverage: loadavg(),
    startedAt: new Date().toISOString(),
    plugins,
  };
}
