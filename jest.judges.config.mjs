// The tests of adapters over a server that runs already: see test/judges/run.ts.
import base from './jest.config.mjs';

const { testPathIgnorePatterns: _ignored, ...shared } = base;

export default {
  ...shared,
  testMatch: ['<rootDir>/test/aws/**/*.test.ts'],
  testTimeout: 60_000,
};
