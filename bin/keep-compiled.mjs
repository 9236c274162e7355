// What Node makes of the source, kept for the next start, which then takes half the time.

import module from 'node:module';
import { join } from 'node:path';

/** Beside what is run, so that nobody has a say in it who has none in that; where it cannot be written, nothing is kept. */
export function keepCompiled(root) {
  const folder = join(root, 'node_modules', '.cache', 'compiled');
  module.enableCompileCache?.(folder);
  return folder;
}
