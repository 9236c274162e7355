// The tests that need a browser: Debian's Chromium, through playwright-core, on the service as it runs.
import base from './jest.config.mjs';

const { testPathIgnorePatterns: _ignored, ...shared } = base;

export default {
  ...shared,
  testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
  testTimeout: 90_000,
  maxWorkers: 1,
};
