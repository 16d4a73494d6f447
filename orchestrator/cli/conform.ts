// `lab conform`: the scenes that every protocol must stand (orchestrator/conformance), for one that need not be registered. A
// scene that fails is told with its seed and the line that runs it again.
import { setImmediate as breathe } from 'node:timers/promises';
import type { AnyProtocol } from '../../node/contract.ts';
import { named } from '../builtins.ts';
import { type ConformanceScene, scenesOf, type Sighting } from '../conformance/scenes.ts';
import { openTrials, type RunTrial } from '../conformance/trial.ts';
import { EXIT, LabError } from '../errors.ts';
import { NODE_BYTES } from './bytes.ts';
import { loadPlugins } from './plugins.ts';

export type ConformFlags = { readonly plugin: readonly string[]; readonly seeds: number; readonly seed?: string; readonly json: boolean };

type Row = Sighting & { readonly protocol: string; readonly scene: string; readonly seed: string };

const MAX_LINES = 5;

function seedsOf({ seeds, seed }: ConformFlags): readonly string[] {
  if (seed !== undefined) return [seed];
  return [...Array.from({ length: seeds - 1 }, (_, index) => String(index + 1)), `fresh-${Date.now()}`];
}

/** A protocol that breaks the contract is stopped by an assertion: a problem like others. */
async function sight(protocol: AnyProtocol, scene: ConformanceScene, seed: string, trial: RunTrial): Promise<Row> {
  const of = { protocol: protocol.name, scene: scene.title, seed };
  try {
    return { ...of, ...await scene.run(protocol, seed, trial) };
  } catch (error) {
    if (error instanceof LabError) return { ...of, problems: [error.message], found: [] };
    return { ...of, problems: [error instanceof Error ? `${error.message.split('\n')[0] ?? ''}${placeOf(error)}` : String(error)], found: [] };
  }
}

/** Of the first line of the stack: that of the protocol, when it threw. */
function placeOf(error: Error): string {
  const [, place] = /(?:file:\/\/)?(\/[^\s()]+:\d+):\d+\)?$/m.exec(error.stack ?? '') ?? [];
  return place === undefined || error.message.startsWith('assertion:') ? '' : ` (${place})`;
}

/** Returns the exit code. `stop` is set by Ctrl-C. */
export async function conform(names: readonly string[], flags: ConformFlags, stop: { readonly requested: boolean }): Promise<number> {
  const { registry } = await loadPlugins(flags.plugin);
  const protocols = names.map((name) => named(registry.protocols, name, 'protocol'));
  const trial = openTrials(NODE_BYTES);
  const seeds = seedsOf(flags);
  const rows: Row[] = [];
  const say = (text: string) => { if (!flags.json) process.stdout.write(`${text}\n`); };
  for (const protocol of protocols) {
    for (const scene of scenesOf(protocol)) {
      const seen: Row[] = [];
      for (const seed of scene.seeded ? seeds : ['1']) {
        if (stop.requested) return EXIT.interrupted;
        seen.push(await sight(protocol, scene, seed, trial));
        await breathe();
      }
      rows.push(...seen);
      for (const line of linesOf(protocol, scene, seen)) say(line);
    }
  }
  const failed = rows.filter(({ problems }) => problems.length > 0);
  if (flags.json) process.stdout.write(`${JSON.stringify({ version: 1, conforms: failed.length === 0, rows }, null, 2)}\n`);
  const [first] = failed;
  const count = `${rows.length} scenes`;
  if (first === undefined) say(`\n${names.join(', ')}: conforms (${count})`);
  else {
    const plugins = flags.plugin.map((path) => ` --plugin ${path}`).join('');
    say(`\n${failed.length} of ${count} failed; once more: lab conform ${first.protocol}${plugins} --seed ${first.seed}`);
  }
  return first === undefined ? EXIT.ok : EXIT.claimViolated;
}

function linesOf(protocol: AnyProtocol, scene: ConformanceScene, seen: readonly Row[]): readonly string[] {
  const failed = seen.filter(({ problems }) => problems.length > 0);
  const found = new Set(seen.flatMap((row) => row.found));
  const seeds = scene.seeded && seen.length > 1 ? ` (${seen.length} seeds, the last ${seen.at(-1)?.seed})` : '';
  return [
    `${failed.length === 0 ? 'ok    ' : 'FAILED'} ${protocol.name} ${scene.title}${seeds}`,
    ...failed.flatMap(({ seed, problems }) => problems.slice(0, MAX_LINES).map((problem) => `         seed ${seed}: ${problem}`)),
    ...[...found].slice(0, MAX_LINES).map((finding) => `         not claimed, found: ${finding}`),
  ];
}
