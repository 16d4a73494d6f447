// The bodies of POST /control/*, checked by hand. Only the orchestrator speaks here, with the run's token.
import type { Link } from '../../netem/link.ts';
import type { ClockChange } from '../clock.ts';
import type { DiskChange } from '../disk-fault.ts';
import type { NodeId } from '../contract.ts';
import type { ProbeOrder } from '../../netem/probe.ts';
import { isFields } from './commands.ts';
import type { Malformed } from './commands.ts';
import { isNtp } from './config.ts';

/** Region names are allowed beside node ids: a row of the matrix also names the places of clients. */
const PLACE = /^[a-z0-9][a-z0-9-]{0,62}$/;
const MAX_LINKS = 512;
const MAX_MS = 3_600_000;

type Test = (value: unknown) => boolean;
const between = (low: number, high: number): Test => (value) => typeof value === 'number' && value >= low && value <= high;
const whole = (low: number, high: number): Test => (value) => Number.isInteger(value) && between(low, high)(value);
const isPercent = between(0, 100);

const LINK: { readonly [K in keyof Link]: Test } = {
  delayMs: between(0, MAX_MS),
  jitterMs: between(0, MAX_MS),
  distribution: (value) => value === 'uniform' || value === 'normal' || value === 'pareto',
  lossPct: isPercent,
  lossBurst: (value) => value === null || between(1, 1e6)(value),
  duplicatePct: isPercent,
  reorderPct: isPercent,
  corruptPct: isPercent,
  rateKbit: (value) => value === null || between(0.001, 1e9)(value),
  queuePackets: between(0, 1e6),
  order: (value) => value === 'keep' || value === 'reorder',
};

/** {links: {n2: Link, …}}: this node's whole row. */
export function readLinks(body: unknown): { readonly links: { readonly [to: NodeId]: Link } } | Malformed {
  const links = isFields(body) ? body['links'] : undefined;
  if (!isFields(links)) return { malformed: 'links: an object of links by node' };
  const rows = Object.entries(links);
  if (rows.length > MAX_LINKS) return { malformed: `links: at most ${MAX_LINKS}` };
  for (const [to, link] of rows) {
    if (!PLACE.test(to)) return { malformed: 'links: each is named by a node or a region' };
    if (!isFields(link)) return { malformed: `links.${to}: a Link` };
    for (const [field, test] of Object.entries(LINK)) {
      if (!test(link[field])) return { malformed: `links.${to}.${field}: out of range or missing` };
    }
  }
  return { links: links as { readonly [to: NodeId]: Link } };
}

const CHANGE: { readonly [K in keyof ClockChange]-?: Test } = {
  offsetMs: between(-1e12, 1e12),
  stepMs: between(-1e12, 1e12),
  driftPpm: between(-500_000, 500_000),
  ntp: (value) => value === null || isNtp(value),
  asymmetryMs: between(-1e6, 1e6),
};

/** {change: ClockChange}, or {change: null} for the plan's clock. */
export function readClockChange(body: unknown): { readonly change: ClockChange | null } | Malformed {
  return readChange(body, CHANGE);
}

const MAX_FSYNC_MS = 10_000;
const DISK: { readonly [K in keyof DiskChange]-?: Test } = {
  fsyncMs: between(0, MAX_FSYNC_MS),
  fault: (value) => value === 'error' || value === 'full',
};

/** {change: DiskChange}, or {change: null} for the plan's disk. */
export function readDiskChange(body: unknown): { readonly change: DiskChange | null } | Malformed {
  return readChange(body, DISK);
}

const MAX_PROBED = 64;
const MAX_PROBES = 100_000;
const PROBE: { readonly [K in keyof ProbeOrder]: Test } = {
  batch: whole(0, 0xffff_ffff),
  to: (value) => Array.isArray(value) && value.length > 0 && value.length <= MAX_PROBED && value.every((id) => typeof id === 'string') && new Set(value).size === value.length,
  count: whole(1, MAX_PROBES),
  everyMs: between(1, MAX_MS),
  warmUpMs: between(0, MAX_MS),
};

/** A ProbeOrder. */
export function readProbes(body: unknown): { readonly order: ProbeOrder } | Malformed {
  if (!isFields(body)) return { malformed: 'an object with batch, to, count, everyMs, warmUpMs' };
  for (const [field, test] of Object.entries(PROBE)) if (!test(body[field])) return { malformed: `${field}: out of range or missing` };
  const order = body as unknown as ProbeOrder;
  return order.count * order.to.length > MAX_PROBES ? { malformed: `count: at most ${MAX_PROBES} probes in all` } : { order };
}

function readChange(body: unknown, tests: { readonly [field: string]: Test }): { readonly change: { readonly [field: string]: unknown } | null } | Malformed {
  const change = isFields(body) ? body['change'] : undefined;
  if (change === null) return { change };
  if (!isFields(change)) return { malformed: 'change: null or an object' };
  for (const [field, value] of Object.entries(change)) {
    const test = Object.hasOwn(tests, field) ? tests[field] : undefined;
    if (test === undefined) return { malformed: `change: has ${Object.keys(tests).join(', ')}` };
    if (!test(value)) return { malformed: `change.${field}: out of range` };
  }
  return { change };
}
