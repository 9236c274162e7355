// The tests that need AWS: on an emulator, which is started for them.
import base from './jest.config.mjs';

const { testPathIgnorePatterns: _ignored, ...shared } = base;

export default {
  ...shared,
  testMatch: ['<rootDir>/test/aws/**/*.test.ts'],
  globalSetup: '<rootDir>/test/aws/global-setup.ts',
  globalTeardown: '<rootDir>/test/aws/global-teardown.ts',
  testTimeout: 60_000,
};
