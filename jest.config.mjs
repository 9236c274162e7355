// One runner for every layer. TypeScript is stripped by swc; node runs the product itself without a build.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // They need an emulator of AWS; jest.aws.config.mjs runs them.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/aws/'],
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
  maxWorkers: 2,
};
