// HTML as a tagged template: whatever is put into it is escaped, unless it was made by this template itself. Names in a
// report come from experiment files, so that no string may reach the page in any other way.

export type Html = { readonly html: string };
type Part = Html | string | number | null | readonly Part[];

const ESCAPES: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] as string);
}

function textOf(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return 'html' in part ? part.html : part.map(textOf).join('');
}

/** null shows nothing; a list shows its items one after the other. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: texts.map((text, index) => text + textOf(parts[index] ?? null)).join('') };
}

/** Of what this project wrote itself: styles, scripts, paths of a drawing. */
export function trusted(text: string): Html {
  return { html: text };
}
