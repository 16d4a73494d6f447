// A stranger's folder: made by npm init -y, with the lab and a package of its own installed. Its plug-ins bring one of each
// kind, are type-checked against the lab, and run in the simulator and on real processes.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Summary } from '../orchestrator/kinds.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'lab-stranger-'));

const FILES: { readonly [path: string]: string } = {
  'tally/package.json': '{ "name": "tally", "version": "1.0.0", "type": "module", "exports": "./index.js", "types": "./index.d.ts" }',
  'tally/index.js': 'export const more = (count) => count + 1;\n',
  'tally/index.d.ts': 'export declare function more(count: number): number;\n',
  'parts.ts': `import type { Check, Sink } from 'consensus-lab/kinds';
import { writeFileSync } from 'node:fs';
import { more } from 'tally';

export const answers: Check = {
  name: 'answers',
  summary: 'somebody is answered',
  claim: null,
  begin: () => {
    let count = 0;
    return {
      observe: (event) => { if (event.type === 'reply' && event.reply.outcome === 'ok') count = more(count); },
      finish: () => ({ check: 'answers', claim: null, valid: count > 0, because: \`\${count} answers\` }),
    };
  },
};

export const tally: Sink = {
  name: 'tally',
  summary: 'how many events there were',
  open: async (_plan, folder) => {
    let count = 0;
    return {
      write: () => { count = more(count); },
      close: async () => writeFileSync(\`\${folder}/tally.json\`, String(count)),
    };
  },
};
`,
  'nouns.ts': `import type { KeyOperation } from 'consensus-lab/contract';
import type { Fault, Plugin, Workload } from 'consensus-lab/kinds';
import { selectorOf, selectorParam } from 'consensus-lab/selector';
import { positiveDuration } from 'consensus-lab/units';
import { z } from 'zod';
import { answers, tally } from './parts.ts';

const params = z.strictObject({ value: selectorParam, for: positiveDuration.default(300) });
const blink: Fault<z.output<typeof params>> = {
  name: 'blink',
  summary: 'stops a node for a moment',
  params,
  actions: ({ value, for: forMs }) => [
    { afterMs: 0, action: { type: 'pause', node: selectorOf(value) } },
    { afterMs: forMs, action: { type: 'resume', node: selectorOf(value) } },
  ],
};

const writes: Workload<{ keys: number }> = {
  name: 'writes',
  summary: 'puts alone; keys',
  params: z.strictObject({ keys: z.int().min(1).default(2) }),
  *operations({ keys }, client): Generator<KeyOperation, never> {
    for (let count = 1; ; count++) yield { type: 'put', key: \`k\${count % keys}\`, value: \`\${client}.\${count}\` };
  },
  model: {
    initial: null,
    partition: (op) => op.key,
    step: (state: string | null, op, value) => (op.type === 'put' ? { legal: value === null, state: op.value } : { legal: true, state }),
    key: (state) => String(state),
  },
};

export default { workloads: [writes], faults: [blink], checks: [answers], sinks: [tally] } satisfies Plugin;
`,
  'tsconfig.json': `{ "compilerOptions": { "target": "es2024", "module": "nodenext", "strict": true, "noEmit": true, "erasableSyntaxOnly": true,
  "allowImportingTsExtensions": true, "verbatimModuleSyntax": true, "skipLibCheck": true, "types": ["node"] }, "include": ["*.ts"] }
`,
  'blink.yaml': `name: blink
protocols: [mine]
nodes: 3
load: { workload: writes, keys: 3, rate: 40/s }
run: { warmup: 1s, measure: 3s, settle: 5s }
faults:
  - { at: 1s, blink: n3, for: 200ms }
`,
};

function lab(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(join(root, 'lab'), args, { cwd: folder, encoding: 'utf8', timeout: 100_000 });
}

function npm(...args: readonly string[]): void {
  execFileSync('npm', args, { cwd: folder, stdio: 'pipe' });
}

beforeAll(() => {
  mkdirSync(join(folder, 'tally'));
  for (const [path, text] of Object.entries(FILES)) writeFileSync(join(folder, path), text);
  npm('init', '-y');
  const ofTheLab = (name: string) => join(root, 'node_modules', name);
  npm('install', '--offline', '--no-audit', '--no-fund', './tally', root, ofTheLab('zod'), ofTheLab('@types/node'));
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('lab new writes a protocol, and says what this folder lacks', () => {
  const { status, stdout } = lab('new', 'protocol', 'mine');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^wrote mine\.ts; next:\n {2}npm pkg set type=module .*\n[\s\S]*lab run mine --plugin \.\/mine\.ts\n/);
  const refused = lab('run', 'mine', '--plugin', './mine.ts');
  expect(refused.status).toBe(3);
  expect(refused.stderr).toBe('error: ./mine.ts: it is no ES module, because package.json says "type": "commonjs"\n  hint: run: npm pkg set type=module, or rename it to end in .mts\n');
  npm('pkg', 'set', 'type=module');
});

test('the plug-ins type-check against what the lab offers, and a wrong one does not', () => {
  const tsc = () => spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder, encoding: 'utf8' });
  expect(tsc().stdout).toBe('');
  const wrong = FILES['nouns.ts']?.replace('faults: [blink]', 'faults: [writes]') ?? '';
  writeFileSync(join(folder, 'wrong.ts'), wrong);
  expect(tsc().stdout).toMatch(/^wrong\.ts\(\d+,\d+\): error TS/);
  rmSync(join(folder, 'wrong.ts'));
});

test('lab list shows what they bring', () => {
  const { status, stdout } = lab('list', '--plugin', './mine.ts', '--plugin', './nouns.ts');
  expect(status).toBe(0);
  for (const line of [/^ {2}mine +a log with a fixed leader$/m, /^ {2}writes +puts alone; keys$/m, /^ {2}blink +stops a node/m, /^ {2}answers +somebody/m, /^ {2}tally +how many/m]) expect(stdout).toMatch(line);
});

test('they run in the simulator and on real processes', () => {
  const { status, stdout, stderr } = lab('run', 'blink.yaml', '--on', 'sim,local', '--plugin', './mine.ts', '--plugin', './nouns.ts', '--sink', 'tally', '--json');
  // 2: a busy machine makes a run on processes invalid as a measurement; what was checked holds all the same.
  expect([0, 2], stderr).toContain(status);
  const { summaries } = JSON.parse(stdout) as { readonly summaries: readonly Summary[] };
  expect(summaries.map(({ plan }) => [plan.runner, plan.protocol, plan.load.workload])).toEqual([['sim', 'mine', 'writes'], ['local', 'mine', 'writes']]);
  for (const { verdicts, outages } of summaries) {
    expect(verdicts.filter(({ valid }) => valid !== true)).toEqual([]);
    expect(verdicts.find(({ check }) => check === 'answers')?.because).toMatch(/^\d\d+ answers$/);
    expect(outages.map(({ fault, nodes }) => [fault, nodes])).toEqual([['blink', ['n3']]]);
  }
  const [results = ''] = readdirSync(join(folder, 'results'));
  for (const runner of ['sim', 'local']) {
    const run = join(folder, 'results', results, `mine-${runner}-1`);
    const { plugins } = JSON.parse(readFileSync(join(run, 'environment.json'), 'utf8')) as { readonly plugins: readonly { readonly path: string; readonly sha256: string }[] };
    expect(plugins).toEqual(['./mine.ts', './nouns.ts'].map((path) => ({ path, sha256: createHash('sha256').update(readFileSync(join(folder, path))).digest('hex') })));
    for (const { sha256 } of plugins) expect(readFileSync(join(run, '../report.html'), 'utf8')).toContain(sha256);
    const events = readFileSync(join(run, 'events.ndjson'), 'utf8').split('\n').length - 1;
    expect(Number(readFileSync(join(run, 'tally.json'), 'utf8'))).toBe(events);
  }
}, 110_000);

test('a sink that fails costs a warning, not the run', () => {
  writeFileSync(join(folder, 'broken.ts'), 'export default { sinks: [{ name: \'broken\', summary: \'fails\', open: async () => { throw new Error(\'no disk\'); } }] };\n');
  const { status, stderr } = lab('run', 'mine', '--nodes', '3', '--set', 'run.measure=2s', '--plugin', './mine.ts', '--plugin', './broken.ts', '--sink', 'broken', '--out', 'other');
  expect(stderr).toMatch(/^warning: the sink broken is left out: \.\/broken\.ts: sink broken: open\(\) fails: no disk \(broken\.ts:1\)/m);
  expect(status).toBe(0);
});

test('an unknown sink is refused with those that there are', () => {
  const { status, stderr } = lab('run', 'mine', '--plugin', './mine.ts', '--sink', 'tallly', '--plugin', './nouns.ts');
  expect(status).toBe(3);
  expect(stderr).toMatch(/^error: unknown sink "tallly"\n {2}hint: did you mean tally\?/);
});
