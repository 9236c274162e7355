// The committed kernel is what its sources make.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('the kernel has been built from its sources as they are', () => {
  const fresh = execFileSync(process.execPath, ['bin/build-kernel.ts', '--print'], { encoding: 'utf8' });
  expect(readFileSync('lib/core/json/kernel/wasm.ts', 'utf8')).toBe(fresh);
}, 120_000);
