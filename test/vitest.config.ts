import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: [
      'src/**/*.spec.ts',
      'test/integration/**/*.spec.ts',
      'test/e2e/**/*.spec.ts',
      'test/inputs/**/*.spec.ts',
      'test/faults/*.spec.ts',
    ],
    globalSetup: ['test/support/global-setup.ts', 'test/faults/build/global-setup.ts'],
    setupFiles: ['reflect-metadata'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Files run one after the other in a worker and share what is loaded; each has a database of its own.
    isolate: false,
    passWithNoTests: false,
  },
});
