// Traces: what a row says and what it leaves to the plan; each mistake is told with FILE:LINE and the remedy.
import { expect, test } from 'vitest';
import { LabError } from './errors.ts';
import { readTrace } from './trace.ts';

const read = (text: string) => readTrace({ place: 'a/t.csv', text, sha256: '' });

test('columns come in any order and may be missing; an empty cell and a missing column leave the link as it is', () => {
  const text = '\uFEFF# made by hand\r\nloss_pct, time_ms,delay_ms\r\n\r\n0.5,0,12.25\r\n,100,\r\n# later\r\n100,1e3,0\r\n';
  expect(read(text)).toEqual([
    { atMs: 0, line: 4, link: { lossPct: 0.5, delayMs: 12.25 } }, { atMs: 100, line: 5, link: {} }, { atMs: 1000, line: 7, link: { lossPct: 100, delayMs: 0 } },
  ]);
  expect(read('time_ms,jitter_ms,rate_kbit\n5,1,2000')).toEqual([{ atMs: 5, line: 2, link: { jitterMs: 1, rateKbit: 2000 } }]);
});

const HEADER = 'time_ms,delay_ms\n';
test.each([
  ['nothing', '', 'a/t.csv:1: there is no header', 'begin with time_ms,delay_ms,jitter_ms,loss_pct,rate_kbit'],
  ['a remark alone', '# x\n', 'a/t.csv:1: there is no header', 'begin with'],
  ['no rows', HEADER, 'a/t.csv:1: no row follows the header', 'add one for each time'],
  ['no times', 'delay_ms\n5', 'a/t.csv:1: the column time_ms is missing', 'it says when each row begins'],
  ['times alone', 'time_ms\n5', 'a/t.csv:1: there is no column beside time_ms', 'add one of delay_ms, jitter_ms, loss_pct, rate_kbit'],
  ['an unknown column', '# x\ntime_ms,dleay_ms\n0,1', 'a/t.csv:2: unknown column "dleay_ms"', 'delay_ms'],
  ['a name of every object', 'time_ms,constructor\n0,1', 'a/t.csv:1: unknown column "constructor"', 'known:'],
  ['a column twice', 'time_ms,delay_ms,delay_ms\n0,1,2', 'a/t.csv:1: the column delay_ms is there twice', 'keep one'],
  ['too few cells', `${HEADER}0,1\n5`, 'a/t.csv:3: 1 cells under 2 columns', 'an empty one leaves the link as in the plan'],
  ['too many cells', `${HEADER}0,1,2`, 'a/t.csv:2: 3 cells under 2 columns', 'write one for each column'],
  ['a unit', `${HEADER}0,20ms`, 'a/t.csv:2: delay_ms: "20ms" is not a number', 'write ms as a number without the unit'],
  ['no number', `${HEADER}0,NaN`, 'a/t.csv:2: delay_ms: "NaN" is not a number', 'write ms'],
  ['no time', `${HEADER},20`, 'a/t.csv:2: time_ms: "" is not a number', 'write ms'],
  ['a negative delay', `${HEADER}0,-1`, 'a/t.csv:2: delay_ms: -1 is not between 0 and 60000', 'within these bounds'],
  ['a delay over a minute', `${HEADER}0,60001`, 'a/t.csv:2: delay_ms: 60001 is not between 0 and 60000', 'within these bounds'],
  ['a loss over 100 %', 'time_ms,loss_pct\n0,101', 'a/t.csv:2: loss_pct: 101 is not between 0 and 100', 'within these bounds'],
  ['no rate', 'time_ms,rate_kbit\n0,0', 'a/t.csv:2: rate_kbit: 0 is not between 0.001', 'kbit/s'],
  ['a number too large', `${HEADER}0,1e999`, 'a/t.csv:2: delay_ms: 1e999 is not between', 'bounds'],
  ['times out of order', `${HEADER}5,1\n\n4,1`, 'a/t.csv:4: time_ms: 4 does not come after 5', 'order the rows by time'],
  ['one time twice', `${HEADER}5,1\n5,2`, 'a/t.csv:3: time_ms: 5 does not come after 5', 'one row for each time'],
  ['too many rows', `${HEADER}${Array.from({ length: 100_001 }, (_, row) => `${row},1`).join('\n')}`, 'a/t.csv:100002: 100001 rows', 'at most 100000'],
])('%s is refused', (_what, text, message, hint) => {
  let error: unknown;
  try {
    read(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(LabError);
  expect((error as LabError).message).toContain(message);
  expect((error as LabError).hint).toContain(hint);
});
