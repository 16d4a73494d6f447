// A build that fails says so in a record, never by its call: the step and its last words must come out.
import { expect, test } from 'vitest';
import { DaemonLog } from './daemon-log.ts';

function logOf(...records: readonly object[]): { readonly log: DaemonLog; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const log = new DaemonLog('building the image x', (line) => lines.push(line));
  for (const record of records) log.heard(JSON.stringify(record));
  return { log, lines };
}

const STARTED = [{ stream: 'Step 1/2 : FROM base\n' }, { stream: ' ---> 0123\n' }, { stream: 'Step 2/2 : RUN make\n' }, { stream: 'cc a.c\na.c:1: no such thing\n' }];

test('a failing step is named, with what it said last', () => {
  const { log } = logOf(...STARTED, { error: 'code: 1', errorDetail: { code: 1, message: "The command '/bin/sh -c make' returned a non-zero code: 1" } });
  expect(log.doing).toBe('building the image x, step 2/2 (RUN make)');
  expect(log.failure).toBe("The command '/bin/sh -c make' returned a non-zero code: 1; its last lines: cc a.c; a.c:1: no such thing");
});

test('a build that goes on has not failed', () => {
  const { log, lines } = logOf(...STARTED, { aux: { ID: 'sha256:1' } }, { stream: 'Successfully built 0123\n' });
  expect(log.failure).toBeNull();
  expect(lines).toEqual(['Step 1/2 : FROM base', 'Step 2/2 : RUN make']);
});

test('a pull tells each layer once, and may fail too', () => {
  const { log, lines } = logOf({ status: 'Pulling from library/node', id: '24' }, { status: 'Downloading', id: 'abc', progress: '[=>  ] 1/2' }, { error: 'toomanyrequests' });
  expect(lines).toEqual(['24: Pulling from library/node']);
  expect(log.failure).toBe('toomanyrequests');
  expect(log.doing).toBe('building the image x');
});
