// Data folders for tests, gone when the tests are.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function createDataDirs() {
  const root = mkdtempSync(join(tmpdir(), 'backup-contract-'));
  let made = 0;
  return {
    /** The path of a new data folder; the folder itself is for the code under test to make. */
    make: (): string => {
      made += 1;
      return join(root, `data-${made}`);
    },
    removeAll: (): void => rmSync(root, { recursive: true, force: true }),
  };
}
