import { resolve } from 'node:path';

// What Node makes of the source is kept, for the hundreds of processes that tests start: each is then there in less than half the time.
process.env.NODE_COMPILE_CACHE ??= resolve('node_modules/.cache/compiled');

/** Matrices and long properties: right for a command of their own, so that `npm test` stays short. */
export const LONG = [
  '<rootDir>/test/faults/start-matrix.test.ts',
  '<rootDir>/test/faults/every-call.test.ts',
  '<rootDir>/test/faults/rebuild.test.ts',
  '<rootDir>/test/contract/text-work.test.ts',
  '<rootDir>/test/core/delta/chain.test.ts',
  '<rootDir>/test/core/bytes/packed.test.ts',
  '<rootDir>/test/e2e/rebuild.test.ts',
  '<rootDir>/test/http/long-history.test.ts',
  '<rootDir>/test/http/doors.test.ts',
  '<rootDir>/test/http/any-input.test.ts',
  '<rootDir>/test/faults/catalog-damage.test.ts',
  '<rootDir>/test/faults/start-checks.test.ts',
  '<rootDir>/test/faults/quarantine.test.ts',
  '<rootDir>/test/cli/cli.test.ts',
  '<rootDir>/test/cli/console.test.ts',
  '<rootDir>/test/contract/embedded-disk-faults.test.ts',
  '<rootDir>/test/service/retention/backlog-drains.test.ts',
  '<rootDir>/test/service/retention/parts.test.ts',
  '<rootDir>/test/http/access.test.ts',
  '<rootDir>/test/e2e/readme.test.ts',
  '<rootDir>/test/faults/trail.test.ts',
  '<rootDir>/test/e2e/start.test.ts',
  '<rootDir>/test/faults/races.test.ts',
  '<rootDir>/test/faults/rebuild-misplaced.test.ts',
  '<rootDir>/test/embedded/server/standing-clients.test.ts',
  '<rootDir>/test/core/history/track.test.ts',
  '<rootDir>/test/core/history/diff.test.ts',
  '<rootDir>/test/core/delta/kernel.test.ts',
  '<rootDir>/test/core/delta/scale.test.ts',
  '<rootDir>/test/core/json/kernel-scan.test.ts',
  '<rootDir>/test/core/layout/stretches.test.ts',
  '<rootDir>/test/cli/schedules.test.ts',
  '<rootDir>/test/cli/terraform.test.ts',
  '<rootDir>/test/service/history/oracle.test.ts',
];

// One runner for every layer. TypeScript is stripped by swc; node runs the product itself without a build.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // What needs an emulator of AWS is run by jest.aws.config.mjs, what takes time by jest.slow.config.mjs.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/aws/',
    '<rootDir>/test/clients/',
    '<rootDir>/test/browser/',
    '<rootDir>/test/databases/',
    '<rootDir>/test/e2e/slow/',
    ...LONG,
  ],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  testTimeout: 30_000,
  testSequencer: '<rootDir>/jest.sequencer.mjs',
  maxWorkers: 2,
};
