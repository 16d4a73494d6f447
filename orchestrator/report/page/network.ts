// The certificate on the page: for each set-up a matrix of what its links were to do and what the probes show that they did.
// A link that is out of tolerance is marked by a sign and a colour; all figures of a link show when it is pointed at.
import type { Certificate, CertificateRow } from '../../../netem/certificate.ts';
import { formatMs } from '../figures.ts';
import { html, type Html } from './html.ts';
import { type RunGroup, titleOf } from './run-group.ts';

/** A wider matrix is read in summary.json; the page lists the links that stand out. */
const MAX_PLACES = 16;
const MAX_LISTED = 20;
const SIGNS: { readonly [verdict in CertificateRow['verdict']]: string } = { ok: '', out: '✕ ', unverified: '? ' };
const WORDS: { readonly [verdict in Certificate['verdict']]: string } = { ok: 'as configured', out: 'NOT as configured', unverified: 'not shown to be as configured' };

/** null: no run was probed. */
export function networkSection(groups: readonly RunGroup[]): Html | null {
  const probed = groups.flatMap((group) => {
    const { certificate } = group.shown.summary;
    return certificate === undefined ? [] : [{ group, certificate }];
  });
  if (probed.length === 0) return null;
  const exact = probed.filter(({ group, certificate }) => group.shaper === 'sim' && certificate.verdict === 'ok');
  const shown = probed.filter((each) => !exact.includes(each));
  return html`<section><h2>The network, configured and achieved</h2><p>Probes over the protocol's own path, one way by one clock, before each run. Median delay in ms, below it what was asked. ✕ out of tolerance, ? could not be shown.</p>
${exact.length === 0 ? null : html`<p>Exact, as measured in the simulator: ${exact.map(({ group }) => group.label).join(', ')}.</p>`}
${shown.map(({ group, certificate }) => details(titleOf(group, group.shown), certificate))}</section>`;
}

function details(title: string, certificate: Certificate): Html {
  const { verdict, worstMs, rows, breaches } = certificate;
  const oneWay = rows.filter(({ trip }) => trip === 'one-way');
  const round = rows.filter(({ trip }) => trip === 'round');
  const worst = worstMs === null ? '' : `, medians off by ${formatMs(worstMs)} ms at most`;
  const summary = html`<summary>${title}: ${WORDS[verdict]}${worst}</summary>`;
  const body = html`${breaches.length === 0 ? null : html`<ul>${breaches.slice(0, MAX_LISTED).map(({ text, bars }) => html`<li>${bars === 'run' ? '✕ ' : ''}${text}${bars === 'run' ? '' : ' (no baseline)'}</li>`)}${breaches.length > MAX_LISTED ? html`<li>${breaches.length - MAX_LISTED} more</li>` : null}</ul>`}
${matrix(`Links of ${title}`, 'from \\ to', oneWay)}${round.length === 0 ? null : html`<p>Round trips of clients over HTTP:</p>${matrix(`Round trips of the clients of ${title}`, 'clients \\ node', round)}`}`;
  return verdict === 'out' ? html`<details open>${summary}${body}</details>` : html`<details>${summary}${body}</details>`;
}

function matrix(caption: string, corner: string, rows: readonly CertificateRow[]): Html {
  const froms = [...new Set(rows.map(({ from }) => from))];
  const tos = [...new Set(rows.map(({ to }) => to))].sort((a, b) => froms.indexOf(a) - froms.indexOf(b));
  if (froms.length > MAX_PLACES || tos.length > MAX_PLACES) return html`<p>${rows.length} links; each is in summary.json.</p>`;
  const cells = new Map(rows.map((row) => [`${row.from} ${row.to}`, row]));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="matrix"><caption class="unseen">${caption}</caption>
<thead><tr><th scope="col">${corner}</th>${tos.map((to) => html`<th scope="col" class="number">${to}</th>`)}</tr></thead>
<tbody>${froms.map((from) => html`<tr><th scope="row">${from}</th>${tos.map((to) => cell(cells.get(`${from} ${to}`)))}</tr>`)}</tbody></table></div>`;
}

function cell(row: CertificateRow | undefined): Html {
  if (row === undefined) return html`<td class="number">–</td>`;
  const { verdict, delayMs, configured } = row;
  return html`<td class="number ${verdict}" title="${allOf(row)}">${SIGNS[verdict]}<b>${delayMs === null ? 'none' : formatMs(delayMs.p50)}</b><small>${formatMs(configured.delayMs)}</small></td>`;
}

/** Every figure of a link, in words. */
function allOf({ from, to, trip, configured, sent, arrived, delayMs, errorMs, late, duplicates, during, unverified }: CertificateRow): string {
  const ms = (value: number | null) => (value === null ? '–' : formatMs(value));
  const { jitterMs, lossPct, lossBurst } = configured;
  return [
    `${from} ${trip === 'round' ? '↔' : '→'} ${to}: asked ${ms(configured.delayMs)} ms${jitterMs > 0 ? ` ± ${ms(jitterMs)}` : ''}${lossPct > 0 ? `, loss ${lossPct} %${lossBurst === null ? '' : ` in bursts of ${lossBurst}`}` : ''}`,
    `delay min ${ms(delayMs?.min ?? null)}, p50 ${ms(delayMs?.p50 ?? null)}, p95 ${ms(delayMs?.p95 ?? null)}, p99 ${ms(delayMs?.p99 ?? null)}, mean ${ms(delayMs?.mean ?? null)}, deviation ${ms(delayMs?.sd ?? null)} ms`,
    errorMs === null ? [] : `off by ${errorMs.p50.toFixed(2)} ms (median)`,
    `${arrived} of ${sent} probes arrived, ${late} out of order, ${duplicates} twice`,
    during === null ? [] : `during the run: ${during.samples} probes, least ${during.minErrorMs.toFixed(2)} ms off`,
    unverified.map((text) => `not shown: ${text}`),
  ].flat().join('; ');
}
