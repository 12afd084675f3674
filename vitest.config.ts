import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { compileCache } from './tooling/compile-cache.ts';
import { LeftOutReporter } from './tooling/left-out-reporter.ts';

export default defineConfig({
  test: {
    include: [
      'packages/**/*.test.ts',
      'apps/**/*.test.ts',
      'extensions/**/*.test.ts',
      'tooling/**/*.test.ts',
      'tests/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    setupFiles: ['./tooling/patterns-are-no-texts.ts'],
    // Real processes on two shared cores: generous bounds so that a busy machine does not make a test fail.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    // The default of a second is a bet on the machine.
    expect: { poll: { timeout: 60_000 } },
    // For the processes that tests start; those that are given an environment of their own are given this as well.
    env: { NODE_COMPILE_CACHE: compileCache },
    pool: 'forks',
    // Most of what the tests do is waiting for processes they started: one worker, vitest's choice for two cores, leaves half of them idle.
    maxWorkers: Math.max(3, availableParallelism()),
    reporters: ['default', new LeftOutReporter()],
  },
});
