import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { EMULATOR_VARIABLE } from './capabilities.ts';
import { eventually } from './e2e/deployed.ts';
import { answers } from './server-process.ts';

const STARTER = `
  const { startEmulator } = await import(${JSON.stringify(resolve('test/aws/emulator.ts'))});
  console.log((await startEmulator()).endpoint);
  setInterval(() => {}, 1000);
`;

test('an emulator ends with whoever started it, even if that is killed', async () => {
  const starter = spawn(process.execPath, ['--input-type=module', '--eval', STARTER], {
    env: { ...process.env, AWS_ENDPOINT_URL: '', [EMULATOR_VARIABLE]: 'ministack' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [endpoint] = (await once(createInterface({ input: starter.stdout }), 'line')) as [string];
  expect(await answers(`${endpoint}/_ministack/health`)).toBe(true);
  starter.kill('SIGKILL');
  await eventually(10_000, 'its end', async () =>
    (await answers(`${endpoint}/_ministack/health`)) ? undefined : true,
  );
});
