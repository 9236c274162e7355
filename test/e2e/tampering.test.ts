// Files of the data folder changed behind the service: an error that says so, never data, and only where it matters.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BackupView } from '../../lib/http/contract/backups-view.ts';
import type { OperationView } from '../../lib/http/contract/restores-view.ts';
import type { ValidationResult } from '../../lib/service/contract/api.ts';
import { type Client, createClient, type Problem, stateOf } from './client.ts';
import { cleanUp, newDataDir, type Server, startServer } from './server.ts';

const rows = (n: number): string =>
  `[${Array.from({ length: 200 }, (_, id) => `{"id":${id},"v":${id < n ? n : 0}}`)}]`;

let server: Server;
let client: Client;
/** A full, an incremental on it, another on that, and one of another resource; each with its state and its file. */
const made: { backup: BackupView; state: string; file: string }[] = [];

function blobFiles(): string[] {
  const root = join(server.dataDir, 'blobs');
  return readdirSync(root).flatMap((shard) =>
    readdirSync(join(root, shard)).map((name) => join(root, shard, name)),
  );
}

beforeAll(async () => {
  server = await startServer({ dataDir: newDataDir() });
  client = createClient(server.url);
  const wanted = [
    ['db', 'full'],
    ['db', 'incremental'],
    ['db', 'incremental'],
    ['other', 'full'],
  ] as const;
  for (const [n, [resourceId, type]] of wanted.entries()) {
    const before = new Set(blobFiles());
    const backup = await client.backup({ resourceId, type, state: rows(n) });
    const file = blobFiles().find((name) => !before.has(name))!;
    made.push({ backup, state: rows(n), file });
  }
});

afterAll(cleanUp);

const MIDDLE = 1;

test.each([
  ['a bit flipped', (bytes: Buffer) => bytes.with(bytes.length - 60, bytes.at(-60)! ^ 1)],
  ['a bit of its header flipped', (bytes: Buffer) => bytes.with(20, bytes[20]! ^ 1)],
  ['its end cut', (bytes: Buffer) => bytes.subarray(0, -1)],
  ['nothing in it', () => Buffer.alloc(0)],
  ['the file of another backup of the resource', () => readFileSync(made[2]!.file)],
  ['the file of another resource', () => readFileSync(made[3]!.file)],
  ['no file at all', () => undefined],
])('%s', async (_what, change) => {
  const { file } = made[MIDDLE]!;
  const good = readFileSync(file);
  const bad = change(good);
  if (bad === undefined) rmSync(file);
  else writeFileSync(file, bad);

  for (const [n, { backup, state }] of made.entries()) {
    const answer = await client.restore(backup.id);
    if (n === 0 || n === 3) {
      expect(stateOf(answer).toString()).toBe(state);
      continue;
    }
    const problem = answer.json<Problem>();
    expect([problem.status, problem.code]).toEqual([
      409,
      expect.stringMatching(/^(integrity_error|broken_chain)$/),
    ]);
    expect(answer.body.toString()).not.toContain('"data"');
    const operation = await client.send('GET', `/restore/operations/${problem.operationId}`);
    expect(operation.json<OperationView>()).toMatchObject({ status: 'failed', validated: false });
    expect((await client.restoreAt('db', backup.createdAt)).status).toBe(409);
    const verified = await client.send('POST', `/backups/${backup.id}/verify`);
    expect(verified.json<ValidationResult>()).toMatchObject({ valid: false, checksumValid: false });
  }
  // Nobody builds on what cannot be read, and nobody's new state is refused for it: it is stored whole.
  const built = await client.create({ resourceId: 'db', type: 'incremental', state: rows(5) });
  expect(built.status).toBe(201);
  const whole = built.json<BackupView>();
  expect(whole).toMatchObject({ type: 'full', requestedType: 'incremental', chainLength: 1 });
  expect(stateOf(await client.restore(whole.id)).toString()).toBe(rows(5));
  expect((await client.remove(whole.id)).status).toBe(200);
  expect(await client.list()).toHaveLength(made.length);

  writeFileSync(file, good);
  for (const { backup, state } of made)
    expect(stateOf(await client.restore(backup.id)).toString()).toBe(state);
});
