// Serves the console's page and its files.

import { join } from 'node:path';
import { createConsoleHandler } from '../lib/aws/access/console.ts';
import { readConsoleConfig } from '../lib/aws/config.ts';
import { createLogger } from '../lib/log.ts';

export const handler = createConsoleHandler({
  config: readConsoleConfig(process.env),
  // Laid beside this by the stack.
  folder: join(import.meta.dirname, 'console'),
  log: createLogger((line) => process.stdout.write(`${line}\n`)),
});
