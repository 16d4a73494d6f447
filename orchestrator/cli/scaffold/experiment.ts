// `lab new experiment NAME`: a file with every section that people change, each with its unit.
import { PROTOCOLS } from '../../../node/registry.ts';
import type { Scaffold } from './scaffold.ts';

export const experiment: Scaffold = {
  kind: 'experiment',
  summary: 'an experiment file: protocols, network, load, faults and thresholds',
  path: (name) => `${name}.yaml`,
  text: (name) => `# yaml-language-server: $schema=./experiment.schema.json
# What is asked here: who commits sooner on this network, and what does the loss of a leader cost?
name: ${name}
protocols: [${PROTOCOLS.map((protocol) => protocol.name).join(', ')}]
nodes: 5                                  # or a list of regions of the network
network: { wan: aws-5 }                   # lab list shows the networks
load: { workload: register, keys: 8, reads: 20%, rate: 50/s, target: nearest }
run: { warmup: 3s, measure: 15s, settle: 5s }
faults:
  - { at: 6s, crash: any, for: 3s }       # lab list shows the faults
expect: { commit.p50: below 5s, errors: below 100 }
`,
  next: (_name, path) => [
    `lab run ${path} --on sim`,
    `lab run ${path} --on sim,local`,
    `lab schema > experiment.schema.json        # completion and checks in an editor that knows YAML schemas`,
  ],
};
