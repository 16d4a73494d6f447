// Known ways to get Raft wrong, planted one at a time: the scenario that was written for each must notice. And what becomes of
// errors that cannot be planted, or that end the process.
import { expect, test } from 'vitest';
import { replayPlanted, testPlanted } from './planted-scenarios.ts';
import { RAFT_PLANTS } from './plants/raft.ts';

testPlanted('raft', RAFT_PLANTS);

const FILE = '/node/protocols/raft/server.ts';

test('a text or a file that is not there is no error that was noticed', async () => {
  expect(await replayPlanted('raft', [[{ file: FILE, from: 'no such text', to: '' }], [{ file: '/node/protocols/raft/none.ts', from: 'x', to: '' }], [{ file: FILE, from: ';', to: '' }]])).toEqual([
    [{ by: 'load', because: `the text to replace occurs 0 times in ${FILE}` }],
    [{ by: 'load', because: '1 of the files were not loaded' }],
    [{ by: 'load', because: expect.stringMatching(/the text to replace occurs \d+ times/) as string }],
  ]);
});

test('a process that ends is the end of one case, not of those after it', async () => {
  const from = 'this.votedFor = entry.votedFor;';
  const ended = await replayPlanted('raft', [[{ file: FILE, from, to: 'for (;;);' }], [{ file: FILE, from, to: 'process.exit(7);' }], []], 1);
  expect(ended).toEqual([[{ by: 'clock' }], [{ by: 'crash', because: expect.stringMatching(/^7: /) as string }], [{ by: 'scenarios', differing: [] }]]);
});
