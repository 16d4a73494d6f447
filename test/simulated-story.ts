// A run of the simulator with everything in it that could make two runs differ: every link fault, drifting clocks with NTP,
// crashes inside flushes, pauses, cuts, clock steps, retries. Told as one line per event.
import { randomStream } from '../node/kit/random.ts';
import { toy } from '../node/protocols/toy.ts';
import type { LinkMatrix } from '../netem/link.ts';
import { PERFECT_LINK } from '../netem/link.ts';
import type { WorldEvent } from '../sim/surroundings.ts';
import { World } from '../sim/world.ts';
import { nodeBytes } from './bytes.ts';

const NODES = ['n1', 'n2', 'n3'];
const LINK = {
  ...PERFECT_LINK, delayMs: 10, jitterMs: 3, distribution: 'normal', lossPct: 3, lossBurst: 2, duplicatePct: 3, reorderPct: 3, corruptPct: 3, rateKbit: 2000,
} as const;
const CLOCK = { offsetMs: 20, driftPpm: 40, ntp: { pollMs: 2000, errorMs: 1, slewPpm: 500, stepMs: 128 } };

function links(): LinkMatrix {
  const row = (order: 'keep' | 'reorder') => Object.fromEntries(NODES.map((to) => [to, { ...LINK, order }]));
  return { n1: row('keep'), n2: row('reorder'), n3: row('keep') };
}

export function simulatedStory(seed: string, seconds = 60): { readonly events: readonly WorldEvent[]; readonly lines: readonly string[] } {
  const events: WorldEvent[] = [];
  const lines: string[] = [];
  const world = new World({
    protocol: toy, seed, epochMs: 1_760_000_000_000, links: links(), fsyncMs: 4, requestTimeoutMs: 3000, detail: 'messages', bytes: nodeBytes,
    seats: NODES.map((self) => ({
      self, members: NODES, joining: false, addresses: { n1: '10.0.0.1', n2: '10.0.0.2', n3: '10.0.0.3' }, options: { resendMs: 100 },
      maxMessageBytes: 60_000, frameBytes: 1400, atFollower: 'forward', run: 'story',
    })),
    clocks: Object.fromEntries(NODES.map((id) => [id, CLOCK])),
  }, (event) => {
    events.push(event);
    lines.push(JSON.stringify(event));
  });
  const random = randomStream(seed, 'story');
  for (const node of NODES) world.start(node);
  for (let atMs = 500; atMs < seconds * 1000; atMs += 40) {
    const node = NODES[Math.floor(random() * NODES.length)] ?? 'n1';
    const id = `c${Math.floor(atMs / 400)}:${Math.floor(random() * 9)}`;
    world.at(atMs, () => world.request(node, { id, op: { type: 'append', key: 'k', value: '.' } }, (reply) => lines.push(JSON.stringify({ atMs: world.nowMs, id, reply }))));
  }
  for (let atMs = 2000; atMs < seconds * 1000; atMs += 3000) {
    const node = NODES[Math.floor(random() * NODES.length)] ?? 'n1';
    world.at(atMs, () => world.crash(node, random() < 0.7 ? 'lose-unsynced' : 'keep'));
    world.at(atMs + 700, () => world.restart(node));
    world.at(atMs + 900, () => world.pause(node));
    world.at(atMs + 1300, () => world.resume(node));
    world.at(atMs + 1500, () => world.cut('story', [['n1', node], [node, 'n3']]));
    world.at(atMs + 2000, () => world.cut('story', null));
    world.at(atMs + 2100, () => world.clock(node, { stepMs: random() * 400 - 200, driftPpm: 300 }));
    world.at(atMs + 2800, () => world.clock(node, null));
  }
  for (let toMs = 0; toMs <= seconds * 1000; toMs += 250) world.advance(toMs);
  world.close();
  return { events, lines };
}
