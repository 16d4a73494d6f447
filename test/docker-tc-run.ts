// `npm run test:docker-tc`: containers shaped by tc (docker-tc.docker.test.ts), here where the host has netem and a daemon, else
// in the project's own kernel, whose Docker store keeps the nodes' image for the next time. A test that would be skipped fails.
// --virtual-time: that kernel's clock stands still while anything computes. Other arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { triedNetem } from './netem-place.ts';
import { ROOT } from './tree.ts';

const LIMIT_S = 3_600;
const VIRTUAL_TIME = '--virtual-time';
const words = process.argv.slice(2);
const virtual = words.includes(VIRTUAL_TIME);
const vitest = [process.execPath, join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', 'docker-tc.docker.test.ts', ...words.filter((word) => word !== VIRTUAL_TIME)];
const here = !virtual && triedNetem() === null;
// No registry is reached from inside: the base is made of what mmdebstrap has left outside, or is there already.
const both = ['sh', '-c', '"$0" image build --local-base && exec "$@"', join(ROOT, 'lab'), ...vitest];
const [program = '', ...argv] = here ? vitest : [join(ROOT, 'netem/kernel/run'), '--docker', '--keep', ...(virtual ? [VIRTUAL_TIME] : []), '--mem', '3G', '--timeout', String(LIMIT_S), '--', ...both];
const required = [process.env['LAB_REQUIRE'], 'docker', 'netem'].filter(Boolean).join(',');
const { status } = spawnSync(program, argv, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, LAB_REQUIRE: required } });
process.exitCode = status ?? 1;
