// The page of `lab check`: for each history that is not linearizable, how far an order comes that explains the answers, the
// state there, and why nothing can be next. Whole in itself, asks for nothing.
import type { Call } from '../checks/wgl.ts';
import { counted, operationInWords } from '../checks/words.ts';
import type { HistoryCall } from '../histories/history.ts';
import type { JudgedHistory } from '../histories/judge.ts';
import type { Model } from '../kinds.ts';
import { timeline } from './counterexample-timeline.ts';
import { answerInWords, stateInWords, whyNot } from './counterexample-words.ts';
import { documentOf } from './page/document.ts';
import { html, type Html } from './page/html.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- any format's or workload's model
export type CounterexampleRow = JudgedHistory & { readonly name: string; readonly model: Model<any> };

const MOST_DRAWN = 20;
const MOST_LISTED = 1_000;
const MOST_PREFIX = 300;
const MOST_STUCK = 40;

// A narrow screen shows the right end of the timeline first: there is what is stuck.
const OWN_STYLE = `.timeline{overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 12px 4px}
.timeline{direction:rtl}
.timeline svg{display:block;margin-right:auto;direction:ltr}
.timeline text{font-size:11.5px;fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:3px}
.timeline .process{font-weight:600;font-size:13px}
.row{stroke:var(--grid)}
.call{stroke-width:1.2}
.call.taken{fill:var(--good-back);stroke:var(--good)}
.call.stuck{fill:var(--bad-back);stroke:var(--bad);stroke-width:2}
.call.open{fill:var(--warn-back);stroke:var(--warn)}
.call.later{fill:var(--page);stroke:var(--muted)}
.call.never{stroke-dasharray:4 3}
.timeline text.stuck{fill:var(--bad);font-weight:600}
.timeline text.later,.timeline text.open{fill:var(--muted)}
path.dead-end{stroke:var(--bad);stroke-width:1.4;stroke-dasharray:5 4}
.timeline text.dead-end{fill:var(--bad);text-anchor:end;font-size:11px}
.swatch{display:inline-block;width:22px;height:11px;border-radius:3px;border:1.4px solid;vertical-align:-1px;margin:0 3px 0 10px}
.swatch.taken{background:var(--good-back);border-color:var(--good)}.swatch.stuck{background:var(--bad-back);border-color:var(--bad)}
.swatch.open{background:var(--warn-back);border-color:var(--warn);border-style:dashed}.swatch.later{background:var(--page);border-color:var(--muted)}
.case h2{overflow-wrap:anywhere}.case td{overflow-wrap:anywhere}
@media (max-width:760px){thead th{white-space:normal}
.judged thead{display:none}.judged tr{display:block;padding:8px 0;border-bottom:1px solid var(--rule)}.judged tr>*{display:block;border:0;padding:1px 0;text-align:left;overflow-wrap:anywhere}.judged .number::after{content:' operations'}}`;

const WORDS = new Map<boolean | 'unknown', readonly [style: string, word: string]>([[true, ['ok', 'ok']], [false, ['violated', 'violated']], ['unknown', ['', 'unknown']]]);

export function counterexamplePage(rows: readonly CounterexampleRow[], title: string): string {
  const violated = rows.filter(({ linearizable }) => linearizable === false);
  const unknown = rows.filter(({ linearizable }) => linearizable === 'unknown').length;
  return documentOf({
    title, style: OWN_STYLE,
    header: html`<h1><b>${title}</b> · linearizability</h1><p class="headline">${headline(rows.length, violated.length, unknown)}</p>`,
    main: html`${violated.slice(0, MOST_DRAWN).map(caseOf)}
${violated.length > MOST_DRAWN ? html`<p>${violated.length - MOST_DRAWN} more that are not linearizable are listed below only.</p>` : null}
<section><h2>All that was judged</h2><div class="scroll judged"><table><thead><tr><th>History</th><th>Verdict</th><th class="number">Operations</th><th>Because</th></tr></thead><tbody>${rows.slice(0, MOST_LISTED).map(listed)}</tbody></table></div>${rows.length > MOST_LISTED ? html`<p>${rows.length - MOST_LISTED} more are not listed.</p>` : null}</section>`,
    footer: 'Made by consensus-lab. A history is linearizable if some order of its operations, each at a moment between its call and its answer, explains every answer.',
  });
}

function headline(all: number, violated: number, unknown: number): string {
  if (unknown === all) return all === 1 ? 'It could not be decided.' : `None of ${all} histories could be decided.`;
  const undecided = unknown === 0 ? '' : ` ${unknown} could not be decided.`;
  if (violated === 0) return `Some order explains every answer${all === 1 ? '' : ` in ${all - unknown} of ${all} histories`}.${undecided}`;
  return all === 1 ? 'No order of the operations explains what the clients were told.' : `In ${violated} of ${all} histories no order of the operations explains what the clients were told.${undecided}`;
}

function listed({ name, linearizable, because, judged }: CounterexampleRow): Html {
  const [style, word] = WORDS.get(linearizable) ?? ['', ''];
  return html`<tr><th scope="row">${name}</th><td><span class="badge ${style}">${word}</span></td><td class="number">${judged.operations}</td><td>${because}</td></tr>`;
}

function caseOf({ name, model, judged: { culprit, operations, keys } }: CounterexampleRow): Html | null {
  if (culprit === null) return null;
  const { key, calls, search: { deepest: { order, stuck, state, doomed } } } = culprit;
  const taken = new Set(order);
  const deadline = Math.min(...stuck.map(({ to }) => to));
  const open = calls.filter((call) => call.to === Infinity && call.from < deadline && !taken.has(call)).length;
  // Only where a read is doomed can one that is stuck be legal.
  const reached: unknown = doomed === null ? null : order.reduce<unknown>((before, call) => model.step(before, call.op, call.value).state, model.initial);
  const processOf = new Map<Call, HistoryCall>(calls.map((call) => [call, call]));
  return html`<section class="case"><h2>${name}</h2>
<p>Key ${key}, ${counted(calls.length, 'operation')}${keys > 1 ? ` (of ${operations} on ${keys} keys)` : ''}. The longest order that explains the answers takes ${order.length} of them; the state is then <b>${stateInWords(state)}</b>, and next would have to be one of these, of which none can be:</p>
${doomed === null ? null : html`<p>Nothing leads from this state to what ${operationInWords(doomed.op)} of process ${processOf.get(doomed)?.process ?? ''} (line ${processOf.get(doomed)?.line ?? ''}) was told: ${whyNot(doomed.op, doomed.value, state)}, and what else may come before it neither goes on from the one to the other nor begins anew with it.</p>`}
<div class="scroll"><table><thead><tr><th>Process</th><th>Operation</th><th>Was told</th><th>Why it cannot be next</th></tr></thead><tbody>${stuck.slice(0, MOST_STUCK).map((call) => html`<tr><th scope="row">${processOf.get(call)?.process ?? ''}</th><td>${operationInWords(call.op)}<br><small>line ${processOf.get(call)?.line ?? ''}</small></td><td>${answerInWords(call.op, call.value)}</td><td>${doomed !== null && model.step(reached, call.op, call.value).legal ? 'it could be, but then the read above cannot be answered so' : whyNot(call.op, call.value, state)}</td></tr>`)}</tbody></table></div>
${stuck.length > MOST_STUCK ? html`<p>and ${stuck.length - MOST_STUCK} more.</p>` : null}
<p>${open === 0 ? 'No call of unknown outcome could have come between.' : `${counted(open, 'call')} of unknown outcome could have come between: every way to use ${open === 1 ? 'it' : 'them'} was tried, and none comes further.`} Numbers are places in that order:<span class="swatch taken"></span>in the order<span class="swatch stuck"></span>stuck<span class="swatch open"></span>outcome unknown, not used<span class="swatch later"></span>later</p>
${timeline(calls, order, stuck)}
${prefix(order, processOf, model)}</section>`;
}

// oxlint-disable-next-line typescript/no-explicit-any -- any format's or workload's model
function prefix(order: readonly Call[], processOf: ReadonlyMap<Call, HistoryCall>, model: Model<any>): Html {
  let state: unknown = model.initial;
  const rows = order.map((call, index) => {
    ({ state } = model.step(state, call.op, call.value) as { readonly state: unknown });
    return { call, number: index + 1, key: model.key(state) };
  }).slice(-MOST_PREFIX);
  const left = order.length - rows.length;
  return html`<details><summary>The order, ${counted(order.length, 'operation')}</summary>${left > 0 ? html`<p>The first ${left} are left out.</p>` : null}<div class="scroll"><table><thead><tr><th class="number">#</th><th>Process</th><th>Operation</th><th>Was told</th><th>State then</th></tr></thead><tbody>${rows.map(({ call, number, key }) => html`<tr><td class="number">${number}</td><td>${processOf.get(call)?.process ?? ''}</td><td>${operationInWords(call.op)}</td><td>${call.to === Infinity ? 'nothing' : answerInWords(call.op, call.value)}</td><td>${stateInWords(key)}</td></tr>`)}</tbody></table></div></details>`;
}
