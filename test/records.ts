// What long commands of this folder have found so far: one file for each protocol under results/, so that a command that was
// ended goes on where it was, and what has changed since is tried again.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectFiles, ROOT } from './tree.ts';

/** Of all that decides an outcome beside what is planted: the simulator, the checks, the hunt, and the protocol with its conversations. */
export function fingerprint(protocol: string): string {
  const hash = createHash('sha256');
  const decides = new RegExp(`^(sim|netem|orchestrator/(?!cli/|compare/|explore/|gate/|histories/|report/|sinks/)|node/(?!protocols/|host/)|node/protocols/(scenarios/)?${protocol}[./])`);
  for (const file of projectFiles().filter((name) => decides.test(name))) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 16);
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
    writeFileSync(this.path, `${JSON.stringify(this.kept, null, 1)}\n`);
  }
}
