// `npm run test:crash [-- CYCLES [PROTOCOL…]]`: 100 cycles of SIGKILL and restart for each protocol, on real processes. Prints
// what happened and each verdict; ends with 1 if a claim was violated or could not be decided.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crashCycles } from './crash-cycles.ts';

const [count = '100', ...named] = process.argv.slice(2);
const cycles = Number(count);
if (!Number.isInteger(cycles) || cycles < 1 || cycles > 1_000) {
  console.error(`error: ${count} is no number of cycles\n  hint: npm run test:crash -- 100 raft`);
  process.exit(3);
}
const protocols = named.length > 0 ? named : ['raft', 'paxos'];
const seed = process.env['LAB_SEED'] ?? `fresh-${Date.now()}`;
const folder = mkdtempSync(join(tmpdir(), 'lab-crash-cycles-'));
let bad = 0;
for (const protocol of protocols) {
  const { verdicts, invalid, ...figures } = await crashCycles({ protocol, nodes: 5, cycles, seed, folder });
  console.log(`${protocol}, ${cycles} cycles (LAB_SEED=${seed}):`);
  console.log(`  ${Object.entries(figures).map(([name, value]) => `${name} ${value}`).join(', ')}`);
  for (const { check, valid, because } of verdicts) console.log(`  ${valid === true ? 'ok      ' : valid === false ? 'VIOLATED' : 'unknown '} ${check}: ${because}`);
  for (const reason of invalid) console.log(`  as a measurement it is invalid: ${reason}`);
  if (verdicts.some(({ valid }) => valid !== true) || figures.lives < figures.restarts / 2) bad++;
}
rmSync(folder, { recursive: true });
process.exitCode = bad > 0 ? 1 : 0;
