// An exploration from what a user asked for: the plan that the nodes and the checks are told, the search, and afterwards the
// conversation of what was found with the verdicts of the checks of every run.
import type { AnyProtocol, Claim, Command, Json, NodeId } from '../../node/contract.ts';
import { commandOf } from '../../node/clients.ts';
import { mergeOptions } from '../../node/options.ts';
import { CHECKS } from '../checks/all.ts';
import { planOf } from '../conformance/trial.ts';
import { LabError } from '../errors.ts';
import type { Plan, Verdict } from '../kinds.ts';
import { factsOf } from '../metrics/facts.ts';
import { register } from '../workloads/register.ts';
import type { Choice } from './choices.ts';
import { Conversation } from './conversation.ts';
import { Explorer } from './explorer.ts';
import type { Limits } from './explorer.ts';
import type { Setting } from './life.ts';
import { Locals } from './locals.ts';
import { safetyMonitor } from './monitor.ts';
import type { Bounds } from './successors.ts';

export type Request = {
  readonly protocol: AnyProtocol;
  /** Over the protocol's defaults. */
  readonly options: Json;
  readonly nodes: number;
  /** Pinned; null: none. */
  readonly leader: NodeId | null;
  readonly bounds: Bounds;
  readonly maxMessageBytes: number;
  /** What is on the disk of each node at first; one that is not named: nothing. */
  readonly disks: { readonly [node: NodeId]: readonly Json[] };
};

export type Exploration = { readonly plan: Plan; readonly setting: Setting; readonly bounds: Bounds };

/** A whole second, as rounds of a second begin; no node reads real time. */
const EPOCH_MS = 1_700_000_000_000;

/** Throws a LabError for options that cannot be. */
export function explorationOf({ protocol, options, nodes, leader, bounds, maxMessageBytes, disks }: Request): Exploration {
  const base: Plan = { ...planOf(protocol, { seed: 'explore', nodes, maxMessageBytes }), id: 'explore', experiment: 'explore', leader };
  const merged = mergeOptions(protocol.defaults, options);
  const refuse = (problems: readonly { readonly level: string; readonly option: string; readonly message: string }[]) => {
    const error = problems.find(({ level }) => level === 'error');
    if (error !== undefined) throw new LabError('bad-command-line', `${protocol.name}: ${error.option === '' ? '' : `${error.option}: `}${error.message}`, 'correct it with --set');
  };
  refuse(merged.problems);
  const ids = base.nodes.map(({ id }) => id);
  if (leader !== null && !ids.includes(leader)) throw new LabError('bad-command-line', `--leader ${leader}: no such node`, `the nodes are ${ids.join(', ')}`);
  const stranger = Object.keys(disks).find((id) => !ids.includes(id));
  if (stranger !== undefined) throw new LabError('bad-command-line', `--disks: there is no node ${stranger}`, `the nodes are ${ids.join(', ')}`);
  const resolved = protocol.resolve?.(merged.options, factsOf(base, 0)) ?? { options: merged.options, problems: [] };
  refuse(resolved.problems);
  const plan: Plan = { ...base, options: resolved.options as Json };
  const setting: Setting = {
    protocol, options: plan.options, nodes: ids, addresses: Object.fromEntries(plan.nodes.map(({ id, address }) => [id, address])),
    maxMessageBytes, commands: commandsOf(bounds.commands), before: Object.values(disks).flatMap((entries) => entries.flatMap(commandsIn)), epochMs: EPOCH_MS,
    grounds: ids.map((id) => ({ entries: (disks[id] ?? []).map((entry) => JSON.stringify(entry)), nowMs: 0 })),
  };
  return { plan, setting, bounds };
}

/** Commands anywhere in a value. */
function commandsIn(value: Json): readonly Command[] {
  if (typeof value !== 'object' || value === null) return [];
  const command = commandOf(value);
  return command === null ? Object.values(value).flatMap((inner) => commandsIn(inner ?? null)) : [command];
}

/** Each of a client of its own. */
function commandsOf(count: number): readonly Command[] {
  return Array.from({ length: count }, (_, index) => ({ id: `c${index + 1}:1`, op: { type: 'put', key: 'x', value: `v${index + 1}` } }));
}

export function openExplorer({ plan, setting, bounds }: Exploration, limits: Limits): Explorer {
  const locals = new Locals(setting, safetyMonitor([...setting.commands, ...setting.before].map(({ id }) => id)));
  return new Explorer(locals, bounds, claimsOf(setting, plan), limits);
}

function claimsOf({ protocol }: Setting, plan: Plan): readonly Claim[] {
  return protocol.claims?.(plan.options) ?? ['agreement', 'validity', 'durability', 'one-leader-per-epoch'];
}

/** What is said when these choices are made; violated: by the checks of every run. */
export function converse({ plan, setting, bounds }: Exploration, choices: readonly Choice[]): { readonly conversation: Conversation; readonly violated: readonly Verdict[] } {
  const conversation = new Conversation(setting, bounds);
  const checks = CHECKS.map((check) => check.begin(plan, register.model));
  for (const choice of choices) conversation.perform(choice);
  for (const event of conversation.events) for (const check of checks) check.observe(event);
  return { conversation, violated: checks.map((check) => check.finish()).filter(({ valid }) => valid === false) };
}
