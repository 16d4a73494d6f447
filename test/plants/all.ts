// The planted errors of all protocols, by their names.
import { PAXOS_PLANTS } from './paxos.ts';
import type { Plant } from './plant.ts';
import { RAFT_PLANTS } from './raft.ts';
import { STICK_PLANTS } from './stick.ts';
import { YASP_PLANTS } from './yasp.ts';

export const PLANTS: { readonly [protocol: string]: readonly Plant[] } = { raft: RAFT_PLANTS, paxos: PAXOS_PLANTS, stick: STICK_PLANTS, yasp: YASP_PLANTS };
