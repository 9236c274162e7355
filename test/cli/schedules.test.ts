// What runs by itself, by the command line against the service as it runs.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { brs, folder, withService } from './brs.ts';

withService((at) => {
  mkdirSync(join(at, 'src'));
  return { BACKUP_SOURCE_FOLDERS: join(at, 'src') };
});

test('a source is set and tried, a schedule on it run, drilled, paused and removed', async () => {
  const file = join(folder, 'src', 'orders.json');
  writeFileSync(file, '{"rows":{"1":{"a":12345678901234567890}}}');
  expect((await brs('source', 'add', 'orders-file', `file:${file}`)).code).toBe(0);
  expect(await brs('source', 'check', 'orders-file')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ok/),
  });
  const added = ['schedule', 'add', 'nightly', '--source', 'orders-file', '--resource', 'orders'];
  expect((await brs(...added, '--when', '0 0 30 2 *')).code).toBe(2);
  expect((await brs(...added, '--when', '30 2 * * *', '--zone', 'Europe/Berlin')).code).toBe(0);
  expect((await brs('schedule', 'next', 'nightly')).out.split('\n')[0]).toContain('EUROPE/BERLIN');
  const run = await brs('schedule', 'run', 'nightly', '--wait', '--json');
  expect(JSON.parse(run.out)).toMatchObject({ status: 'completed', trigger: 'manual' });
  expect((await brs('cat', 'orders')).out).toBe('{"rows":{"1":{"a":12345678901234567890}}}');
  const drill = await brs('schedule', 'drill', 'nightly', '--json');
  expect(JSON.parse(drill.out)).toMatchObject({ passed: true });
  expect((await brs('runs')).out).toContain('nightly');
  expect((await brs('drills')).out).toContain('passed');
  expect((await brs('schedule', 'pause', 'nightly')).err).toContain('paused');
  expect((await brs('source', 'rm', 'orders-file', '--yes')).code).toBe(5);
  expect((await brs('schedule', 'rm', 'nightly', '--yes')).code).toBe(0);
  expect((await brs('source', 'rm', 'orders-file', '--yes')).code).toBe(0);
  expect((await brs('schedule', 'next', 'nightly')).code).toBe(4);
});

test('what the service keeps for itself is no source', async () => {
  await brs('source', 'add', 'own', `file:${join(folder, 'data', 'master.key')}`);
  expect(await brs('source', 'check', 'own')).toMatchObject({
    code: 8,
    out: expect.stringContaining('source_denied'),
  });
});
