// The driver, on ports that a test holds in its hands: the order of effects, turns, sessions, forwarding.
import { describe, expect, test } from 'vitest';
import { nodeBytes } from '../test/bytes.ts';
import { protocol } from './contract.ts';
import type { Command, Env, Json, Machine, NodeId, Status } from './contract.ts';
import { Replica } from './replica.ts';
import type { NodeEvent, Ports, Reply } from './replica.ts';
import { decodeBody, decodeFrame, encodeFrames } from './wire.ts';

type Script = Partial<Machine<Json, Json>>;

/** One replica with a scripted machine; frames, writes, replies and events are recorded. */
function rig(script: (env: Env<Json, Json, Json>) => Script, more: { atFollower?: 'forward' | 'redirect'; self?: NodeId } = {}) {
  const sent: { to: NodeId; kind: string; body: Json | undefined }[] = [];
  const writes: { entries: readonly Json[]; replaces: boolean; durable: () => void }[] = [];
  const replies: { id: string; reply: Reply }[] = [];
  const events: NodeEvent[] = [];
  const status: { current: Status } = { current: { role: 'follower', leader: null, epoch: 0, lastSlot: 0, commitSlot: 0, configurations: [] } };
  const ports: Ports = {
    now: () => 0, wallClock: () => 0, random: () => 0.5,
    send: (to, frame) => {
      const part = decodeFrame(frame, nodeBytes);
      if (typeof part === 'string') throw new Error(part);
      sent.push({ to, kind: part.kind, body: decodeBody(part.chunk, nodeBytes) });
    },
    append: (entries, durable) => writes.push({ entries, replaces: false, durable }),
    replace: (entries, durable) => writes.push({ entries, replaces: true, durable }),
    setTimer: () => {}, setAlarm: () => {}, clearTimer: () => {},
    emit: (event) => events.push(event),
    reply: (id, reply) => replies.push({ id, reply }),
    bytes: nodeBytes,
  };
  const seat = {
    self: more.self ?? 'n1', members: ['n1', 'n2', 'n3'], joining: false, addresses: { n1: '198.18.0.11' }, options: {},
    maxMessageBytes: 2000, frameBytes: 1400, atFollower: more.atFollower ?? 'forward', run: 'r', life: 1,
  } as const;
  const scripted = protocol<Json, Json, Json>({
    name: 'scripted', summary: '', defaults: {}, epochsRiseWithSlot: true,
    create: (env) => ({ start: () => {}, message: () => {}, timer: () => {}, commands: () => {}, status: () => status.current, ...script(env) }),
  });
  const replica = new Replica(scripted, seat, ports);
  const turn = () => {
    let turns = 0;
    do replica.turn(); while (replica.pending && ++turns < 10);
  };
  replica.deliver({ type: 'start', entries: [] });
  turn();
  const from = (peer: NodeId, body: Json, kind: 'message' | 'command' | 'reply' = 'message', run = 'r') => {
    for (const frame of encodeFrames({ run, from: peer, to: seat.self, life: 1, kind }, 0, nodeBytes.encode(JSON.stringify(body)), 1400, nodeBytes)) replica.receive(frame);
    turn();
  };
  const ask = (command: Command) => {
    replica.deliver({ type: 'command', command });
    turn();
  };
  return { replica, sent, writes, replies, events, status, turn, from, ask };
}

const put = (id: string): Command => ({ id, op: { type: 'put', key: 'x', value: id } });

describe('durability', () => {
  test('a send waits for every earlier persist, and for none that is later', () => {
    const lab = rig((env) => ({ message: () => {
      env.send('n2', 'before');
      env.persist('vote');
      env.send('n3', 'after');
      env.sendBeforeDurable('n2', 'early');
    } }));
    lab.from('n2', 'go');
    expect(lab.sent.map(({ body }) => body)).toEqual(['before', 'early']);
    lab.writes[0]?.durable();
    expect(lab.sent.map(({ body }) => body)).toEqual(['before', 'early', 'after']);
  });

  test('all that a turn persists is one append, in order; a checkpoint replaces what the turn had persisted before it', () => {
    const lab = rig((env) => ({ message: (_from, message) => {
      env.persist('a');
      if (message === 'checkpoint') env.checkpoint(['whole']);
      env.persist('b', 'c');
      env.send('n2', 'all of it');
    } }));
    lab.from('n2', 'go');
    lab.from('n2', 'checkpoint');
    for (const { durable } of lab.writes) durable();
    expect(lab.writes.map(({ entries, replaces }) => ({ entries, replaces }))).toEqual([
      { entries: ['a', 'b', 'c'], replaces: false },
      { entries: ['whole', 'b', 'c'], replaces: true },
    ]);
    expect(lab.sent).toHaveLength(2);
  });

  test('a message to self arrives in a later turn, only when durable', () => {
    const seen: Json[] = [];
    const lab = rig((env) => ({ message: (_from, message) => {
      seen.push(message);
      if (message !== 'go') return;
      env.persist('entry');
      env.send('n1', 'own vote');
    } }));
    lab.from('n2', 'go');
    expect(seen).toEqual(['go']);
    lab.writes[0]?.durable();
    expect(seen).toEqual(['go']);
    lab.turn();
    expect(seen).toEqual(['go', 'own vote']);
  });

  test('sendBeforeDurable to self is a bug', () => {
    const lab = rig((env) => ({ message: () => env.sendBeforeDurable('n1', 'x') }));
    expect(() => lab.from('n2', 'go')).toThrow(/never to self/);
  });

  test('a message above the limit is counted and not sent', () => {
    const lab = rig((env) => ({ message: () => env.send('n2', 'x'.repeat(3000)) }));
    lab.from('n2', 'go');
    expect(lab.sent).toEqual([]);
    expect(lab.replica.counters.oversized).toBe(1);
  });
});

describe('turns', () => {
  test('the commands of a turn come as one batch after its messages, then turn()', () => {
    const order: Json[] = [];
    const lab = rig(() => ({
      message: (_from, message) => order.push(message),
      commands: (batch) => order.push(batch.map(({ id }) => id)),
      turn: () => order.push('turn'),
    }));
    order.length = 0;
    lab.replica.deliver({ type: 'command', command: put('c1:1') });
    lab.replica.deliver({ type: 'message', from: 'n2', message: 'm' });
    lab.replica.deliver({ type: 'command', command: put('c2:1') });
    lab.turn();
    expect(order).toEqual(['m', ['c1:1', 'c2:1'], 'turn']);
  });

  test.each(['setTimer', 'setAlarm', 'clearTimer'] as const)('a timer that an earlier input of the turn touches by %s does not fire', (verb) => {
    const fired: string[] = [];
    const lab = rig((env) => ({ timer: (name) => fired.push(name), message: () => (verb === 'clearTimer' ? env.clearTimer('a') : env[verb]('a', 50)) }));
    lab.replica.deliver({ type: 'timer', name: 'b' });
    lab.replica.deliver({ type: 'message', from: 'n2', message: 'm' });
    lab.replica.deliver({ type: 'timer', name: 'a' });
    lab.turn();
    expect(fired).toEqual(['b']);
    lab.replica.deliver({ type: 'timer', name: 'a' });
    lab.turn();
    expect(fired).toEqual(['b', 'a']);
  });

  test('frames of another run, of strangers, to others and damaged ones are counted and dropped', () => {
    const seen: Json[] = [];
    const lab = rig(() => ({ message: (_from, message) => seen.push(message) }));
    lab.from('n2', 'x', 'message', 'other-run');
    lab.from('n9', 'x');
    lab.from('n1', 'x');
    lab.replica.receive(new Uint8Array([1, 2, 3]));
    const [frame] = encodeFrames({ run: 'r', from: 'n2', to: 'n1', life: 1, kind: 'message' }, 0, nodeBytes.encode('"ok"'), 1400, nodeBytes);
    lab.replica.receive((frame as Uint8Array).map((byte, index) => (index === 30 ? byte ^ 1 : byte)));
    lab.turn();
    expect(seen).toEqual([]);
    expect(lab.replica.counters).toEqual({ corrupt: 1, foreign: 4, oversized: 0 });
  });
});

describe('commits', () => {
  test('a gap in the slots is a bug', () => {
    const lab = rig((env) => ({ message: () => env.commit(null, { epoch: 1, slot: 2 }) }));
    expect(() => lab.from('n2', 'go')).toThrow(/commits slot 2 after slot 0/);
  });

  test('a client is answered once its command is applied; a retry is answered at once with the same', () => {
    const lab = rig((env) => ({ commands: ([command]) => command !== undefined && env.commit(command, { epoch: 4, slot: 1 }) }));
    lab.ask(put('c1:1'));
    lab.ask(put('c1:1'));
    const reply = { outcome: 'ok', value: null, at: { epoch: 4, slot: 1 } };
    expect(lab.replies).toEqual([{ id: 'c1:1', reply }, { id: 'c1:1', reply }]);
    expect(lab.events.filter(({ type }) => type === 'committed')).toHaveLength(1);
  });

  test('transactions are pending when placed, committed when applied, invalid when overtaken', () => {
    const lab = rig((env) => ({ message: (_from, message) => {
      if (message === 'place') env.place('c1:1', { epoch: 2, slot: 1 });
      else env.commit(put('c1:1'), { epoch: 3, slot: 1 });
    } }));
    expect(lab.replica.transaction({ epoch: 2, slot: 1 })).toBe('Unknown');
    lab.from('n2', 'place');
    expect(lab.replica.transaction({ epoch: 2, slot: 1 })).toBe('Pending');
    lab.from('n2', 'commit');
    expect(lab.replica.transaction({ epoch: 2, slot: 1 })).toBe('Invalid');
    expect(lab.replica.transaction({ epoch: 3, slot: 1 })).toBe('Committed');
    expect(lab.replica.transaction({ epoch: 2, slot: 9 })).toBe('Invalid');
    expect(lab.replica.transaction({ epoch: 3, slot: 9 })).toBe('Unknown');
  });

  test('a read outside the log waits for its slot', () => {
    const lab = rig((env) => ({
      commands: ([command]) => command !== undefined && env.serve(command, 1),
      message: () => env.commit(put('c1:1'), { epoch: 1, slot: 1 }),
    }));
    lab.ask({ id: 'c2:1', op: { type: 'get', key: 'x' } });
    expect(lab.replies).toEqual([]);
    lab.from('n2', 'commit');
    expect(lab.replies).toEqual([{ id: 'c2:1', reply: { outcome: 'ok', value: 'c1:1', at: { epoch: 1, slot: 1 } } }]);
  });

  test('a snapshot carries values and sessions to another replica, and never goes back', () => {
    let taken: Json = null;
    rig((env) => ({ message: () => {
      env.commit(put('c1:1'), { epoch: 1, slot: 1 });
      taken = env.snapshot().state;
    } })).from('n2', 'go');
    const lab = rig((env) => ({ message: (_from, message) => env.restore(taken, { epoch: 1, slot: message as number }) }));
    lab.from('n2', 5);
    lab.ask(put('c1:1'));
    expect(lab.replies[0]?.reply).toEqual({ outcome: 'ok', value: null, at: { epoch: 1, slot: 1 } });
    expect(lab.replica.transaction({ epoch: 1, slot: 3 })).toBe('Unknown');
    expect(() => lab.from('n2', 4)).toThrow(/goes back/);
  });
});

describe('commands at the wrong node', () => {
  const follower = (leader?: NodeId) => (env: Env<Json, Json, Json>): Script => ({ commands: (batch) => {
    for (const { id } of batch) env.reject(id, 'not-leader', leader);
  } });

  test('redirect: the client learns the leader, and the command certainly did not happen', () => {
    const lab = rig(follower('n2'), { atFollower: 'redirect' });
    lab.ask(put('c1:1'));
    expect(lab.replies).toEqual([{ id: 'c1:1', reply: { outcome: 'fail', reason: 'not-leader', leader: 'n2' } }]);
  });

  test('forward: the leader gets it and its answer is relayed', () => {
    const lab = rig(follower('n2'));
    lab.ask(put('c1:1'));
    expect(lab.sent).toEqual([{ to: 'n2', kind: 'command', body: put('c1:1') }]);
    const reply = { outcome: 'ok', value: null, at: { epoch: 1, slot: 1 } };
    lab.from('n2', { id: 'c1:1', reply }, 'reply');
    expect(lab.replies).toEqual([{ id: 'c1:1', reply }]);
  });

  test('forward: the leader answers the node that forwarded, and its own client that retries here', () => {
    const lab = rig((env) => ({ message: () => env.commit(put('c1:1'), { epoch: 1, slot: 1 }) }));
    lab.from('n3', put('c1:1'), 'command');
    lab.ask(put('c1:1'));
    lab.from('n2', 'commit');
    const reply = { outcome: 'ok', value: null, at: { epoch: 1, slot: 1 } };
    expect(lab.sent).toEqual([{ to: 'n3', kind: 'reply', body: { id: 'c1:1', reply } }]);
    expect(lab.replies).toEqual([{ id: 'c1:1', reply }]);
  });

  test('a command without a leader is held, and goes where the next leader is', () => {
    const lab = rig(follower());
    lab.ask(put('c1:1'));
    expect(lab.sent).toEqual([]);
    lab.status.current = { ...lab.status.current, leader: 'n3', epoch: 2 };
    lab.from('n2', 'anything');
    expect(lab.sent).toEqual([{ to: 'n3', kind: 'command', body: put('c1:1') }]);
  });

  test('a node that becomes the leader takes what it had forwarded', () => {
    const taken: string[] = [];
    let leads = false;
    const lab = rig((env) => ({ commands: (batch) => {
      for (const { id } of batch) if (leads) taken.push(id);
      else env.reject(id, 'not-leader', 'n2');
    } }));
    lab.ask(put('c1:1'));
    leads = true;
    lab.status.current = { ...lab.status.current, role: 'leader', leader: 'n1', epoch: 2 };
    lab.from('n2', 'anything');
    expect(taken).toEqual(['c1:1']);
  });

  test('two nodes that take each other for the leader do not play ping-pong', () => {
    const lab = rig(follower('n2'));
    lab.ask(put('c1:1'));
    for (let round = 0; round < 5; round++) lab.from('n2', put('c1:1'), 'command');
    expect(lab.sent.filter(({ kind }) => kind === 'command')).toHaveLength(1);
  });

  test('a refusal of what was forwarded or placed is unknown, never fail', () => {
    const lab = rig((env) => ({ commands: (batch) => {
      for (const { id } of batch) {
        env.place(id, { epoch: 1, slot: 1 });
        env.reject(id, 'busy');
      }
    } }));
    lab.ask(put('c1:1'));
    expect(lab.replies).toEqual([{ id: 'c1:1', reply: { outcome: 'unknown', reason: 'timeout' } }]);
  });

  test('malformed forwarded commands and replies are dropped', () => {
    const lab = rig(follower('n2'));
    for (const body of [null, 1, 'x', {}, { id: 'c1:1' }, { id: 'c1:1', op: { type: 'put', key: 1 } }, { id: 'c1', op: { type: 'get', key: 'x' } }]) lab.from('n2', body, 'command');
    expect(lab.replica.counters.corrupt).toBe(7);
    lab.ask(put('c1:1'));
    for (const body of [null, 1, {}, { id: 'c1:1' }, { id: 'c1:1', reply: { outcome: 'maybe' } }, { id: 'c9:1', reply: { outcome: 'ok' } }]) lab.from('n2', body, 'reply');
    expect(lab.replies).toEqual([]);
  });
});
