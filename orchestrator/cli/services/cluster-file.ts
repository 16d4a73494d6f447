// The five nodes of docker-compose.yml: one protocol on the network that Docker makes, planned as an experiment is, so that
// its options have the same defaults and the same errors. What each life adds is in node/host/in-container.ts.
import { createHash } from 'node:crypto';
import { assert } from '../../../node/assert.ts';
import type { ClusterFile } from '../../../node/seat.ts';
import { BUILTINS, createRegistry, named } from '../../builtins.ts';
import { ExperimentDocument } from '../../document.ts';
import { experimentOf } from '../../experiment.ts';
import { makePlans } from '../../plan.ts';
import { seatOf } from '../../seats.ts';
import { filesBeside } from '../read-file.ts';

export const CLUSTER_NODES = ['n1', 'n2', 'n3', 'n4', 'n5'];
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_PENDING = 10_000;
const HASH_CHARACTERS = 8;

/** Throws a LabError for a protocol that there is not. */
export function clusterFile(protocol: string): ClusterFile {
  const registry = createRegistry([BUILTINS]);
  named(registry.protocols, protocol, 'protocol');
  const document = ExperimentDocument.parse(`name: compose\nprotocols: [${protocol}]\nnodes: ${CLUSTER_NODES.length}\ndisk: { fsync: real }\n`, 'command line');
  const [plan] = makePlans(experimentOf(document, registry, filesBeside(document.file)), { runner: 'docker', supports: new Set(), seed: '1' });
  assert(plan?.nodes.length === CLUSTER_NODES.length, 'docker-compose.yml has other nodes');
  const { self: _self, joining: _joining, run: _run, ...seat } = seatOf(plan, 'n1');
  const shared = { protocol: plan.protocol, seat, fsyncMs: plan.fsyncMs };
  // Nodes with other options must not read the log of these.
  const run = `${plan.protocol}-${createHash('sha256').update(JSON.stringify(shared)).digest('hex').slice(0, HASH_CHARACTERS)}`;
  return { version: 1, ...shared, seat: { ...seat, run }, seed: plan.seed, detail: 'totals', maxPending: MAX_PENDING, requestTimeoutMs: REQUEST_TIMEOUT_MS };
}
