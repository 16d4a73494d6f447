// What an event of a run says in a space-time diagram, in a few words; what repeats or says nothing there is left out.
import type { Json, NodeId, Status } from '../../node/contract.ts';
import type { Reply } from '../../node/replica.ts';
import { commandInWords } from '../checks/words.ts';
import type { Action, LabEvent, Selector } from '../kinds.ts';

/** Where a note stands: a node, or one of these. */
export const CLIENTS = 'clients';
export const LAB = 'lab';
export type NoteKind = 'status' | 'durable' | 'placed' | 'committed' | 'down' | 'up' | 'client' | 'lab' | 'trace' | 'mark';
export type Note = { readonly type: 'note'; readonly kind: NoteKind; readonly atMs: number; readonly column: string; text: string; readonly marked: boolean };
const MAX_CHARS = 80;

/** What is done to a node, and stands on its line. */
const DONE_TO: { readonly [type in Action['type']]?: readonly [NoteKind, string] } = {
  crash: ['down', 'crashes'], stop: ['down', 'is stopped'], restart: ['up', 'restarts'], start: ['up', 'starts'], pause: ['down', 'is paused'], resume: ['up', 'goes on'],
  detach: ['down', 'loses its network'], attach: ['up', 'has its network again'],
};

export class Notes {
  readonly #nodes: ReadonlySet<NodeId>;
  readonly #slot: number | null;
  readonly #status = new Map<NodeId, Status>();
  /** Of the last commits joined, by note. */
  readonly #commits = new WeakMap<Note, { readonly first: number; last: number; readonly words: string }>();

  constructor(nodes: readonly NodeId[], slot: number | null) {
    this.#nodes = new Set(nodes);
    this.#slot = slot;
  }

  of(event: LabEvent): readonly Note[] {
    const note = (kind: NoteKind, column: string, text: string, marked = false): Note => ({ type: 'note', kind, atMs: event.atMs, column, text: shortened(text), marked });
    if (event.node === 'load') return clientWords(event).map((text) => note('client', CLIENTS, text));
    if (event.node === 'lab') return this.#ofLab(event, note);
    if (!this.#nodes.has(event.node)) return [];
    switch (event.type) {
      case 'status': {
        const text = this.#statusWords(event.node, event.status);
        return text === null ? [] : [note('status', event.node, text)];
      }
      case 'durable':
        return [note('durable', event.node, event.entries === 1 ? 'an entry is durable' : `${event.entries} entries are durable`)];
      case 'placed':
        return event.at.slot === this.#slot ? [note('placed', event.node, `places ${event.id} at ${event.at.epoch}.${event.at.slot}`)] : [];
      case 'committed': {
        const { slot } = event.at;
        const words = commandInWords(event.command);
        const made = note('committed', event.node, `commits ${slot}: ${words}`, slot === this.#slot);
        this.#commits.set(made, { first: slot, last: slot, words });
        return [made];
      }
      case 'trace':
        return [note('trace', event.node, `${event.name}${event.detail === undefined ? '' : ` ${inWords(event.detail)}`}`)];
      default:
        return [];
    }
  }

  /** true: `next` is said in `last`, which has changed. */
  joined(last: Note, next: Note): boolean {
    if (last.column !== next.column || last.atMs !== next.atMs || last.marked || next.marked) return false;
    const before = this.#commits.get(last);
    const after = this.#commits.get(next);
    if (before !== undefined && after !== undefined && after.first === before.last + 1) {
      before.last = after.last;
      last.text = `commits ${before.first}–${before.last}`;
      return true;
    }
    const [id] = next.text.split(' again');
    if (last.kind !== 'client' || next.kind !== 'client' || id === next.text || !last.text.includes(`(${id})`) || last.text.includes('→')) return false;
    last.text = shortened(`${last.text}${next.text.slice(next.text.indexOf(' →'))}`);
    return true;
  }

  #ofLab(event: LabEvent, note: (kind: NoteKind, column: string, text: string) => Note): readonly Note[] {
    switch (event.type) {
      case 'action': {
        const done = DONE_TO[event.action.type];
        if (done === undefined) return [note('lab', LAB, actionInWords(event.action, event.nodes))];
        const kept = event.action.type === 'crash' ? ` (disk: ${event.action.disk})` : '';
        return event.nodes.map((node) => note(done[0], node, `${done[1]}${kept}`));
      }
      case 'fault':
        return [note('lab', LAB, `fault ${[event.name, ...event.nodes].join(' ')} ${event.phase === 'begin' ? 'begins' : 'ends'}`)];
      case 'submitted':
        return [note('lab', LAB, `asks for ${commandInWords(event.command)}`)];
      case 'answered':
        return [note('lab', LAB, replyWords(event.id, event.reply))];
      case 'scheduled-links':
        return [note('lab', LAB, 'links change by plan')];
      default:
        return [];
    }
  }

  #statusWords(node: NodeId, status: Status): string | null {
    const before = this.#status.get(node);
    this.#status.set(node, status);
    const members = status.configurations.map((configuration) => configuration.members.join(' ')).join(' | ');
    const same = before !== undefined && before.role === status.role && before.leader === status.leader && before.epoch === status.epoch;
    const changed = before !== undefined && before.configurations.map((configuration) => configuration.members.join(' ')).join(' | ') !== members;
    if (same) return changed ? `members: ${members}` : null;
    const leader = status.leader === null ? '' : status.leader === node ? '' : ` of ${status.leader}`;
    return `${status.role}${leader}, epoch ${status.epoch}${changed ? `, members: ${members}` : ''}`;
  }
}

function clientWords(event: LabEvent): readonly string[] {
  switch (event.type) {
    case 'invoke':
      return [commandInWords(event.command)];
    case 'attempt':
      return [`${event.id} again → ${event.to}`];
    case 'reply':
      return [replyWords(event.id, event.reply)];
    default:
      return [];
  }
}

function replyWords(id: string, reply: Reply): string {
  if (reply.outcome === 'ok') return `${id} ok${reply.value === null ? '' : `: ${reply.value}`}`;
  return `${id} ${reply.outcome === 'fail' ? 'failed' : 'unknown'}: ${reply.reason}`;
}

function selectorWords(selector: Selector): string {
  return typeof selector === 'string' ? selector : `region ${selector.region}`;
}

function sideWords(to: readonly Selector[] | 'others'): string {
  return to === 'others' ? 'the others' : to.map(selectorWords).join(' ');
}

function actionInWords(action: Action, nodes: readonly NodeId[]): string {
  const on = nodes.length === 0 ? '' : ` of ${nodes.join(' ')}`;
  switch (action.type) {
    case 'cut':
      return action.cuts === null ? `${action.overlay} heals` : `cut: ${action.cuts.map(({ from, to }) => `${sideWords(from)} → ${sideWords(to)}`).join(', ')}`;
    case 'links':
      return action.changes === null ? `${action.overlay} ends` : `links: ${action.changes.map(({ from, to, change }) => `${sideWords(from)} → ${sideWords(to)} ${inWords(change as Json)}`).join(', ')}`;
    case 'clock':
    case 'disk':
      return action.change === null ? `${action.type}${on} as planned again` : `${action.type}${on}: ${inWords(action.change)}`;
    case 'limit':
      return `limits${on}: ${action.cpus ?? 'all'} cpus, ${action.memoryBytes ?? 'planned'} bytes`;
    case 'load':
      return `arrivals × ${action.factor}`;
    case 'reconfigure':
      return ['reconfigure', ...action.add.map((each) => `+${selectorWords(each)}`), ...action.remove.map((each) => `-${selectorWords(each)}`)].join(' ');
    default:
      return `${action.type} ${nodes.join(' ')}`;
  }
}

/** Without the quotes of JSON. */
function inWords(value: Json): string {
  return (JSON.stringify(value) ?? '').replaceAll('"', '');
}

function shortened(text: string): string {
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS - 1)}…`;
}
