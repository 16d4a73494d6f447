// How fast virtual time runs, on one core with every check on:  node bench/simulator.ts [PROTOCOL] [PROTOCOL] …
// Goals: 150 simulated seconds per second at 5 nodes and 10 commands/s; 60,000 events/s, counted as written to events.ndjson.
import type { AnyProtocol } from '../node/contract.ts';
import { toy } from '../node/protocols/toy.ts';
import { PROTOCOLS } from '../node/registry.ts';
import { runTrial } from '../test/trial.ts';
import type { Scene } from '../orchestrator/conformance/trial.ts';

const SCENES: readonly (readonly [name: string, scene: Scene])[] = [
  ['10 commands/s', { seed: 'bench', ratePerSecond: 10, measureMs: 600_000, detail: 'messages' }],
  ['1,000 commands/s', { seed: 'bench', ratePerSecond: 1000, measureMs: 20_000, detail: 'messages' }],
  ['10 commands/s, loss, jitter, duplicates', {
    seed: 'bench', ratePerSecond: 10, measureMs: 600_000, detail: 'messages',
    link: { lossPct: 1, lossBurst: 3, jitterMs: 2, distribution: 'normal', duplicatePct: 1 },
  }],
];

async function bench(protocol: AnyProtocol, name: string, scene: Scene): Promise<void> {
  let events = 0;
  let lastMs = 0;
  const begunMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const { verdicts, calls } = await runTrial(protocol, scene, (event) => {
    events++;
    lastMs = event.atMs;
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - begunMs) / 1000;
  const ok = calls.filter(({ outcome }) => outcome === 'ok').length;
  console.log([
    protocol.name.padEnd(6), name.padEnd(42),
    `${Math.round(lastMs / 1000 / seconds).toLocaleString('en')} simulated s/s`.padStart(22),
    `${Math.round(events / seconds).toLocaleString('en')} events/s`.padStart(18),
    `${ok.toLocaleString('en')} of ${calls.length.toLocaleString('en')} commands ok`.padStart(28),
    `${Math.round((events / (user + system)) * 1e6).toLocaleString('en')} events/s of CPU`.padStart(26),
    verdicts.every(({ valid }) => valid === true) ? '' : verdicts.filter(({ valid }) => valid !== true).map(({ check, valid }) => `${check}: ${String(valid)}`).join(', '),
  ].join('  '));
}

const wanted = process.argv.slice(2);
const known = [...PROTOCOLS, toy];
for (const protocol of known.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  for (const [name, scene] of SCENES) await bench(protocol, name, scene);
}
