// The page of `lab reproduce`: published tables, each with what was measured here beside it.
import type { Published } from '../../reproduce/published.ts';
import type { Reproduced } from '../../reproduce/verdict.ts';
import { cellsOf, HEAD, samplesOf } from '../../reproduce/words.ts';
import { documentOf } from './document.ts';
import { html, type Html } from './html.ts';

/** wrong: of runs that violate a claim or are invalid; leftOut: of the few that are void by chance. */
export type ReproducedTable = { readonly name: string; readonly published: Published; readonly rows: readonly Reproduced[]; readonly wrong: readonly string[]; readonly leftOut: readonly string[] };

const BADGES: { readonly [verdict in Reproduced['verdict']]: Html } = {
  ok: html`<span class="badge ok">✓ ok</span>`, differs: html`<span class="badge violated">✕ differs</span>`, refused: html`<span class="badge">! refused</span>`,
};

export function renderReproducedPage(tables: readonly ReproducedTable[]): string {
  const rows = tables.flatMap((table) => table.rows);
  const count = (verdict: Reproduced['verdict']) => rows.filter((row) => row.verdict === verdict).length;
  const others = [['differ', count('differs')], ['are refused, because chance alone may exceed their tolerance', count('refused')]] as const;
  return documentOf({
    title: 'Published tables', header: html`<h1><b>Published tables</b>, repeated in the simulator</h1>
<p class="headline">${count('ok')} of ${rows.length} rows are within their tolerance${others.map(([what, how]) => (how === 0 ? '' : `; ${how} ${what}`)).join('')}.</p>`,
    main: html`${tables.map(tableOf)}`,
    footer: 'Made by lab reproduce. Model: the closed form or the Monte Carlo that stands in the table; measured: the lab’s own protocols in its simulator. ± one standard error; in brackets the distance from what was published, and from the model.',
  });
}

function tableOf(table: ReproducedTable): Html {
  const { name, published, rows, wrong, leftOut } = table;
  return html`<section><h2>${published.title}</h2><p><b>${name}</b>, in ${published.unit}. ${published.source}.${published.conditions === '' ? '' : ` Here: ${published.conditions}.`} Measured of each row: ${samplesOf(rows)}.</p>
${wrong.length === 0 ? null : html`<p class="void">${wrong.join('; ')}</p>`}
${leftOut.length === 0 ? null : html`<p>Left out: ${leftOut.join('; ')}.</p>`}
<div class="scroll" tabindex="0" role="region" aria-label="${published.title}"><table><thead><tr>${HEAD.map((text, index) => html`<th scope="col"${index <= 1 || index === HEAD.length - 1 ? null : html` class="number"`}>${text}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${cellsOf(row, published).map((text, index) => cell(row, text, index))}</tr>`)}</tbody></table></div></section>`;
}

function cell(row: Reproduced, text: string, index: number): Html {
  if (index === 0) return html`<th scope="row">${text}</th>`;
  if (index === 1) return html`<td>${text}</td>`;
  return index === HEAD.length - 1 ? html`<td>${BADGES[row.verdict]}${row.because === '' ? null : html` <small>${row.because}</small>`}</td>` : html`<td class="number">${text}</td>`;
}
