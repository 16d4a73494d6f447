// What the boards are tried on: a database that is filled by `lab run` alone, from a checkout of its own with two commits, so that
// each run says which one it measured. Three protocols at two delays with a crash, clocks that are off and cost rounds, real processes.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Plan, Summary } from '../orchestrator/kinds.ts';
import { projectFiles, ROOT } from './tree.ts';

export type FilledRun = {
  /** The tag `run`. */
  readonly run: string;
  readonly plan: Plan;
  readonly summary: Summary;
  readonly folder: string;
  readonly revision: string;
  readonly fromMs: number;
  readonly toMs: number;
};

const EXPERIMENT = `
name: boards
protocols: [raft, paxos, stick]
nodes: [us-east-1, eu-west-1, ap-southeast-1, sa-east-1, ap-southeast-2]
network: { wan: aws-5 }
load: { workload: register, keys: 100, rate: 100/s, timeout: 5s }
run: { warmup: 3s, measure: 14s, settle: 5s }
faults:
  - { at: 5s, crash: leader, for: 3s }
`;
/** Of the plan's longest: settling ends early. */
const MARGIN_MS = 1_000;

export class BoardRuns {
  readonly results: string;
  readonly #place: string;
  readonly #env: { readonly [name: string]: string };

  private constructor(place: string, env: { readonly [name: string]: string }) {
    this.#place = place;
    this.#env = env;
    this.results = join(place, 'results');
  }

  /** env: where the sink writes. */
  static async fill(env: { readonly [name: string]: string }): Promise<BoardRuns> {
    const runs = new BoardRuns(mkdtempSync(join(tmpdir(), 'lab-boards-')), env);
    try {
      runs.#checkOut();
      await runs.#run('boards.yaml');
      await runs.#run('boards.yaml', '--set', 'network.scale=0.4', '--set', 'load.timeout=1s', '--set', 'load.rate=150/s');
      await runs.#run('experiments/ntp-drift.yaml', '--set', 'run.measure=50s');
      for (const offset of ['200ms', '300ms']) await runs.#run('experiments/ntp-drift.yaml', '--set', 'protocols=[stick]', '--set', `clocks={offset: ±${offset}}`, '--set', 'faults=[]', '--set', 'run.measure=25s');
      await runs.#run('boards.yaml', '--set', 'protocols=[raft]', '--set', 'clocks={offset: ±15ms, drift: ±40ppm}', '--set', 'run.measure=10s', '--on', 'local');
      runs.#commit();
      await runs.#run('boards.yaml', '--seed', 'another');
      return runs;
    } catch (error) {
      runs.remove();
      throw error;
    }
  }

  /** In order of their start. */
  all(): readonly FilledRun[] {
    const folders = readdirSync(this.results).flatMap((experiment) => readdirSync(join(this.results, experiment), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [join(this.results, experiment, entry.name)] : [])));
    return folders.map((folder) => {
      const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
      const [plan, summary] = [read('plan.json') as Plan, read('summary.json') as Summary];
      const { startedAt, lab } = read('environment.json') as { readonly startedAt: string; readonly lab: { readonly revision: string } };
      const fromMs = Date.parse(startedAt);
      return {
        run: `${plan.label}-${plan.runner}-${plan.repetition}-${startedAt.replaceAll(/[-:.]/g, '')}`, plan, summary, folder, revision: lab.revision,
        fromMs: fromMs - MARGIN_MS, toMs: fromMs + plan.warmupMs + plan.measureMs + plan.settleMs + MARGIN_MS,
      };
    }).sort((a, b) => a.fromMs - b.fromMs);
  }

  remove(): void {
    rmSync(this.#place, { recursive: true, force: true });
  }

  #checkOut(): void {
    const checkout = join(this.#place, 'lab');
    for (const file of projectFiles().filter((path) => /^(node|netem|sim|orchestrator|experiments)\/|^package\.json$/.test(path) && !path.endsWith('.test.ts'))) {
      mkdirSync(dirname(join(checkout, file)), { recursive: true });
      cpSync(join(ROOT, file), join(checkout, file));
    }
    writeFileSync(join(checkout, 'boards.yaml'), EXPERIMENT);
    writeFileSync(join(checkout, '.gitignore'), 'node_modules\n');
    symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
    this.#git('init', '--quiet');
    this.#git('add', '--all');
    this.#commit();
  }

  #commit(): void {
    this.#git('-c', 'user.name=tests', '-c', 'user.email=tests@localhost', 'commit', '--quiet', '--allow-empty', '--message', 'A state of the lab');
  }

  #git(...argv: readonly string[]): void {
    const { status, stderr } = spawnSync('git', argv, { cwd: join(this.#place, 'lab'), encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${argv.join(' ')}: ${stderr}`);
  }

  async #run(...argv: readonly string[]): Promise<void> {
    const checkout = join(this.#place, 'lab');
    const child = spawn(process.execPath, [join(checkout, 'orchestrator/cli/main.ts'), 'run', ...argv, '--sink', 'influx', '--out', this.results], { cwd: checkout, env: { ...process.env, ...this.#env }, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text: Buffer) => { said += text.toString(); });
    const code = await new Promise<number | null>((resolve) => { child.on('close', resolve); });
    // 2: too busy a machine to measure on; the boards show such a run too.
    if (![0, 2].includes(code ?? -1) || said.includes('warning')) throw new Error(`lab run ${argv.join(' ')} ended with ${code}: ${said}`);
  }
}
