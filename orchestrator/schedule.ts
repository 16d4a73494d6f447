// The faults of an experiment as timed actions. Times count from the start of the measure window; a repetition shifts all of
// them by one draw, so that a fault does not always meet the same phase of a round or heartbeat.
import type { Leadership } from '../node/contract.ts';
import { randomStream } from '../node/kit/random.ts';
import type { LinkMatrix } from '../netem/link.ts';
import type { ExperimentDocument, Path } from './document.ts';
import { LabError } from './errors.ts';
import { fail } from './experiment.ts';
import type { FaultChoice } from './experiment.ts';
import { forgettingFaults } from './faults/forgotten.ts';
import { fixedNodes } from './faults/selector.ts';
import type { Action, Fault, Plan, Selector, Side } from './kinds.ts';
import { membersOf } from './seats.ts';
import { didYouMean } from './suggest.ts';

/** Faults shift by less than this. */
const PHASE_MS = 1000;

export type Scene = {
  readonly nodes: readonly { readonly id: string; readonly region: string; readonly joining?: true }[];
  readonly links: LinkMatrix;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly openLoop: boolean;
  readonly runner: string;
  readonly supports: ReadonlySet<Action['type']>;
  readonly faults: readonly Fault[];
  readonly document: ExperimentDocument;
};

/** The subject of a schedule: the protocol whose leader selectors may mean. */
export type Subject = { readonly label: string; readonly leadership: Leadership; readonly reconfigurable: boolean };

function selectorsOf(action: Action): readonly Selector[] {
  if (action.type === 'load') return [];
  if (action.type === 'reconfigure') return [...action.add, ...action.remove];
  if (action.type !== 'cut' && action.type !== 'links') return [action.node];
  const sides: readonly Side[] = (action.type === 'cut' ? action.cuts : action.changes) ?? [];
  return sides.flatMap(({ from, to }) => [...from, ...(to === 'others' ? [] : to)]);
}

function checkSelectors(action: Action, path: Path, scene: Scene, subject: Subject): void {
  const known = [...scene.nodes.map(({ id }) => id), ...new Set(scene.nodes.map(({ region }) => region)), 'leader', 'any-follower', 'any', 'all', 'spare'];
  for (const selector of selectorsOf(action)) {
    const word = typeof selector === 'string' ? selector : selector.region;
    if (fixedNodes(selector, scene.nodes)?.length === 0) fail(scene.document, path, `there is no node or region ${JSON.stringify(word)}`, didYouMean(word, known));
    if (subject.leadership === 'none' && (selector === 'leader' || selector === 'any-follower')) {
      fail(scene.document, path, `${subject.label} has no leader that ${JSON.stringify(word)} could mean`, 'name a node or a region, or write any');
    }
  }
  if (action.type !== 'cut') return;
  for (const { from, to } of action.cuts ?? []) {
    if (to === 'others') continue;
    const left = from.flatMap((selector) => fixedNodes(selector, scene.nodes) ?? []);
    // Everybody against one: nobody is cut off from itself.
    if (left.length >= scene.nodes.length) continue;
    const both = to.flatMap((selector) => fixedNodes(selector, scene.nodes) ?? []).find((id) => left.includes(id));
    if (both !== undefined) fail(scene.document, path, `${both} is on both sides`, 'each node belongs to one side');
  }
}

/** Every fault that asks for a spare takes one, and who joins is a spare. */
function checkSpares(entries: Plan['schedule'], { nodes, document }: Scene): void {
  const spares = nodes.filter(({ joining }) => joining === true).length;
  const taking = new Set<number>();
  for (const { action, fault: { name, index } } of entries) {
    const path = ['faults', index, name];
    if (selectorsOf(action).includes('spare')) taking.add(index);
    if (taking.size > spares) {
      fail(document, path, spares === 0 ? 'there is no spare that could join' : `there is no spare left: ${spares} of ${taking.size} that are asked for`, `give the experiment spares: ${taking.size}`);
    }
    const member = action.type === 'reconfigure' ? action.add.find((selector) => selector !== 'spare' && !nodes.some(({ id, joining }) => id === selector && joining === true)) : undefined;
    if (member !== undefined) fail(document, path, `${typeof member === 'string' ? member : member.region} is not a spare`, spares === 0 ? 'give the experiment spares: 1, and write spare' : 'write spare, or the name of one');
  }
}

/** The actions of one fault as entries of a schedule. Each fault has an overlay of its own, so that healing one takes off only what is its own. */
export function entriesOf(name: string, index: number, startMs: number, actions: ReturnType<Fault['actions']>): Plan['schedule'] {
  return actions.map(({ afterMs, action }, position) => {
    const phase = position === 0 ? 'begin' : position === actions.length - 1 ? 'end' : 'middle';
    const own = action.type === 'cut' || action.type === 'links' ? { ...action, overlay: `${action.overlay}-${index}` } : action;
    return { atMs: startMs + afterMs, fault: { name, index, phase }, action: own };
  });
}

export function scheduleOf(choices: readonly FaultChoice[], scene: Scene, subject: Subject, seed: string): { readonly schedule: Plan['schedule']; readonly warnings: readonly string[] } {
  const { document } = scene;
  const shiftMs = Math.floor(randomStream(seed, 'phase')() * PHASE_MS);
  const warnings: string[] = [];
  const entries = choices.flatMap(({ name, atMs, fixed, params }, index) => {
    const path = ['faults', index, name];
    const fault = scene.faults.find((candidate) => candidate.name === name);
    if (fault === undefined) fail(document, path, `unknown fault ${name}`, didYouMean(name, scene.faults.map((candidate) => candidate.name)));
    if (atMs >= scene.measureMs) fail(document, ['faults', index, 'at'], `${atMs / 1000}s is not within the measure window of ${scene.measureMs / 1000}s`, 'lower at, or raise run.measure');
    const startMs = scene.warmupMs + atMs + (fixed ? 0 : shiftMs);
    const cluster = { nodes: membersOf(scene), links: scene.links };
    const actions = fault.actions(params, cluster, randomStream(seed, 'fault', index));
    if (actions.length === 0) fail(document, path, `with ${cluster.nodes.length} nodes there is nothing that ${name} could do`, 'give the experiment more nodes, or choose another fault');
    const lastMs = startMs + Math.max(...actions.map(({ afterMs }) => afterMs));
    if (lastMs > scene.warmupMs + scene.measureMs) warnings.push(`${name} at ${atMs / 1000}s lasts beyond the measure window: what follows it is not measured`);
    for (const { action } of actions) {
      if (!scene.supports.has(action.type)) {
        throw new LabError('not-supported', `${document.where(path)}: the runner ${scene.runner} cannot do ${JSON.stringify(action.type)}, which ${name} needs`, `it can do ${[...scene.supports].join(', ') || 'nothing'}; leave the fault out, or run it elsewhere`);
      }
      checkSelectors(action, path, scene, subject);
      if (action.type === 'reconfigure' && !subject.reconfigurable) {
        fail(document, path, `${subject.label} cannot change its members`, 'leave the fault out, or choose protocols that are reconfigurable');
      }
      if (action.type === 'load' && !scene.openLoop) fail(document, path, 'rate: max is a closed loop, which has no rate to change', 'give load.rate a value, such as 50/s');
    }
    return entriesOf(name, index, startMs, actions);
  });
  checkSpares(entries, scene);
  // Stable: what begins together keeps the order of the file.
  const schedule = entries.sort((left, right) => left.atMs - right.atMs);
  for (const { name, index } of forgettingFaults(schedule, scene.nodes)) {
    warnings.push(`${name} at ${(choices[index]?.atMs ?? 0) / 1000}s: the node comes back under its old id with an empty disk: it has forgotten what it voted for and may vote twice, so what ${subject.label} claims need not hold; replace-node lets a new node take its place`);
  }
  return { schedule, warnings };
}
