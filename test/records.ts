// What long commands of this folder have found so far: one file for each protocol under results/, so that a command that was
// ended goes on where it was, and what has changed since is tried again.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectFiles, ROOT } from './tree.ts';

const LAB = '(sim|netem|orchestrator/(?!cli/|compare/|explore/|gate/|histories/|report/|sinks/)|node/(?!protocols/|host/))';
const UNIT_TESTS = /\.test\.ts$/;

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 16);
}

const matching = (pattern: string) => projectFiles().filter((file) => new RegExp(`^${pattern}`).test(file));
const withoutTests = (files: readonly string[]) => files.filter((file) => !UNIT_TESTS.test(file));

/** Of one file; its path may begin with a slash. */
export function contentOf(file: string): string {
  return hashOf([file.replace(/^\//, '')]);
}

/** Of all that decides the outcome of a simulated run beside what is planted: the protocol, the simulator, the checks, the hunt. */
export function runs(protocol: string): string {
  return hashOf(withoutTests(matching(`(${LAB}|node/protocols/${protocol}[./])`)));
}

/** Of all that decides what the explorer finds. */
export function explorations(protocol: string): string {
  return hashOf(withoutTests(matching(`(sim|node/(?!protocols/|host/)|orchestrator/explore/|node/protocols/${protocol}[./])`)));
}

/** Of all that decides the outcome of the recorded conversations. */
export function conversations(protocol: string): string {
  return hashOf([...withoutTests(matching(`(node/(?!protocols/|host/)|node/protocols/(scenarios/)?${protocol}[./])`)), 'test/scenario.ts']);
}

/** Of all that decides the outcome of the unit tests of a protocol. */
export function unitTests(protocol: string): string {
  return hashOf(matching(`(${LAB}|node/protocols/${protocol}[./])`));
}

function keyOf(what: unknown): string {
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 24);
}

export class Records<T> {
  readonly path: string;
  readonly kept: { [key: string]: T };

  /** `kind`: of the command; the file is results/KIND/PROTOCOL.json. */
  constructor(kind: string, protocol: string) {
    this.path = join(ROOT, 'results', kind, `${protocol}.json`);
    try {
      this.kept = JSON.parse(readFileSync(this.path, 'utf8')) as { [key: string]: T };
    } catch {
      this.kept = {};
    }
  }

  /** `what`: all that it depends on. */
  get(what: unknown): T | undefined {
    return this.kept[keyOf(what)];
  }

  set(what: unknown, found: T): void {
    this.kept[keyOf(what)] = found;
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(`${this.path}.new`, `${JSON.stringify(this.kept, null, 1)}\n`);
    renameSync(`${this.path}.new`, this.path);
  }
}
