// The keys of an experiment file, their types, bounds and defaults: one shape a section. What depends on several values at
// once (regions, selectors, options) is checked by planning.
import { z } from 'zod';
import { LINK_SHAPE, scheduleEntry } from './link-shapes.ts';
import { searchSection } from './search/spec.ts';
import { section } from './sections.ts';
import { bytes, duration, offsetRange, positiveDuration, ppm, ppmRange, readDuration, readRate, shown } from './units.ts';

/** Path-safe, short enough for every frame's header. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;
const name = z.string().refine((text) => NAME.test(text), { error: (issue) => `${shown(issue.input)} is not a name\nuse up to 40 of a-z, 0-9 and -` });

export const MAX_NODES = 64;

/** A count, or a region for each; name: of the key, least: of them. */
const nodesAs = (name: string, least: number) => z.unknown().transform((input, context): number | readonly string[] => {
  const refuse = (problem: string, remedy: string) => {
    context.issues.push({ code: 'custom', message: `${problem}\n${remedy}`, input });
    return z.NEVER;
  };
  const count = Array.isArray(input) ? input.length : input;
  if (typeof count !== 'number' || !Number.isInteger(count)) return refuse(`${shown(input)} is neither a count nor a list of regions`, `write ${name}: 5, or ${name}: [us-east-1, eu-west-1]`);
  if (count < least) return refuse(`${shown(input)} is no ${name === 'nodes' ? 'cluster' : 'count'}`, `an experiment has at least ${least} ${least === 1 ? 'node' : name}`);
  if (count > MAX_NODES) return refuse(`${count} ${name} are too many`, `an experiment has at most ${MAX_NODES} nodes`);
  if (!Array.isArray(input)) return count;
  const regions = input.filter((region) => typeof region === 'string');
  return regions.length === count ? regions : refuse(`${shown(input)} is not a list of regions`, 'write a name of the network profile for each node');
});

const network = section({
  wan: z.string().default('lan'),
  /** These of its regions, in this order. */
  regions: z.array(z.string()).min(1).max(64).optional(),
  /** Multiplies all delays. */
  scale: z.number().min(0).max(1000).default(1),
  links: z.record(z.string(), section(LINK_SHAPE)).default({}),
  /** Changes of links over time that are no faults. */
  schedule: z.array(scheduleEntry).max(1000).default([]),
  /** Largest datagram, header included. */
  frame: bytes.pipe(z.number().min(576).max(9000)).default(1400),
  /** Largest message of a protocol, split into frames. */
  message: bytes.pipe(z.number().min(1000).max(1_000_000)).default(60_000),
});

const NO_RANGE = { from: 0, to: 0 };
const clocks = section({
  offset: offsetRange.default(NO_RANGE),
  drift: ppmRange.default(NO_RANGE),
  ntp: section({
    poll: positiveDuration.default(64_000),
    error: duration.default(10),
    slew: ppm.default(500),
    step: duration.default(128),
  }).nullable().default(null),
});

const fsync = z.unknown().transform((input, context): number | 'real' => {
  if (input === 'real') return input;
  const result = readDuration(input);
  if ('value' in result) return result.value;
  context.issues.push({ code: 'custom', message: `${result.problem}\n${result.remedy}, or real`, input });
  return z.NEVER;
});

const loadRate = z.unknown().transform((input, context): number | null => {
  if (input === 'max') return null;
  const result = readRate(input);
  if ('value' in result) return result.value;
  context.issues.push({ code: 'custom', message: `${result.problem}\n${result.remedy}, or max`, input });
  return z.NEVER;
}).pipe(z.number().max(1_000_000).nullable());

/** A bare value is short for a section with this key. */
function short(key: string) {
  return (input: unknown) => (typeof input === 'string' ? { [key]: input } : input);
}

const backOff = z.preprocess(short('kind'), section({
  kind: z.enum(['none', 'fixed', 'exponential']).default('exponential'),
  first: positiveDuration.default(20),
  most: positiveDuration.default(1_000),
}));

const breaker = section({
  /** Of one node, in a row. */
  failures: z.int().min(1).max(1_000_000).default(5),
  /** Before an attempt tries the node again. */
  open: positiveDuration.default(1_000),
});

const clients = z.record(z.string(), z.int().min(1).max(10_000));

/** The workload's own parameters stand among these keys. */
export const LOAD_SHAPE = {
  workload: z.string().default('register'),
  /** Of all clients; null: the closed loop. */
  rate: loadRate.default(100),
  arrivals: z.enum(['poisson', 'constant']).default('poisson'),
  /** Regions and their weights; with rate: max, their connections. null: one in each region of a node. */
  clients: clients.nullable().default(null),
  /** Of the closed loop, shared among the clients by their weights. */
  connections: z.int().min(1).max(10_000).optional(),
  target: z.enum(['leader', 'nearest', 'spread']).default('nearest'),
  atFollower: z.enum(['forward', 'redirect']).optional(),
  timeout: positiveDuration.default(5_000),
  retry: positiveDuration.optional(),
  backoff: backOff.prefault({}),
  breaker: breaker.nullable().default(null),
  /** Commands due within a millisecond for one node, in one request; only in the open loop. */
  batch: z.int().min(1).max(1_000).default(1),
  maxSessions: z.int().min(1).max(1_000_000).optional(),
};

const DAY_MS = 86_400_000;
const longest = z.number().max(DAY_MS);

export const EXPERIMENT_SHAPE = {
  name,
  protocols: z.array(z.unknown()).min(1).max(100),
  nodes: nodesAs('nodes', 1).default(5),
  /** Nodes that wait to join: they get the next names, and nothing but a fault starts them. */
  spares: nodesAs('spares', 0).default(0),
  leader: z.string().nullable().default(null),
  network: network.prefault({}),
  clocks: clocks.prefault({}),
  disk: section({ fsync: fsync.default('real') }).prefault({}),
  limits: section({
    cpus: z.number().min(0.01).max(1024).nullable().default(null),
    memory: bytes.pipe(z.number().min(64 << 20).max(2 ** 40)).default(1 << 30),
    /** A node needs about 20. */
    pids: z.int().min(32).max(65_536).default(256),
  }).optional(),
  load: z.record(z.string(), z.unknown()).default({}),
  run: section({
    warmup: duration.pipe(longest).default(3_000),
    measure: positiveDuration.pipe(longest).default(30_000),
    settle: duration.pipe(longest).optional(),
    repeat: z.int().min(1).max(1000).default(1),
    seed: z.union([z.string().min(1).max(100), z.int()], { error: (issue) => `${shown(issue.input)} is no seed\nwrite a text or a whole number` }).optional(),
  }).prefault({}),
  faults: z.array(z.record(z.string(), z.unknown())).max(1000).default([]),
  expect: z.record(z.string(), z.unknown()).default({}),
  predicted: z.array(z.record(z.string(), z.unknown())).max(1000).default([]),
  sweep: z.record(z.string(), z.array(z.unknown()).min(1).max(100)).default({}),
  search: searchSection.optional(),
};

export const experimentSchema = section(EXPERIMENT_SHAPE);
export const loadSchema = z.strictObject(LOAD_SHAPE);
export type ExperimentShape = z.output<typeof experimentSchema>;
export type LoadShape = z.output<typeof loadSchema>;
export type LinkShape = ExperimentShape['network']['links'][string];
