// The path of one commit as a space-time diagram: its messages between the nodes' lines, its waits as bars on them, and beside
// them the messages of the same step that did not decide.
import { PARTS, type Beside, type CommitPath, type Segment } from '../attribution/parts.ts';
import type { NodeId } from '../../node/contract.ts';
import { partName } from './attribution-words.ts';
import { formatMs } from './figures.ts';
import { CLIENTS, type NoteKind } from './space-time-notes.ts';
import type { Bar, Item, Message, SpaceTime } from './space-time.ts';

const DISK = new Set<Segment['part']>(['follower-fsync', 'leader-fsync']);
/** A wait shorter than this is no bar; in ms. */
const LEAST_BAR_MS = 0.01;

/** tick: what the protocol waits for by the clock. */
export function commitDiagram(path: CommitPath, nodes: readonly NodeId[], tick: string | null): SpaceTime {
  const items: Item[] = [];
  const bars: Bar[] = [];
  const first = path.segments[0];
  const last = path.segments.at(-1);
  if (first !== undefined) items.push(note('client', CLIENTS, first.fromMs, `${path.id} is to be sent`));
  for (const segment of joined(path.segments)) {
    if (segment.to !== null) items.push(...hop(segment.from, segment.to, segment.fromMs, segment.toMs, hopName(segment)));
    else if (segment.toMs - segment.fromMs >= LEAST_BAR_MS) {
      const text = `${segment.part === null ? 'unexplained' : partName(segment.part, tick)} ${formatMs(segment.toMs - segment.fromMs)}`;
      const kind = DISK.has(segment.part) ? 'disk' : segment.part === 'wait' ? 'clock' : segment.part === null ? 'unexplained' : 'queue';
      bars.push({ column: segment.from, fromMs: segment.fromMs, toMs: segment.toMs, kind });
      items.push(note(kind === 'disk' ? 'durable' : 'trace', segment.from, segment.toMs, text));
    }
  }
  for (const message of path.beside) items.push(...besideItems(message));
  if (last !== undefined) items.push(note('client', CLIENTS, last.toMs, `${path.id} ok after ${formatMs(path.totalMs)} ms`));
  const ordered = items.map((item, index) => ({ item, index })).sort((a, b) => a.item.atMs - b.item.atMs || rank(a.item) - rank(b.item) || a.index - b.index).map(({ item }) => item);
  return { nodes, detail: 'messages', sections: [{ fromMs: first?.fromMs ?? 0, toMs: last?.toMs ?? 0, items: ordered, leftOut: 0, roles: [], bars }] };
}

/** What ends at a time stands before what begins then. */
function rank(item: Item): number {
  return item.type === 'received' ? 0 : item.type === 'note' ? 1 : 2;
}

function note(kind: NoteKind, column: string, atMs: number, text: string): Item {
  return { type: 'note', kind, atMs, column, text, marked: false };
}

function hop(from: string, to: string, fromMs: number, toMs: number | null, name: string, aside = false): readonly Item[] {
  const message: Message = { from, to, name, sentMs: fromMs, fate: toMs === null ? 'under way' : 'arrived', aside };
  return [{ type: 'sent', atMs: fromMs, column: from, message }, ...(toMs === null ? [] : [{ type: 'received', atMs: toMs, column: to, message } as const])];
}

function besideItems({ from, to, fromMs, toMs, message }: Beside): readonly Item[] {
  return hop(from, to, fromMs, toMs, toMs === null ? `${message}, after the answer or never` : `${message} ${formatMs(toMs - fromMs)}`, true);
}

function hopName({ part, message, fromMs, toMs }: Segment): string {
  return `${message ?? PARTS.find(({ name }) => name === part)?.short ?? 'a message'} ${formatMs(toMs - fromMs)}`;
}

/** Waits of one kind at one node, one after the other, are one. */
function joined(segments: readonly Segment[]): readonly Segment[] {
  const all: Segment[] = [];
  for (const segment of segments) {
    const before = all.at(-1);
    if (before !== undefined && before.to === null && segment.to === null && before.part === segment.part && before.from === segment.from) all[all.length - 1] = { ...before, toMs: segment.toMs };
    else all.push(segment);
  }
  return all;
}
