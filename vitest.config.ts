// The test run: every *.test.ts beside its source, and test/. No retries: a flaky test is a bug.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{node,netem,sim,orchestrator,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    retry: 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    pool: 'forks',
  },
});
