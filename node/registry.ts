// The list of protocols. Registration alone gives a protocol every runner, the conformance suite, the checks and the report.
import type { AnyProtocol } from './contract.ts';
import { paxos } from './protocols/paxos.ts';
import { raft } from './protocols/raft.ts';
import { stick } from './protocols/stick.ts';
import { yasp } from './protocols/yasp.ts';

export const PROTOCOLS: readonly AnyProtocol[] = [raft, paxos, stick, yasp];
