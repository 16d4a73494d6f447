// What an exploration was asked and what it found, as the JSON that it prints: enough to tell the conversation again.
import type { Claim, Json, NodeId } from '../../node/contract.ts';
import { LabError } from '../errors.ts';
import { z } from '../units.ts';
import type { Choice } from './choices.ts';
import { MOST } from './successors.ts';
import type { Bounds } from './successors.ts';

export type Finding = { readonly claim: Claim | null; readonly claimed: boolean; readonly because: string; readonly choices: readonly Choice[] };

export type FoundFile = {
  readonly version: 1;
  readonly protocol: string;
  readonly options: Json;
  readonly nodes: number;
  readonly leader: NodeId | null;
  readonly maxMessageBytes: number;
  readonly bounds: Bounds;
  readonly disks: { readonly [node: NodeId]: readonly Json[] };
  readonly found: readonly Finding[];
};

const count = (most: number) => z.number().int().min(0).max(most);
const crash = z.object({ flush: count(1_000), keep: count(1_000_000) });
const how = { node: z.string(), disk: z.literal('slow').optional(), crash: crash.optional() };

const shape = z.object({
  version: z.literal(1), protocol: z.string(), options: z.json(), nodes: count(MOST.nodes).min(1), leader: z.string().nullable(),
  maxMessageBytes: count(60_000).min(256),
  bounds: z.object({
    commands: count(MOST.commands), crashes: count(MOST.budget), timers: count(MOST.budget), clockMs: z.number().min(0), slowDisks: count(MOST.budget), duplicates: z.boolean(), atOnce: z.array(z.string()),
  }),
  disks: z.record(z.string(), z.array(z.json())),
  found: z.array(z.object({
    claim: z.enum(['agreement', 'validity', 'linearizability', 'durability', 'one-leader-per-epoch']).nullable(), claimed: z.boolean(), because: z.string(),
    choices: z.array(z.discriminatedUnion('do', [
      z.object({ ...how, do: z.literal('deliver'), from: z.string(), message: z.json() }),
      z.object({ ...how, do: z.literal('fire'), timer: z.string() }),
      z.object({ ...how, do: z.literal('submit'), command: z.string() }),
      z.object({ node: z.string(), do: z.literal('flush'), crash: crash.optional() }),
      z.object({ node: z.string(), do: z.literal('restart'), keep: count(1_000_000) }),
    ])),
  })),
});

/** Throws a LabError that names the file and the place in it. */
export function foundFrom(value: unknown, file: string): FoundFile {
  const read = shape.safeParse(value);
  if (read.success) return read.data as unknown as FoundFile;
  const [issue] = read.error.issues;
  throw new LabError('bad-result', `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is no exploration'}`, 'give the JSON that lab explore --json has printed');
}
