// The explorer against counts known from elsewhere, its own bounds, and protocols that are wrong on purpose.
import { expect, test } from 'vitest';
import type { AnyProtocol, Command, Position } from '../../node/contract.ts';
import { stick } from '../../node/protocols/stick.ts';
import { toy } from '../../node/protocols/toy.ts';
import { choiceOf } from '../../orchestrator/explore/choices.ts';
import { converse, explorationOf, openExplorer } from '../../orchestrator/explore/exploration.ts';
import type { Request } from '../../orchestrator/explore/exploration.ts';
import { Explorer } from '../../orchestrator/explore/explorer.ts';
import { Locals } from '../../orchestrator/explore/locals.ts';
import type { Bounds } from '../../orchestrator/explore/successors.ts';
import { tellingBeforeDurable } from '../tamper.ts';
import { oneValue, singleDecree } from './single-decree.ts';

const NONE: Bounds = { commands: 0, crashes: 0, slowDisks: 0, duplicates: false, atOnce: [], timers: 0, clockMs: 0 };

const request = (protocol: AnyProtocol, bounds: Partial<Bounds>, changes: Partial<Request> = {}): Request => ({
  protocol, options: {}, nodes: 3, leader: null, bounds: { ...NONE, ...bounds }, maxMessageBytes: 60_000, disks: {}, ...changes,
});

function explored(asked: Request, { depth = 1_000, states = 100_000 } = {}) {
  const exploration = explorationOf(asked);
  const explorer = openExplorer(exploration, { depth, states });
  explorer.advance(Infinity);
  const moves = explorer.violation?.moves ?? [];
  return { explorer, ...converse(exploration, moves.map((move) => choiceOf(move, explorer.locals))) };
}

test('single-decree Paxos with 3 servers and 2 clients has the 16,668 states that Stateright counts', () => {
  const { setting, bounds } = explorationOf(request(singleDecree, {}, { nodes: 5 }));
  const explorer = new Explorer(new Locals(setting, oneValue), bounds, ['agreement'], { depth: 1_000, states: 100_000 });
  explorer.advance(Infinity);
  expect([explorer.violation, explorer.cut]).toEqual([null, null]);
  expect(explorer.progress.states).toBe(16_668);
});

const early = tellingBeforeDurable(toy);

test('the toy keeps its claims in every state of a small cluster', () => {
  const { explorer } = explored(request(toy, { commands: 1, crashes: 1, timers: 1 }));
  expect([explorer.violation, explorer.cut]).toEqual([null, null]);
  expect(explorer.progress.states).toBeGreaterThan(1_000);
});

test('a leader that tells others before it is durable forks, by a crash inside its flush', () => {
  const { explorer, violated, conversation } = explored(request(early, { commands: 2, crashes: 1, timers: 1 }));
  expect(explorer.violation).toMatchObject({ claim: 'agreement' });
  expect(violated.map(({ check }) => check)).toContain('prefix-agreement');
  expect(conversation.lines.join('\n')).toMatch(/n1 crashes in this write; nothing of one write reaches the disk/);
});

test('what is found takes as few steps as it can: with one step less nothing is found', () => {
  const steps = explored(request(early, { commands: 2, crashes: 1, timers: 1 })).explorer.violation?.moves.length ?? 0;
  const shorter = explored(request(early, { commands: 2, crashes: 1, timers: 1 }), { depth: steps - 1 }).explorer;
  expect(steps).toBeGreaterThan(4);
  expect([shorter.violation, shorter.cut]).toEqual([null, 'depth']);
});

test('an assertion that fails on the way is a violation of the contract', () => {
  const gap: AnyProtocol = { ...toy, create: (env) => {
    const commit = env.commit.bind(env);
    return toy.create(Object.assign(env, { commit: (command: Command | null, at: Position) => commit(command, { ...at, slot: at.slot + 1 }) }));
  } };
  const { explorer, conversation } = explored(request(gap, { commands: 1 }));
  expect(explorer.violation).toMatchObject({ claim: null, because: 'assertion: n1 commits slot 2 after slot 0' });
  expect(conversation.failed).toBe('assertion: n1 commits slot 2 after slot 0');
});

test('a machine whose state cannot be seen is refused', () => {
  const closed: AnyProtocol = { ...toy, create: (env) => Object.assign(toy.create(env), { late: () => 1 }) };
  expect(() => explored(request(closed, {}))).toThrow(/its field late holds a function/);
});

test('a limit of states cuts it short, and says so', () => {
  const { explorer } = explored(request(toy, { commands: 2, crashes: 1, timers: 2 }), { states: 2_000 });
  expect(explorer.cut).toBe('states');
  expect(explorer.progress.states).toBeLessThan(2_100);
});

test('a node is as its disk is given', () => {
  const entry = { id: 'c9:1', op: { type: 'put', key: 'x', value: '9' } };
  const { explorer, conversation, violated } = explored(request(toy, {}, { disks: { n1: [entry], n2: [entry] } }));
  expect([explorer.violation, violated]).toEqual([null, []]);
  expect(conversation.events.filter(({ type }) => type === 'placed').length).toBeGreaterThanOrEqual(2);
});

test.each([
  ['by a Consensus that is lost', []],
  ['where every Consensus arrives at once, at clocks that are elsewhere', ['consensus']],
])('STICK as it is written forks %s', (_, atOnce) => {
  const asked = request(stick, { commands: 1, clockMs: 3_000, atOnce }, { options: { variant: 'literal' } });
  const exploration = explorationOf(asked);
  const explorer = openExplorer(exploration, { depth: 17, states: 200_000 });
  explorer.advance(Infinity);
  expect(explorer.violation).toBeNull();
  const fork = explorer.findings.get('agreement');
  const { violated } = converse(exploration, (fork?.moves ?? []).map((move) => choiceOf(move, explorer.locals)));
  expect(violated.map(({ check }) => check)).toContain('prefix-agreement');
});
