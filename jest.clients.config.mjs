// The test that generates clients: it installs their generators, so it is a command of its own.
import base from './jest.config.mjs';

const { testPathIgnorePatterns: _ignored, ...shared } = base;

export default {
  ...shared,
  testMatch: ['<rootDir>/test/clients/**/*.test.ts'],
  testTimeout: 60_000,
};
