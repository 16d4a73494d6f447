// What a request and its answer take between each region of clients and each node while nothing else happens: the clients'
// part of the certificate. By the way that the load will take, delays included, on connections that are open already.
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeId } from '../../../node/contract.ts';
import type { ProbeSample } from '../../../netem/probe.ts';
import type { Probes } from '../../../netem/certificate.ts';
import type { Plan } from '../../kinds.ts';
import { membersOf } from '../../seats.ts';

/** Asks a node for its status; rejects when it does not answer. */
export type Ask = (region: string, to: NodeId) => Promise<unknown>;

const COUNT = 20;
const EVERY_MS = 25;
/** So many requests a second over all pairs do not load the machine. */
const PER_MS = 0.4;
const MOST_CONNECTIONS = 20;

function roundTripMs({ links }: Plan, region: string, to: NodeId): number {
  return (links[region]?.[to]?.delayMs ?? 0) + (links[to]?.[region]?.delayMs ?? 0);
}

function pairsOf(plan: Plan): readonly (readonly [region: string, to: NodeId])[] {
  return plan.load.clients.flatMap(({ region }) => membersOf(plan).map((id) => [region, id] as const));
}

function everyMs(plan: Plan): number {
  return Math.max(EVERY_MS, pairsOf(plan).length / PER_MS);
}

/** How long measuring them takes, at most about; opening a connection takes a round trip of its own. */
export function roundTripsMs(plan: Plan): number {
  const longestMs = Math.max(0, ...pairsOf(plan).map(([region, to]) => roundTripMs(plan, region, to)));
  return COUNT * everyMs(plan) + 3 * longestMs + 500;
}

/** Every region with every node, all at once, each pair in its own time. */
export async function measureRoundTrips(plan: Plan, ask: Ask, now: () => number): Promise<readonly Probes[]> {
  const pairs = pairsOf(plan);
  const spacedMs = everyMs(plan);
  const connections = ([region, to]: readonly [string, NodeId]) => Math.min(MOST_CONNECTIONS, 1 + Math.ceil(roundTripMs(plan, region, to) / spacedMs));
  await Promise.all(pairs.flatMap((pair) => Array.from({ length: connections(pair) }, () => ask(...pair).catch(() => undefined))));
  const startMs = now();
  return Promise.all(pairs.map(async ([region, to], index): Promise<Probes> => {
    const samples: ProbeSample[] = [];
    const asked: Promise<void>[] = [];
    for (let sequence = 1; sequence <= COUNT; sequence++) {
      await sleep(Math.max(0, startMs + (sequence - 1 + index / pairs.length) * spacedMs - now()));
      const sentMs = now();
      asked.push(ask(region, to).then(() => { samples.push([sequence, sentMs, now() - sentMs]); }, () => undefined));
    }
    await Promise.all(asked);
    return { from: region, to, trip: 'round', bytes: 0, sent: COUNT, samples };
  }));
}
