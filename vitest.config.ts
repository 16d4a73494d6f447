// The test run: every *.test.ts beside its source, and test/. No retries: a flaky test is a bug.
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/closing-line.ts';

export default defineConfig({
  test: {
    include: ['{node,netem,sim,orchestrator,test}/**/*.test.ts'],
    reporters: ['default', new ClosingLine()],
    retry: 0,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    pool: 'forks',
  },
});
