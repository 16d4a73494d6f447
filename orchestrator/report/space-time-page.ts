// The page of a space-time diagram: whole in itself, asks for nothing, and has the same as plain text below.
import { documentOf } from './page/document.ts';
import { html, type Html } from './page/html.ts';
import type { SpaceTime } from './space-time.ts';
import { spaceTimeSvg } from './space-time-svg.ts';
import { spaceTimeText } from './space-time-text.ts';

/** What a page needs beside the common style. */
export const SPACE_TIME_STYLE = `.space-time{overflow:auto;max-height:88vh;background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:0 8px 8px}
.space-time svg{display:block}
.names{position:sticky;top:0;height:34px;background:var(--card);border-bottom:1px solid var(--rule);z-index:1}
.names span{position:absolute;top:7px;transform:translateX(-50%);font-weight:600;white-space:nowrap}
.names span:first-child{transform:none}
.later{margin:0;padding:7px 8px;color:var(--muted);font-size:13px;border-bottom:1px dashed var(--rule)}
.space-time text{font-size:11.5px;fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
.space-time .time{text-anchor:end;fill:var(--muted);font-size:11px}
.space-time text.is-arrival,.space-time text.is-durable,.space-time text.is-trace,.space-time text.is-placed{fill:var(--muted)}
.space-time text.is-client{font-size:11px}
.life{stroke:var(--muted);stroke-width:1.4}
.life.leads{stroke:var(--hue);stroke-width:5}
.life.gone{stroke:var(--bad);stroke-width:1.2;stroke-dasharray:1 5}
.life.held{stroke:var(--warn);stroke-dasharray:5 4}
.message{stroke:var(--link);stroke-width:1.1;stroke-opacity:.75}
.message.early{stroke-dasharray:4 4;stroke-opacity:.5}
.message.missing{stroke:var(--bad)}
svg .bar{stroke:none;fill:var(--muted)}
svg .bar.is-disk{fill:var(--c1)}
svg .bar.is-clock{fill:var(--c3)}
svg .bar.is-queue{fill:var(--c5)}
svg .bar.is-unexplained{fill:var(--bad)}
.space-time text.gone,.space-time text.is-down{fill:var(--bad)}
.sign{stroke:var(--ink);stroke-width:1.2}
svg .sign.is-status,svg .sign.is-up{fill:var(--ink)}
svg .sign.is-durable{fill:var(--card)}
svg .sign.is-placed,svg .sign.is-trace,svg .sign.is-client{fill:var(--muted);stroke:none}
svg .sign.is-committed{fill:var(--good);stroke:var(--card)}
.sign.is-down{stroke:var(--bad);stroke-width:2.2}
.space-time text.is-status{font-weight:600}
.across{stroke:var(--fault-edge);stroke-dasharray:6 4}
.space-time text.is-lab{fill:var(--fault-ink)}
.across.is-mark{stroke:var(--bad);stroke-width:2;stroke-dasharray:none}
.space-time text.is-mark,.space-time text.marked{fill:var(--bad);font-weight:600}
svg .sign.marked{fill:var(--bad)}
.key{color:var(--muted);font-size:13px;max-width:72em}
@media print{.space-time{max-height:none;overflow:visible}}`;

const SAMPLED = 'This run recorded a sample of its messages only: arrows are missing, and none is called lost.';

/** title: one line; story: what the diagram is about, a paragraph each. */
export function spaceTimePage(diagram: SpaceTime, title: string, story: readonly (string | Html)[]): string {
  const sampled = diagram.detail === 'messages' ? null : html`<p class="trust">${SAMPLED}</p>`;
  return documentOf({
    title, style: SPACE_TIME_STYLE,
    header: html`<h1><b>${title}</b></h1>${story.map((text, index) => html`<p class="${index === 0 ? 'headline' : 'trust'}">${text}</p>`)}${sampled}`,
    main: html`<p class="key">Time runs downwards and is not to scale: quiet times are short. Thick line: leads. Arrow: a message; ✕ on it: it never arrived; dashed: it began or ended outside what is shown. ● a node says what it is, □ durable, ◆ commits, ✕ goes down, ▲ comes back.</p>
${spaceTimeSvg(diagram)}
<section><h2>The same as text</h2><details><summary>Show</summary><pre style="white-space:pre;max-height:none">${spaceTimeText(diagram)}</pre></details></section>`,
    footer: 'Made by consensus-lab from the events of a run.',
  });
}
