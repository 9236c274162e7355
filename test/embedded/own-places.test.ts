// What whoever may set a source or a receiver is not to be given: the service's own, the system's, and what lies elsewhere.

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readConfig } from '../../lib/embedded/config.ts';
import { openSecrets } from '../../lib/embedded/secrets.ts';
import { openSources } from '../../lib/embedded/sources.ts';
import { cleanUp, temporaryFolder } from '../e2e/server.ts';

afterAll(cleanUp);
const at = temporaryFolder();
const place = (...names: string[]): string => join(at, ...names);
const own = [place('data'), place('copy')];
const env = { BACKUP_API_TOKEN: 'the token of all', SHOP: 'open sesame' };

beforeAll(() => {
  const files = [
    'data/master.key',
    'copy/blob',
    'secrets/shop',
    'elsewhere/key',
    'secrets/kubernetes.io/sa/token',
  ];
  for (const file of files) {
    mkdirSync(dirname(place(file)), { recursive: true });
    writeFileSync(place(file), '"said"\n');
  }
  const links = {
    own: place('data/master.key'),
    away: place('elsewhere/key'),
    fine: 'shop',
    gone: 'nothing',
  };
  for (const [name, to] of Object.entries(links)) symlinkSync(to, place('secrets', name));
  symlinkSync(place('elsewhere'), place('secrets/folder'));
  symlinkSync(place('data'), place('secrets/data'));
  execFileSync('mkfifo', [place('secrets/pipe')]);
  writeFileSync(place('secrets/long'), 'x'.repeat(70_000));
  mkdirSync(place('secrets/empty'));
});

const DENIED = [
  ['the master key', 'data/master.key'],
  ['the second copy', 'copy/blob'],
  ['a link to the master key', 'secrets/own'],
  ['a link out of what is let in', 'secrets/away'],
  ['a folder that is a link out of it', 'secrets/folder/key'],
  ['what is not there yet in the data folder', 'data/tokens'],
  ['the same through a link', 'secrets/data/tokens'],
  ['a file of nobody', 'elsewhere/key'],
  ['the machine as its cluster knows it', 'secrets/kubernetes.io/sa/token'],
] as const;

test.each([
  ...DENIED.map(([what, file]) => [what, place(file)] as const),
  ['the environment of the service', '/proc/self/environ'],
  ['a device without an end', '/dev/zero'],
  ['what is longer than secrets are', place('secrets/long')],
])('no secret: %s', async (_, file) => {
  for (const folders of [
    [place('secrets')],
    ...(file.startsWith(place('data')) || /^\/(proc|dev)/.test(file) ? ['any' as const] : []),
  ]) {
    await expect(openSecrets({ env, folders }, own).read(`file:${file}`)).rejects.toMatchObject({
      code: 'denied',
    });
  }
});

test("secrets are what stands in the folders that are named, and in the environment without what is the service's own", async () => {
  const secrets = openSecrets({ env, folders: [place('secrets')] }, own);
  expect(await secrets.read(`file:${place('secrets/shop')}`)).toBe('"said"');
  expect(await secrets.read(`file:${place('secrets/fine')}`)).toBe('"said"');
  expect(await secrets.read('env:SHOP')).toBe('open sesame');
  for (const none of [
    `file:${place('secrets/gone')}`,
    'env:BACKUP_API_TOKEN',
    `file:${place('secrets/pipe')}`,
  ])
    await expect(secrets.read(none)).rejects.toMatchObject({ code: 'not_found' });
  const anywhere = openSecrets({ env, folders: 'any' }, own);
  expect(await anywhere.read(`file:${place('elsewhere/key')}`)).toBe('"said"');
});

test.each(DENIED)('no source: %s', async (_, file) => {
  const options = { secrets: openSecrets({ env, folders: [] }, own), privateHosts: 'any' as const };
  const inFolders = openSources(
    { ...options, folders: [place('secrets'), place('data'), place('copy')] },
    own,
  );
  const spec = { kind: 'file', path: place(file) } as const;
  await expect(inFolders.open(spec)).rejects.toMatchObject({ code: 'denied' });
  if (/elsewhere|away|folder/.test(file)) return;
  await expect(openSources({ ...options, folders: 'any' }, own).open(spec)).rejects.toMatchObject({
    code: 'denied',
  });
});

test.each(['file', 'sqlite'] as const)(
  'a pipe is no %s, and nobody waits for who would write into it',
  async (kind) => {
    const options = { secrets: openSecrets({ env, folders: [] }, own), privateHosts: 'any' as const };
    const source = await openSources({ ...options, folders: [at] }, [place('data')]).open({
      kind,
      path: place('secrets/pipe'),
    });
    await expect(source.check(AbortSignal.timeout(5000))).rejects.toMatchObject({ code: 'not_found' });
    await expect(source.read(AbortSignal.timeout(5000))).rejects.toMatchObject({ code: 'not_found' });
  },
);

test('where secrets stand unless told otherwise: where containers and systemd put them', () => {
  expect(readConfig({}).secrets.folders).toEqual(['/run/secrets']);
  expect(readConfig({ CREDENTIALS_DIRECTORY: '/run/credentials/x' }).secrets.folders).toEqual([
    '/run/secrets',
    '/run/credentials/x',
  ]);
  expect(readConfig({ BACKUP_SECRET_FOLDERS: 'any' }).secrets.folders).toBe('any');
  expect(() => readConfig({ BACKUP_SECRET_FOLDERS: 'relative' })).toThrow('BACKUP_SECRET_FOLDERS');
});
