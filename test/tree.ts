// The files of the project, found without git: a machine with only Node and npm runs the tests too.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

/** What .gitignore names, and the folders of tools. */
const LEFT_OUT = new Set(['node_modules', '.git', '.tsc', '.cache', 'dist', 'coverage', '.made-by-lab-up']);

/** Paths from the root, with slashes, sorted. */
export function projectFiles(): readonly string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (LEFT_OUT.has(entry.name) || /\.(log|tgz)$/.test(entry.name)) continue;
      if (!entry.isDirectory()) found.push(path);
      else if (folder !== 'results' || entry.name === 'baselines') walk(path);
    }
  };
  walk('');
  return found.sort((a, b) => (a < b ? -1 : 1));
}
