// One runner for every layer. TypeScript is stripped by swc; node runs the product itself without a build.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // What needs an emulator of AWS is run by jest.aws.config.mjs, what takes time by jest.slow.config.mjs.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/aws/',
    '<rootDir>/test/clients/',
    '<rootDir>/test/e2e/slow/',
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
  maxWorkers: 2,
};
