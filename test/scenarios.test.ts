// Every scenario of every protocol is replayed and compared with its record. LAB_UPDATE=1 records the present outcome: look at the diff.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROTOCOLS } from '../node/registry.ts';
import { runScenario } from './scenario.ts';

const folder = join(import.meta.dirname, '../node/protocols/scenarios');
const files = globSync('*/**/*.txt', { cwd: folder }).sort();

describe('scenarios', () => {
  test('there are some', () => expect(files.length).toBeGreaterThan(0));

  test.each(files)('%s', (file) => {
    const protocol = PROTOCOLS.find(({ name }) => file.startsWith(`${name}/`));
    if (protocol === undefined) throw new Error(`no protocol is called like the folder of ${file}`);
    const recorded = readFileSync(join(folder, file), 'utf8');
    const outcome = runScenario(protocol, recorded);
    if (process.env['LAB_UPDATE'] === '1') writeFileSync(join(folder, file), outcome);
    else expect(outcome).toBe(recorded);
  });
});
