// `npm run test:netem`: the tests that need a kernel with netem (*.netem.test.ts), here where the host has one, else in the
// project's own, in virtual time. Arguments go to vitest. A test that would be skipped fails.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { triedNetem } from './netem-place.ts';
import { ROOT } from './tree.ts';

const LIMIT_S = 3_600;
const vitest = [process.execPath, join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '.netem.test.ts', ...process.argv.slice(2)];
const here = triedNetem() === null;
const [program = '', ...argv] = here ? vitest : [join(ROOT, 'netem/kernel/run'), '--virtual-time', '--timeout', String(LIMIT_S), '--', ...vitest];
const required = [process.env['LAB_REQUIRE'], 'netem'].filter(Boolean).join(',');
const { status } = spawnSync(program, argv, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, LAB_REQUIRE: required } });
process.exitCode = status ?? 1;
