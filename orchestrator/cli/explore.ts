// `lab explore`: searches a small cluster exhaustively (orchestrator/explore), says how far it came, and tells what it found as a
// conversation that can be replayed from a file.
import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Json, NodeId } from '../../node/contract.ts';
import { named } from '../builtins.ts';
import { applyOverrides, ExperimentDocument } from '../document.ts';
import { EXIT, LabError } from '../errors.ts';
import { choiceOf } from '../explore/choices.ts';
import { converse, explorationOf, openExplorer } from '../explore/exploration.ts';
import type { Exploration, Request } from '../explore/exploration.ts';
import { foundFrom } from '../explore/found-file.ts';
import type { FoundFile, Finding } from '../explore/found-file.ts';
import type { Explorer, Found } from '../explore/explorer.ts';
import { spaceTimePage } from '../report/space-time-page.ts';
import { spaceTimeOf } from '../report/space-time.ts';
import { readDuration } from '../units.ts';
import { loadPlugins } from './plugins.ts';
import type { Plugins } from './plugins.ts';

export type ExploreFlags = {
  readonly protocol?: string; readonly plugin: readonly string[]; readonly set: readonly string[];
  readonly nodes: number; readonly leader?: string; readonly commands: number; readonly crashes: number; readonly timers: number; readonly clock: string;
  readonly slowDisks: number; readonly duplicates: boolean; readonly atOnce: readonly string[]; readonly depth: number; readonly messageBytes: number; readonly disks?: string;
  readonly maxStates: number; readonly maxMemory: number; readonly replay?: string; readonly page?: string; readonly json: boolean;
};

/** Expanded between two looks at the clock, at the memory and at Ctrl-C. */
const SLICE = 5_000;
const SAY_EACH_MS = 3_000;
const MIB = 2 ** 20;

/** Returns the exit code. `stop` is set by Ctrl-C. */
export async function explore(flags: ExploreFlags, stop: { readonly requested: boolean }): Promise<number> {
  const plugins = await loadPlugins(flags.plugin);
  if (flags.replay !== undefined) return replay(flags, plugins, flags.replay);
  if (flags.protocol === undefined) throw new LabError('bad-command-line', 'explore needs a protocol', 'add --protocol NAME; lab list shows their names');
  const file = requestOf(flags, flags.protocol);
  const exploration = explorationOf(askedFor(file, plugins));
  const explorer = openExplorer(exploration, { depth: flags.depth, states: flags.maxStates });
  const seconds = await search(explorer, flags, stop);
  const found = findingsOf(explorer);
  const { violation, cut } = explorer;
  const outcome = stop.requested && !explorer.over ? 'interrupted' : violation !== null ? 'violated' : cut === 'depth' ? 'every conversation up to the depth' : cut === null ? 'every state' : `cut by ${cut}`;
  const result = { outcome, seconds, ...explorer.progress, memoryBytes: process.memoryUsage().rss };
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...file, found, result }, null, 2)}\n`);
  else {
    for (const finding of found) sayFinding(exploration, finding);
    process.stdout.write(`${summaryOf(flags, explorer, outcome, seconds)}\n`);
  }
  writePage(flags, exploration, found);
  if (outcome === 'interrupted') return EXIT.interrupted;
  if (violation !== null) return EXIT.claimViolated;
  return cut === null || cut === 'depth' ? EXIT.ok : EXIT.missed;
}

async function search(explorer: Explorer, flags: ExploreFlags, stop: { readonly requested: boolean }): Promise<number> {
  const begun = performance.now();
  let saidMs = begun;
  while (!explorer.over && !stop.requested) {
    explorer.advance(SLICE);
    const nowMs = performance.now();
    if (process.memoryUsage().rss > flags.maxMemory * MIB) explorer.endFor('memory');
    if (nowMs - saidMs >= SAY_EACH_MS) {
      saidMs = nowMs;
      const { depth, states, expanded } = explorer.progress;
      const perSecond = states / ((nowMs - begun) / 1000);
      process.stderr.write(`${depth} steps deep: ${inThousands(states)} states, ${inThousands(states - expanded)} to go on from (${inThousands(perSecond)}/s, ${memory()})\n`);
    }
    await breathe();
  }
  return (performance.now() - begun) / 1000;
}

function findingsOf(explorer: Explorer): readonly Finding[] {
  const told = (found: Found, claimed: boolean): Finding => ({
    claim: found.claim, claimed, because: found.because, choices: found.moves.map((move) => choiceOf(move, explorer.locals)),
  });
  return [...(explorer.violation === null ? [] : [told(explorer.violation, true)]), ...[...explorer.findings.values()].map((found) => told(found, false))];
}

function sayFinding(exploration: Exploration, { claimed, because, choices }: Finding, before = ''): ReturnType<typeof converse> {
  const told = converse(exploration, choices);
  const { conversation, violated } = told;
  process.stdout.write(`${before}${claimed ? 'VIOLATED' : 'found, not claimed'}: ${because}\nafter ${choices.length} steps:\n${conversation.lines.map((line) => `  ${line}\n`).join('')}`);
  for (const { check, because } of violated) process.stdout.write(`  ✗ ${check}: ${because}\n`);
  process.stdout.write('\n');
  return told;
}

function summaryOf(flags: ExploreFlags, explorer: Explorer, outcome: string, seconds: number): string {
  const { states, transitions, depth, localStates, turns } = explorer.progress;
  const reached: { readonly [outcome: string]: string } = {
    interrupted: 'interrupted: what is beyond was not looked at',
    violated: 'ended at the violation: no shorter conversation violates a claim',
    'every state': 'complete: every state within these bounds',
    'every conversation up to the depth': `complete up to its depth: every conversation of at most ${flags.depth} steps within these bounds, and no longer one`,
  };
  return [
    `${flags.protocol ?? ''}, ${flags.nodes} nodes: ${reached[outcome] ?? `${outcome}: what is beyond was not looked at`}`,
    `  ${inThousands(states)} states, ${inThousands(transitions)} steps between them, ${depth} deep; ${inThousands(localStates)} states of single nodes, ${inThousands(turns)} runs of a machine`,
    `  ${seconds.toFixed(1)} s, ${inThousands(states / seconds)} states/s, ${memory()}`,
    `  bounds: ${flags.commands} commands, ${flags.crashes} crashes, ${flags.timers} timers, clocks to ${flags.clock}, ${flags.slowDisks} slow disks, ${flags.duplicates ? 'messages may come again' : 'each message comes once at most'}${flags.atOnce.length > 0 ? `, ${flags.atOnce.join(' and ')} at once` : ''}, ${flags.depth} steps`,
    ...(explorer.violation === null ? [explorer.findings.size === 0 ? '  nothing found' : '  no claim violated'] : []),
  ].join('\n');
}

function memory(): string {
  return `${inThousands(process.memoryUsage().rss / MIB)} MiB`;
}

function inThousands(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function requestOf(flags: ExploreFlags, protocol: string): FoundFile {
  const { nodes, leader, commands, crashes, timers, clock, slowDisks, duplicates, atOnce, messageBytes } = flags;
  const options = applyOverrides(ExperimentDocument.parse('{}', 'command line'), flags.set).data as Json;
  return {
    version: 1, protocol, options, nodes, leader: leader ?? null, maxMessageBytes: messageBytes,
    bounds: { commands, crashes, timers, clockMs: clockMsOf(clock), slowDisks, duplicates, atOnce }, disks: flags.disks === undefined ? {} : disksFrom(flags.disks), found: [],
  };
}

function clockMsOf(text: string): number {
  const read = readDuration(text);
  if ('problem' in read) throw new LabError('bad-command-line', `--clock ${text}: ${read.problem}`, read.remedy);
  return read.value;
}

function askedFor({ protocol, ...rest }: FoundFile, { registry }: Plugins): Request {
  return { ...rest, protocol: named(registry.protocols, protocol, 'protocol') };
}

function replay(flags: ExploreFlags, plugins: Plugins, path: string): number {
  const file = foundFrom(readJson(path, '--replay'), path);
  const exploration = explorationOf(askedFor(file, plugins));
  let violated = false;
  for (const finding of file.found) {
    const { conversation, violated: again } = sayFinding(exploration, finding, 'as it was found: ');
    const still = again.length > 0 || conversation.failed !== null;
    process.stdout.write(still ? 'it is so still\n' : 'now nothing is violated by this conversation\n');
    violated ||= finding.claimed && still;
  }
  if (file.found.length === 0) process.stdout.write(`${path}: nothing was found\n`);
  writePage(flags, exploration, file.found);
  return violated ? EXIT.claimViolated : EXIT.ok;
}

/** One step is a millisecond: there is no time in an exploration. */
function writePage({ page }: ExploreFlags, exploration: Exploration, found: readonly Finding[]): void {
  const [first] = found;
  if (page === undefined || first === undefined) return;
  const { conversation } = converse(exploration, first.choices);
  const window = { fromMs: 0, toMs: first.choices.length };
  const diagram = spaceTimeOf(conversation.events, { nodes: exploration.setting.nodes, windows: [window], detail: 'messages', mark: { atMs: first.choices.length, text: first.because } });
  const title = `${exploration.setting.protocol.name}: ${first.because}`;
  try {
    writeFileSync(page, spaceTimePage(diagram, title, [`Found by exploration after ${first.choices.length} steps; a step takes a millisecond here.`]));
  } catch (cause) {
    throw new LabError('bad-command-line', `--page ${page}: cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'give the path of a file in a folder that exists', cause);
  }
}

function readJson(path: string, flag: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? `is not JSON: ${cause.message}` : `cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`;
    throw new LabError('bad-command-line', `${flag} ${path}: ${why}`, 'give the path of a JSON file', cause);
  }
}

function disksFrom(path: string): { readonly [node: NodeId]: readonly Json[] } {
  const value = readJson(path, '--disks');
  const fits = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((entries) => Array.isArray(entries));
  if (!fits) throw new LabError('bad-command-line', `--disks ${path}: is not a mapping of nodes to lists of entries`, 'write it as {"n1": [entry, …], "n2": []}');
  return value as { readonly [node: NodeId]: readonly Json[] };
}
