// Writes the boards to dashboards/generated: npm run dashboards. Grafana is given these files, and a test says if they are not what
// the sources make.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { compareBoard } from './compare.ts';
import { roundsBoard } from './rounds.ts';
import { runBoard } from './run.ts';
import { trendsBoard } from './trends.ts';

export const GENERATED = join(import.meta.dirname, 'generated');

/** File names and what they hold. */
export function boardFiles(): { readonly [file: string]: string } {
  const boards: readonly Dashboard[] = [runBoard(), compareBoard(), roundsBoard(), trendsBoard()];
  return Object.fromEntries(boards.map((board) => [`${board.uid}.json`, `${JSON.stringify(board, null, 2)}\n`]));
}

if (import.meta.main) {
  mkdirSync(GENERATED, { recursive: true });
  for (const [file, text] of Object.entries(boardFiles())) writeFileSync(join(GENERATED, file), text);
}
