// The line for whoever starts the service by hand.

import { expect, test } from '@jest/globals';
import { readConfig } from '../../lib/embedded/config.ts';
import { readyLine } from '../../lib/embedded/ready-line.ts';

test.each([
  [
    { BACKUP_DATA_DIR: '/data' },
    'Ready: http://localhost:3004  data in /data  no token: this machine only  try: curl http://localhost:3004/backups',
  ],
  [{ HOST: '::1' }, 'Ready: http://localhost:3004 '],
  [{ HOST: 'fd00::7', BACKUP_API_TOKEN: 'x'.repeat(16) }, 'Ready: http://[fd00::7]:3004 '],
  [{ HOST: '0.0.0.0', BACKUP_API_TOKEN: 'x'.repeat(16) }, 'token needed'],
])('%j', (env, said) => {
  const config = readConfig(env);
  const line = readyLine(config, config.port);
  expect(line).toContain(said);
  expect(line).not.toContain('xxxx');
});
