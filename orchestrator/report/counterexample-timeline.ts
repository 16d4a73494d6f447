// The calls of each process around a dead end, as bars from when they were asked to when they were answered. Places are those
// of the events of the key, one after the other, not times: what matters is only what came before what.
import type { Call } from '../checks/wgl.ts';
import type { HistoryCall } from '../histories/history.ts';
import { callInShort } from './counterexample-words.ts';
import { html, type Html } from './page/html.ts';

const STEP_PX = 46;
const ROW_PX = 46;
const NAME_PX = 74;
const BAR_PX = 14;
const CHARACTER_PX = 6.4;
/** Events shown before the first call that is stuck, and behind the dead end. */
const BEFORE = 14;
const AFTER = 5;
const MOST_EVENTS = 60;
const MOST_ROWS = 24;

type Shown = { readonly call: HistoryCall; readonly from: number; readonly to: number; readonly open: boolean; readonly kind: 'taken' | 'stuck' | 'open' | 'later'; readonly number: number | null };

/** order: the longest legal one; stuck: of which one would have to be next. */
export function timeline(calls: readonly HistoryCall[], order: readonly Call[], stuck: readonly Call[]): Html {
  const numbers = new Map(order.map((call, index) => [call, index + 1]));
  const blocked = new Set(stuck);
  const places = calls.flatMap(({ from, to }) => (to === Infinity ? [from] : [from, to])).sort((a, b) => a - b);
  const rank = new Map(places.map((place, index) => [place, index]));
  const deadline = Math.min(...stuck.map(({ to }) => to));
  const firstStuck = Math.min(...stuck.map(({ from }) => from));
  const lastRank = Math.min(places.length - 1, (rank.get(deadline) ?? 0) + AFTER);
  const firstRank = Math.max(0, (rank.get(firstStuck) ?? 0) - BEFORE, lastRank - MOST_EVENTS);
  const end = lastRank + 1;
  const shown = calls.map((call): Shown => {
    const open = call.to === Infinity;
    const number = numbers.get(call) ?? null;
    const kind = blocked.has(call) ? 'stuck' : number !== null ? 'taken' : open ? 'open' : 'later';
    return { call, from: rank.get(call.from) ?? 0, to: open ? end : rank.get(call.to) ?? end, open, kind, number };
  // Calls that were never answered and not needed are shown where they began, or every one of a long history would be.
  }).filter(({ from, to, open, kind }) => from < end && (kind === 'open' ? from >= firstRank : (open ? from : to) >= firstRank));
  const rows = rowsOf(shown);
  const width = NAME_PX + (end - firstRank) * STEP_PX + 8;
  const height = rows.length * ROW_PX + 26;
  const x = (at: number) => NAME_PX + Math.max(0, Math.min(end, at) - firstRank) * STEP_PX;
  const line = x((rank.get(deadline) ?? 0));
  return html`<div class="timeline"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Calls of each process around the dead end">
${rows.map((row, index) => rowOf(row, index * ROW_PX + 6, x, firstRank, width))}
<path class="dead-end" d="M${line} 0V${height - 18}"/><text class="dead-end" x="${line}" y="${height - 5}">one of the red calls must be before here</text></svg></div>`;
}

/** A row for each process, those that are stuck at the top when there are too many; calls of one process never overlap. */
function rowsOf(shown: readonly Shown[]): readonly (readonly [string, readonly Shown[]])[] {
  const rows = [...Map.groupBy(shown, ({ call }) => call.process)];
  const isStuck = (row: readonly Shown[]) => row.some(({ kind }) => kind === 'stuck');
  const kept = rows.length <= MOST_ROWS ? rows : [...rows.filter(([, row]) => isStuck(row)), ...rows.filter(([, row]) => !isStuck(row))].slice(0, MOST_ROWS);
  return kept.sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
}

function rowOf([process, row]: readonly [string, readonly Shown[]], top: number, x: (at: number) => number, firstRank: number, width: number): Html {
  const bars = [...row].sort((a, b) => a.from - b.from);
  return html`<path class="row" d="M${NAME_PX} ${top + 22 + BAR_PX / 2}H${width}"/><text class="process" x="0" y="${top + 33}">${process.length > 11 ? `${process.slice(0, 10)}…` : process}</text>${bars.map((bar, index) => {
    const left = x(bar.from);
    const room = x(bars[index + 1]?.from ?? Infinity) - left;
    const right = Math.max(left + 8, Math.min(x(bar.to), width - 4));
    const text = `${bar.number === null ? '' : `${bar.number}. `}${callInShort(bar.call.op, bar.call.value)}`;
    const most = Math.max(2, Math.floor(room / CHARACTER_PX));
    const edge = bar.from < firstRank ? ' cut' : '';
    return html`<rect class="call ${bar.kind}${bar.open ? ' never' : ''}${edge}" x="${left}" y="${top + 22}" width="${right - left}" height="${BAR_PX}" rx="3"><title>line ${bar.call.line}, process ${process}: ${text}${bar.open ? ', outcome unknown' : ''}</title></rect><text class="${bar.kind}" x="${left}" y="${top + 16}">${text.length > most ? `${text.slice(0, most - 1)}…` : text}</text>`;
  })}`;
}
