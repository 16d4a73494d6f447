// A space-time diagram as plain text: one line for each event, one column for each node; time runs downwards.
import type { NodeId } from '../../node/contract.ts';
import { CLIENTS, LAB } from './space-time-notes.ts';
import type { Item, Message, Section, SpaceTime } from './space-time.ts';

const TIME_CHARS = 10;
const COLUMN_CHARS = 14;

const SIGNS = { status: '●', durable: '▪', placed: '○', committed: '◆', down: '✕', up: '▲', client: '○', lab: '─', trace: '·', mark: '!' } as const;

type Line = { readonly atMs: number; readonly column: string; readonly text: string; readonly across: boolean };

export function spaceTimeText({ nodes, sections }: SpaceTime): string {
  const columns = [CLIENTS, ...nodes];
  const head = `${'s'.padStart(TIME_CHARS)}  ${columns.map((column) => column.padEnd(COLUMN_CHARS)).join('').trimEnd()}`;
  return [head, ...sections.flatMap((section, index) => [
    ...(index > 0 ? [`${' '.repeat(TIME_CHARS)}  ⋮ ${seconds(section.fromMs - (sections[index - 1]?.toMs ?? 0))} s later`] : []),
    ...(section.leftOut > 0 ? [`${' '.repeat(TIME_CHARS)}  (${section.leftOut} earlier events of this window are left out)`] : []),
    ...linesOf(section).map((line) => drawn(line, columns, section)),
  ])].join('\n') + '\n';
}

/** What one node sends to several at one time is one line. */
function linesOf({ items }: Section): readonly Line[] {
  const lines: Line[] = [];
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as Item;
    if (item.type === 'note') {
      lines.push({ atMs: item.atMs, column: item.column, text: `${SIGNS[item.kind]} ${item.text}`, across: item.column === LAB });
    } else if (item.type === 'received') {
      const { from, name, sentMs } = item.message;
      lines.push({ atMs: item.atMs, column: item.column, text: `← ${from} ${name}${sentMs === null ? '' : ` of ${seconds(sentMs)}`}`, across: false });
    } else {
      const messages = [item.message];
      for (let next = items[index + 1]; next?.type === 'sent' && next.column === item.column && next.atMs === item.atMs && next.message.name === item.message.name; next = items[index + 1]) {
        messages.push(next.message);
        index++;
      }
      lines.push({ atMs: item.atMs, column: item.column, text: `→ ${messages.map(receiver).join(' ')} ${item.message.name}`, across: false });
    }
  }
  return lines;
}

function receiver({ to, fate }: Message): string {
  return fate === 'arrived' ? to : `${to}(${fate})`;
}

function drawn({ atMs, column, text, across }: Line, columns: readonly string[], section: Section): string {
  const time = seconds(atMs).padStart(TIME_CHARS);
  if (across) return `${time}  ${text}`;
  const place = Math.max(0, columns.indexOf(column));
  const cell = (name: string) => lineSign(name, atMs, section).padEnd(COLUMN_CHARS);
  const before = columns.slice(0, place).map(cell).join('');
  const taken = Math.ceil((text.length + 1) / COLUMN_CHARS);
  const after = columns.slice(place + taken).map(cell).join('');
  return `${time}  ${before}${text.padEnd(taken * COLUMN_CHARS)}${after}`.trimEnd();
}

/** The line of a node: it leads, is up, or is down. */
function lineSign(name: NodeId, atMs: number, { roles }: Section): string {
  if (name === CLIENTS) return '';
  const state = roles.find((span) => span.node === name && span.fromMs <= atMs && atMs < span.toMs)?.state;
  if (state === 'down') return '';
  return state === 'leader' ? '┃' : state === 'paused' ? '┊' : '│';
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(4);
}
