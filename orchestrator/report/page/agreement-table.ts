// The same plan in several worlds, on the page: a row for each protocol and pair, with the verdict, and what explains a gap.
import type { Summary } from '../../kinds.ts';
import { type Agreement, agreementsOf, cellsOf, gapsOf, rulesOf } from '../agreement.ts';
import { html, type Html } from './html.ts';
import { grouped } from './scale.ts';

const BADGES: { readonly [verdict in Agreement['verdict']]: Html } = {
  agree: html`<span class="badge ok">✓ agree</span>`, explained: html`<span class="badge">! explained</span>`, differ: html`<span class="badge violated">✕ differ</span>`,
};

/** null: there is only one world. */
export function agreementSection(summaries: readonly Summary[]): Html | null {
  const agreements = agreementsOf(summaries);
  if (agreements.length === 0) return null;
  const gaps = agreements.flatMap(gapsOf);
  const heads = agreements[0]?.figures.map(({ metric }) => metric) ?? [];
  return html`<section><h2>Agreement of worlds</h2><p>The same plan, each two worlds it ran in: first, second, and the ratio of the second to the first. ${rulesOf(agreements)}.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Agreement of worlds"><table><thead><tr><th scope="col">protocol</th><th scope="col">first – second</th>${heads.map((head) => html`<th scope="col" class="number">${head}</th><th scope="col" class="number">ratio</th>`)}<th scope="col">verdict</th></tr></thead>
<tbody>${agreements.map((agreement) => html`<tr><th scope="row">${agreement.label}</th><td>${agreement.reference} – ${agreement.runner}</td>${agreement.figures.map((figure) => figureCells(cellsOf(figure)))}<td>${BADGES[agreement.verdict]}</td></tr>`)}</tbody></table></div>
${gaps.length === 0 ? null : html`<ul>${gaps.map((text) => html`<li>${text}</li>`)}</ul>`}</section>`;
}

function figureCells([first, second, ratio]: readonly [string, string, string]): Html {
  return html`<td class="number">${grouped(first)} – ${grouped(second)}</td><td class="number">${ratio}</td>`;
}
