// Space-time diagrams of hand-written runs and of simulated ones: what is drawn, what is called lost, and how much at most.
import { expect, test } from 'vitest';
import { Stream, get, put } from '../../test/event-stream.ts';
import type { NodeId } from '../../node/contract.ts';
import { prefixAgreement } from '../checks/prefix-agreement.ts';
import type { LabEvent } from '../kinds.ts';
import { spaceTimePage } from './space-time-page.ts';
import { spaceTimeSvg } from './space-time-svg.ts';
import { spaceTimeText } from './space-time-text.ts';
import { aroundSlot, aroundTime, aroundViolation } from './space-time-window.ts';
import { spaceTimeOf, type SpaceTimeRequest } from './space-time.ts';

const NODES = ['n1', 'n2', 'n3'];
const request = (fromMs: number, toMs: number, changes: Partial<SpaceTimeRequest> = {}): SpaceTimeRequest => ({ nodes: NODES, windows: [{ fromMs, toMs }], detail: 'messages', ...changes });

let frame = 0;
/** A message, and when it comes, unless never. */
function message(from: NodeId, to: NodeId, sentMs: number, receivedMs: number | null, name = 'vote'): LabEvent[] {
  const number = frame++;
  const own = { life: 1, sequence: 0, frame: number, bytes: 50 };
  const sent: LabEvent = { ...own, atMs: sentMs, node: from, type: 'sent', peer: to, peerLife: 1, message: name };
  return receivedMs === null ? [sent] : [sent, { ...own, atMs: receivedMs, node: to, type: 'received', peer: from, peerLife: 1 }];
}

function inOrder(...events: readonly LabEvent[]): readonly LabEvent[] {
  return [...events].sort((a, b) => a.atMs - b.atMs);
}

/** The lines of the text without their times and the lines of other nodes. */
function said(text: string): readonly string[] {
  return text.trimEnd().split('\n').slice(1).map((line) => line.slice(12).replaceAll(/[│┃┊]/g, '').trim().replaceAll(/ +/g, ' '));
}

test('a message is drawn from where it left to where it came, and one that never came is called lost', () => {
  const later = new Stream().at(100).commit('n1', 1, 'c1:1', put('k', 'v')).events;
  const diagram = spaceTimeOf(inOrder(...message('n1', 'n2', 10, 20), ...message('n1', 'n3', 10, null), ...later), request(0, 100));
  expect(said(spaceTimeText(diagram))).toEqual(['→ n2 n3(lost) vote', '← n1 vote of 0.0100', '◆ commits 1: put k=v (c1:1)']);
  expect(spaceTimeSvg(diagram).html.match(/class="message[^"]*"/g)).toEqual(['class="message missing"', 'class="message"']);
});

test('a message that could still come when the record ends is under way, not lost', () => {
  const diagram = spaceTimeOf(inOrder(...message('n1', 'n2', 0, 50), ...message('n2', 'n1', 60, null), ...message('n3', 'n1', 61, 90)), request(0, 100));
  expect(said(spaceTimeText(diagram))).toContain('→ n1(under way) vote');
});

test('one that comes after the window is not lost, and one that was sent before it comes from outside', () => {
  const events = inOrder(...message('n1', 'n2', 10, 60, 'early'), ...message('n2', 'n3', 55, 200, 'late'));
  const diagram = spaceTimeOf(events, request(50, 100));
  expect(said(spaceTimeText(diagram))).toEqual(['→ n3 late', '← n1 early of 0.0100']);
  expect(spaceTimeSvg(diagram).html.match(/class="message[^"]*"/g)).toEqual(['class="message early"', 'class="message early"']);
});

test('nodes say what they become, clients what they ask and hear, and faults stand across', () => {
  const stream = new Stream().at(1).fault('begin').action('crash', 'n1').at(2).status('n2', { role: 'leader', leader: 'n2', epoch: 2 }).at(3).invoke('c1:1', put('k', 'v'))
    .client({ type: 'attempt', client: 'c1', id: 'c1:1', to: 'n2' }).at(4).client({ type: 'attempt', client: 'c1', id: 'c1:1', to: 'n3' }).at(5)
    .commit('n2', 1, 'c1:1', put('k', 'v')).commit('n2', 2, 'c2:1', get('k')).at(6).ok('c1:1', 1).at(7).action('restart', 'n1').at(8).status('n1', { role: 'follower', leader: 'n2', epoch: 2 });
  expect(said(spaceTimeText(spaceTimeOf(stream.events, request(0, 10))))).toEqual([
    '─ fault crash n1 begins', '✕ crashes (disk: keep)', '● leader, epoch 2', '○ put k=v (c1:1) → n2', '○ c1:1 again → n3', '◆ commits 1–2', '○ c1:1 ok', '▲ restarts', '● follower of n2, epoch 2',
  ]);
});

test('of a busy window the last items are kept, and it is said how many are not', () => {
  const events = inOrder(...Array.from({ length: 500 }, (_, index) => message('n1', 'n2', index, index + 0.5)).flat());
  const [section] = spaceTimeOf(events, request(0, 1000, { maxItems: 20 })).sections;
  expect(section).toMatchObject({ leftOut: 980, fromMs: 490, items: { length: 20 } });
  const text = spaceTimeText(spaceTimeOf(events, request(0, 1000, { maxItems: 20 })));
  expect(text).toContain('(980 earlier events of this window are left out)');
  expect(text.split('\n')).toHaveLength(23);
});

test('around a fork, both commits are shown and the reason is marked', () => {
  const stream = new Stream().at(100).commit('n1', 3, 'c1:1', put('k', 'a')).at(9_000).commit('n2', 3, 'c2:1', put('k', 'b')).at(20_000).commit('n1', 4, 'c1:2', put('k', 'c'));
  const [first] = new Stream().at(100).commit('n1', 3, 'c1:1', put('k', 'a')).events;
  const verdict = { check: 'agreement', claim: 'agreement' as const, valid: false as const, because: 'slot 3 forks', witness: [{ atMs: first?.atMs ?? 0, slot: 3 }, { atMs: 9_000, slot: 3 }] };
  const view = aroundViolation(verdict, stream.events, 1_000);
  expect(view).toEqual({ windows: [{ fromMs: 0, toMs: 150 }, { fromMs: 8_000, toMs: 9_050 }], slot: 3, mark: { atMs: 9_000, text: 'agreement: slot 3 forks' } });
  const text = spaceTimeText(spaceTimeOf(stream.events, { ...request(0, 0), ...view }));
  expect(said(text)).toEqual(['◆ commits 3: put k=a (c1:1)', '⋮ 7.8500 s later', '◆ commits 3: put k=b (c2:1)', '! agreement: slot 3 forks']);
  expect(aroundSlot(3, stream.events, 1_000)).toEqual({ windows: view.windows, slot: 3 });
  expect(aroundSlot(99, stream.events, 1_000)).toBeNull();
});

test('the witness of a real check names the place', () => {
  const stream = new Stream().at(5).commit('n1', 1, 'c1:1', put('k', 'a')).at(70).commit('n2', 1, 'c2:1', put('k', 'b')).at(900).commit('n2', 2, 'c2:2', put('k', 'b'));
  expect(aroundViolation(stream.verdict(prefixAgreement), stream.events, 100)).toMatchObject({ windows: [{ fromMs: 0, toMs: 75 }], slot: 1, mark: { atMs: 70 } });
});

test('where the witness names operations, the time of their answers counts; where it names nothing, the end', () => {
  const stream = new Stream().at(10).invoke('c1:1', get('k')).at(40).ok('c1:1', 1).at(900).commit('n1', 1, 'c1:1', get('k'));
  const verdict = { check: 'x', claim: null, valid: false as const, because: 'y' };
  expect(aroundViolation({ ...verdict, witness: { stuck: [{ id: 'c1:1' }] } }, stream.events, 20).windows).toEqual([{ fromMs: 20, toMs: 41 }]);
  expect(aroundViolation(verdict, stream.events, 20).windows).toEqual([{ fromMs: 880, toMs: 901 }]);
});

test('the page is whole in itself, and what it shows is escaped', () => {
  const stream = new Stream().at(1).commit('n1', 1, 'c1:1', put('<script>', '"&'));
  const page = spaceTimePage(spaceTimeOf(stream.events, { ...request(0, 0), ...aroundTime(1, 10) }), 'a <i>', ['x & y']);
  expect(page).not.toMatch(/<script|<i>|src=|href="(?!data:)/);
  expect(page).toContain('put &lt;script&gt;=&quot;&amp; (c1:1)');
  expect(page).toContain('x &amp; y');
});
