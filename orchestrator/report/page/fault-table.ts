// What each fault cost, over the repetitions of a set-up: its steps, and the operations of each client region.
import { faultRanges } from '../experiment.ts';
import { rangeInWords } from '../fault-words.ts';
import { formatMs } from '../figures.ts';
import { nameOf } from './chart.ts';
import { number, table, words } from './details.ts';
import { html, type Html } from './html.ts';
import { titleOf, type RunGroup } from './run-group.ts';
import { grouped } from './scale.ts';

const NOTHING = '–';
const STEPS = ['detected', 'elected', 'committed', 'recovered', 'outage'] as const;
const OPERATIONS = ['failed', 'stalled'] as const;
/** Of a region, as a figure is named. */
const OUTAGE = 'outage ';

type Row = readonly (Html | string)[];

/** null: no fault left a window. */
export function faultTable(groups: readonly RunGroup[]): Html | null {
  const steps: Row[] = [];
  const regions: Row[] = [];
  for (const group of groups) {
    for (const { fault, index, figures, known, runs } of faultRanges(group.runs.map(({ summary }) => summary))) {
      if ((known['failed'] ?? 0) === 0) continue;
      const cell = (name: string, format: (value: number) => string) => twoLines(rangeInWords(figures[name], format, { known: known[name] ?? 0, runs }) ?? NOTHING);
      const of = [nameOf({ name: titleOf(group, null), hue: group.hue }), `${index + 1}. ${fault}`];
      steps.push([...of, ...STEPS.map((name) => cell(name, ms)), ...OPERATIONS.map((name) => cell(name, String))]);
      for (const name of Object.keys(figures).filter((each) => each.startsWith(OUTAGE))) {
        const region = name.slice(OUTAGE.length);
        regions.push([...of, region, cell(name, ms), ...OPERATIONS.map((operation) => cell(`${operation} ${region}`, String))]);
      }
    }
  }
  if (steps.length === 0) return null;
  const operations = [number('failed'), number('stalled')];
  const first = [words('set-up'), words('fault')];
  return html`${table('What each fault cost', [...first, number('noticed (ms)'), number('leader (ms)'), number('commits (ms)'), number('as before (ms)'), number('longest gap (ms)'), ...operations], steps)}
<details><summary>By client region</summary>${table('What each fault cost the clients of each region', [...first, words('clients in'), number('longest without an answer (ms)'), ...operations], regions)}</details>`;
}

function ms(value: number): string {
  return grouped(formatMs(value));
}

/** The range below the median. */
function twoLines(text: string): Html {
  const at = text.search(/ \(| in /);
  return at < 0 ? html`${text}` : html`${text.slice(0, at)}<br><small>${text.slice(at + 1)}</small>`;
}
