// What the documentation says can be typed, is typed here: it has to give what the documentation says.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BackupView } from '../../lib/http/contract/backups-view.ts';
import type { OperationView } from '../../lib/http/contract/restores-view.ts';
import type { ValidationResult } from '../../lib/service/contract/api.ts';
import { type Client, checksumOf, createClient, type Problem } from './client.ts';
import { cleanUp, eventually, filesIn, mishaps, newDataDir, type Server, startServer } from './server.ts';
import { createShell, type Shell, withPort } from './shell.ts';
import {
  CREATE_AND_RESTORE,
  DELETE_FULL,
  DELETE_INCREMENTAL,
  RESTORE_TO_AN_INSTANT,
  WITHOUT_ENCRYPTION,
} from './specification-workflow.ts';

let server: Server;
let client: Client;
let shell: Shell;

async function begin(env: Record<string, string> = {}): Promise<void> {
  server = await startServer({ dataDir: newDataDir(), env });
  client = createClient(server.url);
  shell = createShell();
}

afterAll(cleanUp);

describe('the README', () => {
  beforeAll(() => begin());

  const USER = { users: [{ id: 1, name: 'Alice' }], products: [{ id: 1, name: 'Widget' }] };
  const first = { tables: USER, schemas: ['public'], version: '14.0' };
  const second = { ...first, tables: { ...USER, users: [...USER.users, { id: 2, name: 'Bob' }] } };

  const ids = (answer: unknown): string[] =>
    (answer as { backups: BackupView[] }).backups.map(({ id }) => id);

  /** For each command its beginning, and what its answer must be; in the order of the README. */
  const expected: [RegExp, (answer: unknown) => void][] = [
    [
      /^curl -X POST \S+\/backups .*"type": "full"/s,
      (answer) => {
        expect(answer).toMatchObject({
          id: 'backup-1',
          resourceId: 'database-1',
          resourceType: 'postgresql',
          type: 'full',
          status: 'completed',
          encrypted: true,
          size: Buffer.byteLength(JSON.stringify(first)),
          checksum: checksumOf(JSON.stringify(first)),
          data: '[REDACTED]',
          metadata: { source: 'automated', tags: { env: 'production', app: 'ecommerce' }, retentionDays: 30 },
        });
        const { createdAt, expiresAt } = answer as BackupView;
        expect(Date.parse(expiresAt!) - Date.parse(createdAt)).toBe(30 * 86_400_000);
      },
    ],
    [
      /^curl -X POST \S+\/backups .*"type": "incremental"/s,
      (answer) =>
        expect(answer).toMatchObject({
          id: 'backup-2',
          type: 'incremental',
          baseBackupId: 'backup-1',
          checksum: checksumOf(JSON.stringify(second)),
        }),
    ],
    [
      /^curl \S+\/delta$/,
      (answer) =>
        expect(answer).toEqual({
          changes: [],
          additions: [{ key: 'tables.users[1]', value: { id: 2, name: 'Bob' } }],
          deletions: [],
          base: checksumOf(JSON.stringify(first)),
          target: checksumOf(JSON.stringify(second)),
        }),
    ],
    [/^curl \S+\/backups$/, (answer) => expect(ids(answer)).toEqual(['backup-2', 'backup-1'])],
    [
      /^curl "\S+\/backups\?resourceId=database-1"$/,
      (answer) => expect(ids(answer)).toEqual(['backup-2', 'backup-1']),
    ],
    [/^curl "\S+\/backups\?type=full"$/, (answer) => expect(ids(answer)).toEqual(['backup-1'])],
    [
      /^curl -X POST \S+\/restore .*"backupId": "backup-1"/s,
      (answer) =>
        expect(answer).toMatchObject({
          operation: {
            id: 'restore-1',
            backupId: 'backup-1',
            targetResourceId: 'database-1-restored',
            type: 'full',
            status: 'completed',
            validated: true,
            validationErrors: [],
            progress: 100,
            createdBy: 'admin',
          },
          data: first,
        }),
    ],
    [
      /^curl -X POST \S+\/restore\/point-in-time /,
      (answer) =>
        expect(answer).toMatchObject({
          operation: {
            backupId: 'backup-2',
            targetResourceId: 'database-1-pit',
            type: 'point_in_time',
            status: 'completed',
            createdBy: 'admin',
          },
          data: second,
        }),
    ],
    [
      /^curl \S+\/restore\/operations$/,
      (answer) => {
        const { operations, count } = answer as { operations: OperationView[]; count: number };
        expect(count).toBe(2);
        expect(operations.map(({ id }) => id)).toEqual(['restore-2', 'restore-1']);
      },
    ],
    [
      /^curl \S+\/restore\/operations\/restore-1$/,
      (answer) => expect(answer).toMatchObject({ id: 'restore-1', status: 'completed', progress: 100 }),
    ],
    [
      /^curl -X POST \S+\/backups\/backup-2\/verify$/,
      (answer) =>
        expect(answer).toEqual({
          valid: true,
          errors: [],
          // It is kept for seven days, and so expires in just under that.
          warnings: [expect.stringMatching(/^Backup expires in \d days$/)],
          checksumValid: true,
          structureValid: true,
          dataIntegrity: true,
        } satisfies Record<keyof ValidationResult, unknown>),
    ],
    [
      /^curl -X DELETE \S+\/backups\/backup-1$/,
      (answer) => expect(answer).toEqual({ id: 'backup-1', status: 'deleted' }),
    ],
    [
      /^curl -X POST \S+\/backups\/backup-1\/undelete$/,
      (answer) => expect(answer).toMatchObject({ id: 'backup-1', status: 'completed' }),
    ],
  ];

  test('every command under "Use it by curl" does what it is there for', async () => {
    const commands = curlCommands(section(readFileSync('README.md', 'utf8'), 'Use it by curl'));
    expect(commands).toHaveLength(expected.length);
    for (const [i, command] of commands.entries()) {
      const [form, check] = expected[i]!;
      expect(command).toMatch(form);
      const answer = JSON.parse(await shell.run(withPort(command, server.port))) as unknown;
      check(answer);
    }
    expect((await client.restore('backup-1')).status).toBe(200);
    const rest = await client.restore('backup-2');
    expect(rest.json<{ data: unknown }>().data).toEqual(second);
    expect(mishaps(server.logs)).toEqual([]);
  });
});

describe('the specification', () => {
  const alice = { users: [{ id: 1, name: 'Alice' }] };
  const both = { users: [...alice.users, { id: 2, name: 'Bob' }] };

  test.each([0, 1])('the complete workflow, with %i s of grace', async (graceSeconds) => {
    await begin({ BACKUP_GRACE_SECONDS: String(graceSeconds), BACKUP_RETENTION_INTERVAL_SECONDS: '1' });
    const between = `
curl -X POST http://localhost:3004/restore -H "Content-Type: application/json" \
  -d "{\\"backupId\\": \\"$INCR_BACKUP_ID\\", \\"targetResourceId\\": \\"x\\"}"
curl -s -o /dev/null -w '%{http_code}' http://localhost:3004/backups/$BACKUP_ID
`;
    // A pause lets a sweep come in between, as it may.
    const pause = `sleep ${graceSeconds + 1.2}\n`;
    const parts = [CREATE_AND_RESTORE, DELETE_FULL, between + pause + between, DELETE_INCREMENTAL];
    const script = parts.map(separated).join('');
    const out = (await shell.run(withPort(script, server.port))).split('\x1e').slice(1);
    const [full, incremental, list, restored, restoredIncremental, pit, operations, ...rest] = out;
    const [deletedFull, inBetween, deletedIncremental] = rest;

    expect(full).toBe('Created backup: backup-1\n');
    expect(incremental).toBe('Created incremental backup: backup-2\n');
    const { backups, count } = JSON.parse(list!) as { backups: BackupView[]; count: number };
    expect(count).toBe(2);
    expect(backups.map(({ id, type }) => [id, type])).toEqual([
      ['backup-2', 'incremental'],
      ['backup-1', 'full'],
    ]);
    expect([restored, restoredIncremental, pit].map((text) => JSON.parse(text!))).toEqual([
      alice,
      both,
      both,
    ]);
    const told = JSON.parse(operations!) as { operations: OperationView[]; count: number };
    expect(told.count).toBe(3);
    expect(told.operations.map((o) => [o.targetResourceId, o.type, o.status, o.createdBy])).toEqual([
      ['test-db-pit', 'point_in_time', 'completed', 'tester'],
      ['test-db-restored-2', 'full', 'completed', 'tester'],
      ['test-db-restored', 'full', 'completed', 'tester'],
    ]);
    expect(JSON.parse(deletedFull!)).toEqual({ id: 'backup-1', status: 'deleted' });
    const [before, after] = inBetween!.trimEnd().split(/(?<=\}404)/);
    for (const answer of [before, after]) {
      expect(answer).toMatch(/404$/);
      expect(JSON.parse(answer!.slice(0, -3))).toMatchObject({
        operation: { backupId: 'backup-2', status: 'completed', validated: true },
        data: both,
      });
    }
    expect(JSON.parse(deletedIncremental!)).toEqual({ id: 'backup-2', status: 'deleted' });

    for (const id of ['backup-1', 'backup-2']) {
      expect((await client.send('GET', `/backups/${id}`)).status).toBe(404);
      expect((await client.restore(id)).status).toBe(404);
      expect((await client.remove(id)).status).toBe(404);
    }
    expect(await client.list()).toEqual([]);
    await eventually(10_000, 'the blobs to go', () => filesIn(server.dataDir).blobs.length === 0);
    expect(mishaps(server.logs)).toEqual([]);
    await server.stop();
  });

  test('a body that does not say what it is, as `curl -d` sends it', async () => {
    await begin();
    const run = async <T>(script: string): Promise<T> =>
      JSON.parse(await shell.run(withPort(script, server.port))) as T;

    const open = await run<BackupView>(WITHOUT_ENCRYPTION);
    expect(open).toMatchObject({
      id: 'backup-1',
      resourceId: 'test',
      type: 'full',
      encrypted: false,
      size: 2,
      checksum: checksumOf('{}'),
    });
    expect(open.encryption).toBeUndefined();

    expect(await run<Problem>(RESTORE_TO_AN_INSTANT)).toMatchObject({
      status: 404,
      code: 'resource_not_found',
    });
    const { createdAt } = await client.backup({ resourceId: 'db-1', state: '{"n":1}' });
    expect(await run<Problem>(RESTORE_TO_AN_INSTANT)).toMatchObject({
      status: 404,
      code: 'snapshot_not_found',
      earliest: createdAt,
    });
    // The same line at a time at which there was something to restore.
    const now = RESTORE_TO_AN_INSTANT.replace('2025-01-01T12:30:00Z', createdAt);
    expect(now).not.toBe(RESTORE_TO_AN_INSTANT);
    expect(await run(now)).toMatchObject({
      operation: { targetResourceId: 'db-1', type: 'point_in_time', pointInTime: createdAt },
      data: { n: 1 },
    });
    expect(mishaps(server.logs)).toEqual([]);
  });
});

/** The part under a heading of the second level. */
function section(markdown: string, heading: string): string {
  const text = markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (text === undefined) throw new Error(`the README has no section "${heading}"`);
  return text;
}

/** Every curl command of the shell blocks, as it stands there. */
function curlCommands(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, block]) => block!);
  return blocks
    .flatMap((block) => block.split(/^(?=curl |# )/m))
    .map((command) => command.trim())
    .filter((command) => command.startsWith('curl '));
}

/** Has the shell write a separator wherever the script begins something new. */
function separated(script: string): string {
  const marked = script.replace(/^(?=# )/gm, "printf '\\036'\n");
  return marked === script ? `printf '\\036'\n${script}` : marked;
}
