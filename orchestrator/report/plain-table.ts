// A table of plain text: columns two spaces apart, no lines drawn.
import Table from 'cli-table3';

type Align = 'left' | 'right';
type Cell = string | { readonly colSpan: number; readonly hAlign: Align; readonly content: string };

const NO_LINES = Object.fromEntries(['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right',
  'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'].map((name) => [name, '']));

/** Its lines, the head's first; a cell may have several. */
export function plainTable(head: readonly string[], aligns: readonly Align[], rows: readonly (readonly Cell[])[]): readonly string[] {
  const table = new Table({
    head: [...head], chars: { ...NO_LINES, middle: '  ' }, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true }, colAligns: [...aligns],
  });
  for (const row of rows) table.push([...row]);
  return table.toString().split('\n').map((line) => line.trimEnd());
}
