import { defineConfig } from 'vitest/config';

// The build machine reads the counts from a file; people read the terminal.
const report = process.env.GRANARY_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A process a file: worker threads of our own and the runner's do not mix well.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: report ? ['default', 'json'] : ['default'],
    ...(report && { outputFile: { json: report } }),
  },
});
