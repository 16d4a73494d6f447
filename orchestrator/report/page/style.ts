// The look of the page. Colours are variables, once for light and once for dark; contrast of text is at least 4.5 : 1 in
// both. Nothing is told by colour alone: runs have markers, verdicts signs and words.

export const LIGHT = `--page:#fbfaf7;--card:#ffffff;--ink:#1a1d21;--muted:#565e68;--rule:#e2dfd8;--grid:#ebe8e1;--fault:#b4530922;--fault-edge:#b45309;--fault-ink:#8a3d05;
--good:#146c3c;--good-back:#e3f3e8;--bad:#a4142b;--bad-back:#fce6e8;--warn:#7a4a00;--warn-back:#fbeed3;--link:#0b57c2;
--c0:#0b62c4;--c1:#b5470a;--c2:#0b7a4c;--c3:#8430b4;--c4:#a61b55;--c5:#6d5c00;--c6:#0a7285;--c7:#5a5f6a;`;
export const DARK = `--page:#131518;--card:#1b1e22;--ink:#eceae5;--muted:#a7adb5;--rule:#33373d;--grid:#2a2e33;--fault:#f59e0b26;--fault-edge:#f0a63a;--fault-ink:#f6bd68;
--good:#7fdda6;--good-back:#153323;--bad:#ff9aa6;--bad-back:#46161d;--warn:#f3c46b;--warn-back:#3d2c0c;--link:#82b7ff;
--c0:#6fb1ff;--c1:#ffa066;--c2:#55d39b;--c3:#d29bff;--c4:#ff8bb0;--c5:#d9c655;--c6:#5fd0e4;--c7:#b5bac4;`;

const HUE_RULES = Array.from({ length: 8 }, (_, hue) => `.c${hue}{--hue:var(--c${hue})}`).join('');

export const STYLE = `:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
${HUE_RULES}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main,header{max-width:1200px;margin:0 auto;padding:0 32px}
header{padding-top:28px}
h1{font-size:14px;font-weight:600;color:var(--muted);margin:0 0 10px;overflow-wrap:anywhere}
h1 b{color:var(--ink)}
.headline{font-size:25px;line-height:1.34;letter-spacing:-.011em;margin:0 0 10px;max-width:46em;text-wrap:pretty;overflow-wrap:anywhere}
.trust{margin:0 0 22px;color:var(--muted)}
section{margin:44px 0 0}
h2{font-size:19px;letter-spacing:-.008em;margin:0 0 4px}
section>p{margin:0 0 14px;color:var(--muted);max-width:72em}
a{color:var(--link)}
small{font-size:12.5px;color:var(--muted);font-weight:400}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
table{border-collapse:collapse;width:100%}
th,td{padding:7px 14px 7px 0;border-bottom:1px solid var(--rule);text-align:left;vertical-align:baseline;font-weight:400}
thead th{color:var(--muted);font-size:12.5px;font-weight:600;white-space:nowrap;vertical-align:bottom}
.number{text-align:right;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
.overview{background:var(--card);border:1px solid var(--rule);border-radius:10px;border-collapse:separate;border-spacing:0}
.overview th,.overview td{padding:10px 18px 10px 0}
.overview tr>:first-child{padding-left:18px}
.overview tr>:last-child{padding-right:18px}
.overview tbody tr:last-child>*{border-bottom:0}
.overview .number b{font-size:18px;font-weight:600}
.overview .number>small{display:block}
.overview .short{display:none}
.overview tbody th{font-weight:600;font-size:16px}
.void{color:var(--bad);font-weight:600}
.matrix{width:auto}
.matrix td,.matrix th{padding:4px 14px 4px 0}
.matrix td small{display:block}
.matrix td.out{background:var(--bad-back);color:var(--bad)}
.matrix td.unverified b{font-weight:400}
.notes{margin:8px 0 0;color:var(--muted);font-size:13px}
.name{white-space:nowrap}
.name .marker{color:var(--hue);display:inline-block;width:1.1em;text-align:center}
.overview tbody th .name{white-space:normal}
.badge{display:inline-block;border-radius:99px;padding:1px 10px;font-size:13px;font-weight:600;white-space:nowrap;background:var(--warn-back);color:var(--warn)}
.badge.ok{background:var(--good-back);color:var(--good)}
.badge.violated{background:var(--bad-back);color:var(--bad)}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:22px 36px}
.chart{margin:0;min-width:0}
figcaption{font-weight:600;font-size:14px;margin-bottom:4px;display:flex;flex-wrap:wrap;gap:2px 16px;overflow-wrap:anywhere}
.plot{position:relative;padding:16px 16px 24px 52px}
.area{position:relative;height:var(--height);border-bottom:1px solid var(--muted);outline-offset:3px}
.area svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible;display:block}
svg path{fill:none;vector-effect:non-scaling-stroke}
.grid{stroke:var(--grid);stroke-width:1}
.line{stroke:var(--hue);stroke-width:1.8;stroke-linejoin:round}
.dots{stroke:var(--hue);stroke-width:3;stroke-linecap:round;stroke-opacity:.5}
.range{stroke:var(--hue);stroke-width:2;stroke-opacity:.3}
svg .fill{fill:var(--hue);fill-opacity:.13}
.thin{stroke:var(--muted);stroke-width:1;stroke-dasharray:2 3}
.dashed{stroke:var(--hue);stroke-width:2;stroke-dasharray:7 5}
svg .leads{fill:var(--hue);stroke:var(--card);stroke-width:.6}
svg .down{fill:var(--bad);fill-opacity:.22;stroke:var(--bad);stroke-width:1}
svg .paused{fill:var(--warn);fill-opacity:.18;stroke:var(--warn);stroke-width:1;stroke-dasharray:3 3}
.y-axis{position:absolute;left:0;top:16px;width:46px;height:var(--height);font-size:12px;color:var(--muted);text-align:right}
.y-axis span{position:absolute;right:0;transform:translateY(50%);line-height:1;white-space:nowrap}
.y-axis i{position:absolute;left:0;top:-14px;line-height:1;font-style:normal;font-weight:600}
.x-axis{position:relative;height:0;font-size:12px;color:var(--muted)}
.x-axis span{position:absolute;top:6px;transform:translateX(-50%);line-height:1;white-space:nowrap}
.fault{position:absolute;top:0;bottom:0;min-width:2px;background:var(--fault);border-left:1.5px solid var(--fault-edge)}
.fault b{position:absolute;bottom:100%;left:-1px;font-size:11.5px;line-height:15px;font-weight:600;color:var(--fault-ink);white-space:nowrap}
.lost{position:absolute;top:3px;transform:translateX(-50%);color:var(--bad);font-weight:700;font-size:12px;line-height:1}
.on-line{position:absolute;transform:translate(-50%,50%);color:var(--hue);font-size:12px;line-height:1;text-shadow:0 0 3px var(--page),0 0 3px var(--page)}
.end{position:absolute;transform:translateY(50%);color:var(--hue);font-size:11.5px;line-height:1;background:var(--page);padding:0 2px}
.state{position:absolute;transform:translateY(50%);font-size:11.5px;line-height:1;color:var(--bad);font-weight:600;padding-left:6px}
.inside{background:var(--hue);position:absolute;transform:translate(-50%,50%);font-size:11px;line-height:1;color:var(--card);white-space:nowrap;font-weight:600}
.row{position:absolute;transform:translateY(50%);font-size:12.5px;line-height:1.3;white-space:nowrap;max-width:100%;overflow:hidden;text-overflow:ellipsis}
.kinds{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:13px}
.swatch{display:inline-block;width:11px;height:11px;background:var(--hue);border-radius:2px}
.paths{display:flex;flex-wrap:wrap;gap:2px 18px;align-items:baseline;margin:0 0 6px}
.path[open]{flex-basis:100%;min-width:0}
h3{font-size:15px;margin:22px 0 2px}
.cursor{position:absolute;background:var(--ink);opacity:.55;pointer-events:none}
.foot{display:flex;flex-wrap:wrap;gap:0 16px;margin-left:52px;min-height:43px}
.read-out{flex:1;min-width:0;margin-top:4px;font-size:12.5px;line-height:19px;overflow-wrap:anywhere}
details{margin-top:4px}
summary{cursor:pointer;color:var(--link);width:fit-content}
.data{font-size:12.5px;min-width:0}
.data[open]{flex-basis:100%;order:1}
.data p{margin:4px 0}
.data .scroll{max-height:280px;overflow:auto}
.data th,.data td{padding:3px 14px 3px 0;text-align:right}
.data thead th{position:sticky;top:0;background:var(--page)}
.scroll{overflow-x:auto}
pre{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px 14px;overflow:auto;max-height:420px;font:12.5px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
abbr{text-decoration:underline dotted var(--muted);text-underline-offset:3px}
footer{max-width:1200px;margin:48px auto 40px;padding:0 32px;color:var(--muted);font-size:13px}
:focus-visible{outline:2px solid var(--link)}
@media (max-width:760px){
main,header,footer{padding-left:16px;padding-right:16px}
header{padding-top:16px}
h1{margin-bottom:6px;font-size:13px}
.headline{font-size:18px;line-height:1.36;margin-bottom:6px}
.trust{font-size:13px;margin-bottom:12px;line-height:1.4}
section{margin-top:34px}
.overview,.overview tbody{display:block}
.overview thead{display:none}
.overview tr{display:grid;grid-template-columns:repeat(5,auto);justify-content:space-between;gap:0 8px;padding:8px 12px 9px;border-bottom:1px solid var(--rule)}
.overview tbody tr:last-child{border-bottom:0}
.overview tr>*,.overview tr>:first-child,.overview tr>:last-child{border:0;padding:0;min-width:0}
.overview tbody th,.overview .where,.overview .verdict{grid-row:1}
.overview tr{grid-template-rows:auto auto}
.overview tbody th{grid-column:1/3;font-size:14.5px;overflow-wrap:anywhere}
.overview tbody th .name{display:flex;gap:3px}
.overview .where{grid-column:3/5;color:var(--muted);font-size:13px;align-self:center;text-align:center}
.overview .number>small{white-space:normal}
.overview .verdict{grid-column:5;text-align:right}
.overview .number{text-align:left}
.overview .number:last-child{text-align:right}
.overview .number b{font-size:15.5px;line-height:1.25}
.overview .short{display:block;font-size:11.5px;color:var(--muted);line-height:1.35}
.overview .short small{font-size:11.5px}
.overview .void{grid-column:1/-1}
.badge{padding:0 8px;font-size:12.5px}
.plot{padding-left:40px}
.y-axis{width:35px}
.foot{margin-left:0}
.x-axis .minor{display:none}
}
@media print{details{display:none}.panels{display:block}.chart{break-inside:avoid;margin-bottom:18px}}`;
