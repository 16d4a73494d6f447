// The command line of the seed document as a user meets it: what it prints, what is refused and how, and five real processes.
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const LAB = fileURLToPath(new URL('../../../lab', import.meta.url));
/** Of rank 0; its own in each process that tests at once. */
const PORT = 31_000 + (process.pid % 50) * 12;
const folder = mkdtempSync(join(tmpdir(), 'lab-yasp-'));
afterAll(() => rmSync(folder, { recursive: true }));

function yasp(...argv: readonly string[]): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(LAB, ['protocol', 'yasp', ...argv], { cwd: folder, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

const LOW = `Check on low pressure
----------begin to check------------
node 0 commits 300 times
node 1 commits 400 times
node 2 commits 500 times
node 3 commits 500 times
node 4 commits 500 times
---------- check validity ------------
pass
---------- check safety --------------
pass
---------- end -----------------------
`;

test('run at low pressure prints what the seed document shows, and its logs can be checked again', () => {
  expect(yasp('run', '--pressure', 'low')).toEqual({ code: 0, stdout: LOW, stderr: '' });
  expect(yasp('check', '.').stdout).toBe(LOW.replace('Check on low pressure\n', ''));
  expect(yasp('check', 'log', '--origin').code).toBe(0);
  const log = readFileSync(join(folder, 'log/instancelog0.log'), 'utf8');
  expect(log.split('\n').every((line) => line === '' || /^(generate|commit) Instance\[[a-z]{32}\] in seq \d+ at \d+$/.test(line))).toBe(true);
});

test('check names foreign lines and goes on, and names the logs that are missing', () => {
  cpSync(join(folder, 'log'), join(folder, 'changed'), { recursive: true });
  writeFileSync(join(folder, 'changed/instancelog2.log'), `Recv msg\n${readFileSync(join(folder, 'changed/instancelog2.log'), 'utf8')}Send msg\n`);
  const { code, stderr } = yasp('check', 'changed');
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'instancelog2.log: 2 lines are neither generate nor commit; the first is line 1: Recv msg\n' });
  rmSync(join(folder, 'changed/instancelog4.log'));
  expect(yasp('check', 'changed')).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('instancelog4.log is missing') });
});

test('check ends with 1 where a rule does not hold', () => {
  cpSync(join(folder, 'log'), join(folder, 'forked'), { recursive: true });
  const file = join(folder, 'forked/instancelog1.log');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/commit Instance\[(.)/, (_, letter: string) => `commit Instance[${letter === 'a' ? 'b' : 'a'}`));
  const { code, stdout } = yasp('check', 'forked', '--json');
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 1, holds: false, problems: { safety: [expect.stringContaining('node 0 has different commit with node 1')] } });
});

test.each([
  [['node'], '-i <rank>'],
  [['node', '-i', '5'], 'whole number from 0 to 4'],
  [['run', '--on', 'local', '--loss', '1%'], '--loss is of a run on sim'],
  [['check', 'nowhere'], 'there is no such folder'],
  [['chek'], 'unknown command'],
])('%j is refused in one line', (argv, message) => {
  const { code, stderr } = yasp(...argv);
  expect(code).toBe(3);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/^error: .*\n {2}hint: .*\n$/);
});

test('a protocol without commands is refused, and lab protocol lists those with some', () => {
  const { status, stderr } = spawnSync(LAB, ['protocol', 'raft', 'node'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining('unknown protocol with commands of its own "raft"') });
  expect(spawnSync(LAB, ['protocol'], { encoding: 'utf8' }).stdout).toContain('  yasp');
});

test('a plug-in brings commands too; its exit code is passed on, and what it throws is told as its own', () => {
  writeFileSync(join(folder, 'mine.mjs'), "export default { commands: [{ name: 'mine', summary: 'counts words', run: async (words) => { if (words[0] === 'fail') throw new Error('no'); return words.length; } }] };");
  const mine = (...words: readonly string[]) => spawnSync(LAB, ['protocol', '--plugin', './mine.mjs', 'mine', ...words], { cwd: folder, encoding: 'utf8' });
  expect(mine('-a', 'b').status).toBe(2);
  expect(mine('fail')).toMatchObject({ status: 3, stderr: expect.stringContaining('./mine.mjs: command mine: run() fails: no') });
});

describe('five processes', () => {
  test('keep every rule in the safe variant', () => {
    const { code, stdout } = yasp('run', '--on', 'local', '--variant', 'safe', '-o', '1', '-l', '10', '-t', '3', '--pressure', 'low', '--log', 'safe');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/check validity -+\npass\n-+ check safety -+\npass/) });
  });

  test('each started by itself write logs that agree', async () => {
    const flags = ['-o', '1', '-l', '10', '-t', '3', '--variant', 'safe', '--log', 'nodes', '--port', String(PORT)];
    const ended = [0, 1, 2, 3, 4].map((rank) => new Promise<number | null>((resolve) => {
      spawn(LAB, ['protocol', 'yasp', 'node', '-i', String(rank), ...flags], { cwd: folder, stdio: 'ignore' }).once('close', resolve);
    }));
    expect(await Promise.all(ended)).toEqual([0, 0, 0, 0, 0]);
    const { problems } = JSON.parse(yasp('check', 'nodes', '--json').stdout) as { readonly problems: { readonly once: readonly string[]; readonly safety: readonly string[] } };
    expect([problems.once, problems.safety]).toEqual([[], []]);
  }, 60_000);
});

test('a rank whose port is taken, as by a second process of the same rank, is refused', async () => {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => { socket.bind(PORT + 600, '127.0.0.1', resolve); });
  const { code, stderr } = yasp('node', '-i', '0', '-t', '1', '--port', String(PORT + 600), '--log', 'taken');
  socket.close();
  expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringMatching(/^error: rank 0 runs already, or its port is taken: .*\n {2}hint: .*\n$/) });
});
