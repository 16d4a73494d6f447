// The real-time runner where the world is not as planned: a node that ends by itself, at its start and later.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BUILTINS, createRegistry } from '../builtins.ts';
import { LabError } from '../errors.ts';
import { parseExperiment } from '../experiment.ts';
import type { LabEvent, Plan } from '../kinds.ts';
import { makePlans } from '../plan.ts';
import { createLocalRunner } from './runners/local.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-realtime-'));
afterAll(() => rmSync(folder, { recursive: true }));

function planOf(text: string): Plan {
  const { supports } = createLocalRunner(null);
  const [plan] = makePlans(parseExperiment(text, 'test', createRegistry([BUILTINS])), { runner: 'local', supports });
  return plan as Plan;
}

/** What the run fails with, and what it emitted. */
async function failing(plan: Plan, progress: (text: string) => void): Promise<{ readonly error: LabError; readonly events: readonly LabEvent[] }> {
  const events: LabEvent[] = [];
  const error: unknown = await createLocalRunner(null).run(plan, {
    folder: mkdtempSync(join(folder, 'run-')), stop: { requested: false }, progress, emit: (event) => events.push(event),
  }).then(() => null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LabError);
  expect(processes(folder)).toEqual([]);
  return { error: error as LabError, events };
}

/** The ids of all processes whose command line has this text. */
function processes(text: string): readonly number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}

const SHORT = 'name: short\nprotocols: [stick]\nnodes: 3\nload: { rate: 20/s, timeout: 2s }\nrun: { warmup: 0s, measure: 20s, settle: 2s }\n';

test('a node that dies at its start ends the run with its last line, and nothing is left', async () => {
  const { error, events } = await failing({ ...planOf(SHORT), protocol: 'no-such' }, () => undefined);
  expect(error).toMatchObject({ code: 'node-died' });
  expect(error.message).toMatch(/^n[123] ended \(exit code 3\): .*no protocol is called "no-such"/);
  expect(error.hint).toContain('work/');
  expect(events).toEqual([]);
});

test('a node that dies later, and that no fault ended, ends the run too; what happened until then is kept', async () => {
  let killed = false;
  const { error, events } = await failing(planOf(SHORT), (text) => {
    if (killed || !text.startsWith('measuring')) return;
    killed = true;
    for (const pid of processes(folder).filter((pid) => processes('/n2/config-1.json').includes(pid))) process.kill(pid, 'SIGKILL');
  });
  expect(error).toMatchObject({ code: 'node-died', message: 'n2 ended (SIGKILL)' });
  expect(events.some(({ type }) => type === 'invoke')).toBe(true);
});

test('a run whose events somebody removes meanwhile is an error, not a run without commands', async () => {
  let removed = false;
  const plan = { ...planOf(SHORT), measureMs: 3_000 };
  const { error } = await failing(plan, (text) => {
    if (removed || !text.startsWith('measuring')) return;
    removed = true;
    for (const run of readdirSync(folder)) rmSync(join(folder, run, 'work/load/events.ndjson'), { force: true });
  });
  expect(error).toMatchObject({ code: 'bad-result' });
  expect(error.message).toMatch(/work\/load\/events\.ndjson was removed while its run went on$/);
});

test('a load process that dies ends the run too', async () => {
  let killed = false;
  const { error } = await failing(planOf(SHORT), (text) => {
    if (killed || !text.startsWith('measuring')) return;
    killed = true;
    for (const pid of processes('cli/load.ts').filter((pid) => processes(folder).includes(pid))) process.kill(pid, 'SIGKILL');
  });
  expect(error.code).toBe('load-failed');
  expect(error.message).toContain('SIGKILL');
});

test('a run that is stopped before its origin has no events and leaves nothing', async () => {
  const events: LabEvent[] = [];
  const stop = { requested: false };
  await createLocalRunner(null).run(planOf(SHORT), {
    folder: mkdtempSync(join(folder, 'run-')), stop, emit: (event) => events.push(event), progress: () => { stop.requested = true; },
  });
  expect(events).toEqual([]);
  expect(processes(folder)).toEqual([]);
});
