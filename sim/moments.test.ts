// Moments of a machine are told as they are, and a node that dies in one of them lets nothing more out.
import { expect, test } from 'vitest';
import { protocol } from '../node/contract.ts';
import type { Env, Json, Machine, Status } from '../node/contract.ts';
import { PERFECT_LINK } from '../netem/link.ts';
import { nodeBytes } from '../test/bytes.ts';
import type { Moment } from './moments.ts';
import type { WorldEvent } from './surroundings.ts';
import { World } from './world.ts';

const NODES = ['n1', 'n2', 'n3'];
const STATUS: Status = { role: 'follower', leader: null, epoch: 0, lastSlot: 0, commitSlot: 0, configurations: [] };

/** Persists, tells both others, becomes leader of epoch 1 and commits: all in the turn in which its timer fires. */
function world(dieAt: Moment | null, disk: 'keep' | 'lose-unsynced' = 'keep') {
  let status = STATUS;
  const events: WorldEvent[] = [];
  const moments: string[] = [];
  const machine = (env: Env<Json, Json, Json>): Machine<Json, Json> => ({
    start: (entries) => { if (env.self === 'n1' && entries.length === 0) env.setTimer('go', 10); else if (entries.length > 0) env.trace('survived', entries); },
    timer: () => {
      env.persist('vote');
      env.send(['n2', 'n3'], 'hello');
      status = { ...STATUS, role: 'leader', epoch: 1 };
      env.commit(null, { epoch: 1, slot: 1 });
    },
    message: (_from, message) => env.trace('heard', message), commands: () => undefined, status: () => (env.self === 'n1' ? status : STATUS),
  });
  const link = { ...PERFECT_LINK, delayMs: 1 };
  const simulated: World = new World({
    protocol: protocol<Json, Json, Json>({ name: 'probe', summary: 'one turn', defaults: {}, create: machine }), seed: 'moments', epochMs: 0, fsyncMs: 5, requestTimeoutMs: 100, detail: 'totals', bytes: nodeBytes,
    links: Object.fromEntries(NODES.map((from) => [from, Object.fromEntries(NODES.map((to) => [to, link]))])),
    clocks: Object.fromEntries(NODES.map((id) => [id, { offsetMs: 0, driftPpm: 0, ntp: null }])),
    seats: NODES.map((self) => ({ self, members: NODES, joining: false, addresses: {}, options: {}, maxMessageBytes: 1_000, frameBytes: 1_400, atFollower: 'redirect', run: 'test' })),
  }, (event) => events.push(event), (node, moment) => {
    if (node !== 'n1') return;
    moments.push(`${simulated.nowMs} ${moment}`);
    if (moment === dieAt && simulated.nowMs > 0) simulated.crash('n1', disk);
  });
  for (const node of NODES) simulated.start(node);
  simulated.advance(50);
  const heard = events.flatMap((event) => (event.type === 'trace' && event.name === 'heard' ? event.node : []));
  simulated.restart('n1');
  simulated.advance(100);
  return { moments, heard, events, survived: events.some((event) => event.type === 'trace' && event.name === 'survived') };
}

test('what one turn does is seen in order, and the first frame after a flush is seen once', () => {
  const { moments, heard } = world(null);
  expect(moments.slice(0, 9)).toEqual(['0 started', '0 epoch', '0 role', '10 committed', '10 epoch', '10 role', '10 leads', '10 flush', '15 durable']);
  expect(moments[9]).toBe('15 sent');
  expect(heard).toEqual(['n2', 'n3']);
});

test.each([
  ['committed', [], false], ['leads', [], false], ['flush', [], true], ['durable', [], true], ['sent', ['n2'], true],
] as const)('a crash when it is seen as %s', (moment, heard, survived) => {
  const run = world(moment);
  expect(run.heard).toEqual(heard);
  expect(run.survived).toBe(survived);
  // Nothing of the life that is over comes after its last word.
  const last = run.events.findIndex((event) => event.node === 'n1' && event.life === 1 && event.type === 'traffic');
  expect(run.events.slice(last + 1).filter((event) => event.node === 'n1' && event.life === 1)).toEqual([]);
});
