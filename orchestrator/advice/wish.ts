// What somebody wants to run: a network, nodes in its regions, how many of them may be down, and where clients are. Read from the
// command line's texts; each mistake names the flag and the remedy.
import type { Profile } from '../../netem/profiles.ts';
import { LabError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';

export type Wish = {
  /** As network.wan takes it. */
  readonly wan: string;
  /** A region for each node. */
  readonly nodes: readonly string[];
  readonly tolerate: number;
  /** Weights by region. */
  readonly clients: { readonly [region: string]: number };
  readonly rate: string;
};

const MOST_NODES = 9;
const MOST_WEIGHT = 10_000;

function refuse(message: string, hint: string): never {
  throw new LabError('bad-command-line', message, hint);
}

function regionOf(text: string, flag: string, { name, regions }: Profile): string {
  const region = text.trim();
  if (!regions.includes(region)) refuse(`${flag}: ${JSON.stringify(region)} is not a region of ${name}`, didYouMean(region, regions));
  return region;
}

/** given: a count, or regions with commas; absent: one in each region. */
export function nodesOf(given: string | undefined, tolerate: number, profile: Profile): readonly string[] {
  const { regions } = profile;
  const round = (count: number) => Array.from({ length: count }, (_, index) => regions[index % regions.length] ?? '');
  const least = 2 * tolerate + 1;
  const nodes = given === undefined ? round(regions.length === 1 ? least : regions.length) : /^\s*\d+\s*$/.test(given) ? round(Math.min(Number(given), MOST_NODES + 1)) : given.split(',').map((text) => regionOf(text, '--nodes', profile));
  if (nodes.length > MOST_NODES) refuse(given === undefined ? `${profile.name} has ${regions.length} regions, and advice is for up to ${MOST_NODES} nodes` : `--nodes: advice is for up to ${MOST_NODES} nodes`, `name the regions of the nodes: --nodes ${regions.slice(0, least).join(',')}`);
  if (nodes.length < least) refuse(`--tolerate ${tolerate}: ${nodes.length} ${nodes.length === 1 ? 'node goes' : 'nodes go'} on with at most ${Math.max(0, Math.floor((nodes.length - 1) / 2))} down`, `${least} nodes are needed for ${tolerate}: --nodes ${least}, or tolerate fewer`);
  return nodes;
}

/** given: such as us-east-1:4,eu-west-1:6; a weight that is left out is 1. Absent: the same from each node's region. */
export function clientsOf(given: string | undefined, nodes: readonly string[], profile: Profile): Wish['clients'] {
  if (given === undefined) return Object.fromEntries(nodes.map((region) => [region, 1]));
  const clients = new Map<string, number>();
  for (const part of given.split(',')) {
    const [name = '', weight = '1', ...rest] = part.split(':');
    const region = regionOf(name, '--clients', profile);
    const number = Number(weight);
    if (rest.length > 0 || !/^\s*\d+\s*$/.test(weight) || number < 1 || number > MOST_WEIGHT) refuse(`--clients: ${JSON.stringify(part.trim())} has no weight that counts`, `write a region, a colon and a whole number from 1 to ${MOST_WEIGHT}: ${region}:4`);
    if (clients.has(region)) refuse(`--clients: ${region} is given twice`, 'name each region once');
    clients.set(region, number);
  }
  return Object.fromEntries(clients);
}
