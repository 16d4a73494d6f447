// docs/planted.md: what stands between its markers is made by commands, the rest by people.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './tree.ts';

const PAGE = join(ROOT, 'docs/planted.md');

/** The text with another content of this section. Throws when its markers are not there. */
export function withSection(page: string, section: string, content: readonly string[]): string {
  const [begin, end] = [`<!-- ${section} -->\n`, `<!-- end of ${section} -->\n`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/planted.md has no section between "${begin.trim()}" and "${end.trim()}": add both lines`);
  return page.slice(0, from + begin.length) + content.map((line) => `${line}\n`).join('') + page.slice(to);
}

export function writeSection(section: string, content: readonly string[]): void {
  writeFileSync(PAGE, withSection(readFileSync(PAGE, 'utf8'), section, content));
}

/** Of a table of Markdown. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
