// The tests that take time: real waiting, real crashes, large states. A command of their own, so
// that `npm test` stays short.
import base, { LONG } from './jest.config.mjs';

const { testPathIgnorePatterns: _ignored, ...shared } = base;

export default {
  ...shared,
  testMatch: ['<rootDir>/test/e2e/slow/**/*.test.ts', ...LONG],
};
