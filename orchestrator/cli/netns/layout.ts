// The network of a run in namespaces, in words of `ip -batch`: a hub with a bridge, and around it one namespace for each node
// and one for the load generator, whose clients send from an address for each region. Neighbours are given, so that no first
// packet waits for ARP. Every token is made here or checked.
import { assert } from '../../../node/assert.ts';
import type { NodeId } from '../../../node/contract.ts';
import type { Plan } from '../../kinds.ts';

/** At the namespace's own end of its cable. */
export const DEVICE = 'eth0';
export const LOAD = 'load';
const BRIDGE = 'br0';
const PREFIX_BITS = 15;
const REGIONS_PER_NET = 200;
const MAX_REGIONS = 1_000;
const ADDRESS = /^198\.(18|19)\.\d{1,3}\.\d{1,3}$/;

/** One namespace around the hub. */
export type Spot = {
  /** Of the node, or LOAD. */
  readonly id: string;
  /** By the row of the link matrix that sends from there: a node, or the regions of clients. */
  readonly sources: { readonly [row: string]: string };
};

/** All spots of a plan, the load generator's last. */
export function spotsOf({ nodes, load }: Pick<Plan, 'nodes' | 'load'>): readonly Spot[] {
  assert(load.clients.length <= MAX_REGIONS, `${load.clients.length} regions of clients; at most ${MAX_REGIONS}`);
  const regions = load.clients.map(({ region }, index) => [region, `198.18.${1 + Math.floor(index / REGIONS_PER_NET)}.${11 + (index % REGIONS_PER_NET)}`] as const);
  return [
    ...nodes.map(({ id, address }) => ({ id, sources: { [id]: address } })),
    { id: LOAD, sources: Object.fromEntries(regions) },
  ];
}

export function addressOf(spots: readonly Spot[], node: NodeId): string {
  const address = spots.find(({ id }) => id === node)?.sources[node];
  assert(address !== undefined, `${node} has no place in this network`);
  return address;
}

/** Addresses of every row that does not send from this spot. */
export function othersOf(spots: readonly Spot[], spot: Spot): { readonly [row: string]: string } {
  return Object.fromEntries(spots.filter((other) => other !== spot).flatMap(({ sources }) => Object.entries(sources)));
}

/** Of the spot's only device: the same in every run, and locally administered. */
function hardwareAddress(index: number): string {
  const hex = (byte: number) => byte.toString(16).padStart(2, '0');
  return `02:00:c6:12:${hex(index >> 8)}:${hex(index & 255)}`;
}

/** For the hub: a cable to each spot, whose other end is put into the namespace of this process. */
export function hubLines(spots: readonly Spot[], pids: readonly number[]): readonly string[] {
  return [
    `link add ${BRIDGE} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    `link set ${BRIDGE} addrgenmode none up`,
    ...spots.flatMap((_, index) => [
      `link add v${index} type veth peer name ${DEVICE} address ${hardwareAddress(index)} netns ${pids[index]}`,
      `link set v${index} addrgenmode none master ${BRIDGE} up`,
    ]),
  ];
}

/** For the namespace of one spot. */
export function spotLines(spots: readonly Spot[], spot: Spot): readonly string[] {
  const neighbours = spots.flatMap(({ sources }, index) => (spots[index] === spot ? [] : Object.values(sources).map((address) => ({ address, hardware: hardwareAddress(index) }))));
  for (const address of [...Object.values(spot.sources), ...neighbours.map((neighbour) => neighbour.address)]) assert(ADDRESS.test(address), `${address} is no address of this network`);
  return [
    'link set lo up',
    ...Object.values(spot.sources).map((address) => `addr add ${address}/${PREFIX_BITS} dev ${DEVICE}`),
    `link set ${DEVICE} addrgenmode none up`,
    ...neighbours.map(({ address, hardware }) => `neigh add ${address} lladdr ${hardware} nud permanent dev ${DEVICE}`),
  ];
}
