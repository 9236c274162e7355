// Data folders that earlier releases wrote: they open, and give back what they gave then. One was left by a service that
// stopped, the other by one that was killed, with its last commits in the -wal.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BackupView } from '../../lib/http/contract/backups-view.ts';
import { createClient } from './client.ts';
import { cleanUp, newDataDir, startServer } from './server.ts';

/** File contents as base64, by path. */
type Files = Record<string, string>;

interface Golden {
  blobs: Files;
  stopped: Files;
  killed: Files;
  answers: { list: BackupView[]; restored: Record<string, string>; policy: Record<string, unknown> };
}

const golden = JSON.parse(
  gunzipSync(readFileSync('test/golden/data-folder-f88b999.json.gz')).toString(),
) as Golden;

afterEach(cleanUp);

function unpack(files: Files): string {
  const dataDir = newDataDir();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dataDir, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(dataDir, path), Buffer.from(content, 'base64'), { mode: 0o600 });
  }
  return dataDir;
}

describe.each(['stopped', 'killed'] as const)(
  'a data folder of f88b999 that was left by a service that was %s',
  (left) => {
    test('opens, gives the same answers, takes new backups, and all of it outlives a restart', async () => {
      const { list, restored, policy } = golden.answers;
      const dataDir = unpack({ ...golden.blobs, ...golden[left] });
      for (let start = 0; start < 2; start++) {
        const server = await startServer({ dataDir });
        const client = createClient(server.url);
        const backups = (await client.list()).filter(({ id }) => restored[id] !== undefined);
        expect(backups).toHaveLength(list.length);
        for (const [i, backup] of backups.entries()) expect(backup).toMatchObject(list[i]!);
        for (const [id, state] of Object.entries(restored)) {
          const { status, body } = await client.restore(id);
          expect(status).toBe(200);
          expect(body.toString().endsWith(`,"data":${state}}`)).toBe(true);
        }
        expect((await client.send('GET', '/retention/policies/db')).json()).toMatchObject(policy);
        expect((await client.send('GET', '/backups/backup-2')).status).toBe(404);
        expect((await client.remove('backup-3')).json()).toMatchObject({ code: 'backup_protected' });
        const made = await client.backup({ resourceId: 'db', type: 'incremental', state: '{"users":[]}' });
        expect(Number(made.id.slice('backup-'.length))).toBeGreaterThan(list.length);
        // That nobody has looked at the clock since it was made is true, and says so from the second day on.
        const { notices = [] } = (await client.send('GET', '/health')).json() as {
          notices?: { code: string }[];
        };
        expect(notices.filter(({ code }) => code !== 'clock')).toEqual([]);
        await server.stop();
      }
    });
  },
);
