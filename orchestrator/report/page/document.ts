// The document around every page of the lab: whole in itself, asks for nothing (a policy in its head forbids it), light and dark.
import { html, trusted, type Html } from './html.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

export type Page = {
  readonly title: string;
  readonly header: Html;
  readonly main: Html;
  readonly footer: Html | string;
  /** Beside the style that all pages share. */
  readonly style?: string;
  /** It has charts to point at. */
  readonly scripted?: boolean;
};

export function documentOf({ title, header, main, footer, style = '', scripted = false }: Page): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline';${scripted ? "script-src 'unsafe-inline';" : ''}img-src data:">
<meta name="color-scheme" content="light dark"><title>${title} – consensus-lab</title><link rel="icon" href="data:,"><style>${trusted(STYLE)}${trusted(style)}</style></head>
<body><header>${header}</header>
<main>${main}</main>
<footer>${footer}</footer>
${scripted ? html`<script>${trusted(SCRIPT)}</script>` : null}</body></html>
`.html;
}
