// The tests that need a database server: each starts its own.
import base from './jest.config.mjs';

const { testPathIgnorePatterns: _ignored, ...shared } = base;

export default {
  ...shared,
  testMatch: ['<rootDir>/test/databases/**/*.test.ts'],
  testTimeout: 60_000,
  // One of them takes times.
  maxWorkers: 1,
};
