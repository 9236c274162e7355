// What restores, protection, policies and verification refuse.

import { describe, expect, test } from '@jest/globals';
import { createHarness, expectRefused } from './harness.ts';

describe('restores', () => {
  const restore: [name: string, body: string, pointers: string[]][] = [
    ['nothing', '{}', ['/backupId', '/targetResourceId']],
    ['no target', '{"backupId":"b"}', ['/targetResourceId']],
    ['an empty id', '{"backupId":"","targetResourceId":"t"}', ['/backupId']],
    ['createdBy empty', '{"backupId":"b","targetResourceId":"t","createdBy":""}', ['/createdBy']],
    ['validate a string', '{"backupId":"b","targetResourceId":"t","validate":"no"}', ['/validate']],
    ['a path without a slash', '{"backupId":"b","targetResourceId":"t","path":"a"}', ['/path']],
    ['a path with a bare tilde', '{"backupId":"b","targetResourceId":"t","path":"/a~2"}', ['/path']],
    ['a path too long', `{"backupId":"b","targetResourceId":"t","path":"/${'a'.repeat(4096)}"}`, ['/path']],
    [
      'a timestamp',
      '{"backupId":"b","targetResourceId":"t","timestamp":"2025-01-01T00:00:00Z"}',
      ['/timestamp'],
    ],
  ];
  test.each(restore)('POST /restore with %s', async (_name, body, pointers) => {
    await expectRefused('POST', '/restore', body, 400, 'invalid_request', pointers);
  });

  test.each(['', '/', '/a~0b~1c', '/a/0/-', '//'])('the path %j is a pointer', async (path) => {
    const { send, calls } = createHarness();
    await send('POST', '/restore', { backupId: 'b', targetResourceId: 't', path });
    expect(calls[0]!.args[0]).toMatchObject({ path });
  });

  test.each([
    ['nothing', '{}', ['/resourceId', '/timestamp']],
    ['no timestamp', '{"resourceId":"r"}', ['/timestamp']],
    ['a number', '{"resourceId":"r","timestamp":1735734600000}', ['/timestamp']],
    ['no zone', '{"resourceId":"r","timestamp":"2025-01-01T12:30:00"}', ['/timestamp']],
    ['30 February', '{"resourceId":"r","timestamp":"2025-02-30T12:30:00Z"}', ['/timestamp']],
    [
      'a target that is null',
      '{"resourceId":"r","timestamp":"2025-01-01T12:30:00Z","targetResourceId":null}',
      ['/targetResourceId'],
    ],
    ['a backup id', '{"resourceId":"r","timestamp":"2025-01-01T12:30:00Z","backupId":"b"}', ['/backupId']],
  ])('POST /restore/point-in-time with %s', async (_name, body, pointers) => {
    await expectRefused('POST', '/restore/point-in-time', body, 400, 'invalid_request', pointers);
  });
});

describe('protection, policies, verification', () => {
  test.each([
    ['PATCH', '/backups/b', '{}', ['']],
    ['PATCH', '/backups/b', '{"legalHold":1}', ['/legalHold']],
    ['PATCH', '/backups/b', '{"lockedUntil":null}', ['/lockedUntil']],
    ['PATCH', '/backups/b', '{"lockedUntil":"tomorrow"}', ['/lockedUntil']],
    ['PATCH', '/backups/b', '{"metadata":{}}', ['/metadata', '']],
    ['PUT', '/retention/policies/r', '{}', ['']],
    ['PUT', '/retention/policies/r', '{"keepLast":0}', ['/keepLast']],
    ['PUT', '/retention/policies/r', '{"keepDaily":1.5}', ['/keepDaily']],
    ['PUT', '/retention/policies/r', '{"keepDaily":"7"}', ['/keepDaily']],
    ['PUT', '/retention/policies/r', '{"keepMinutely":7}', ['/keepMinutely', '']],
    ['POST', '/backups/b/verify', '{"deep":true}', ['/deep']],
  ])('%s %s %s', async (method, path, body, pointers) => {
    await expectRefused(method, path, body, 400, 'invalid_request', pointers);
  });

  test('verify takes an empty object, and nothing', async () => {
    const { send, calls } = createHarness();
    expect((await send('POST', '/backups/b/verify', '{}')).status).toBe(200);
    expect((await send('POST', '/backups/b/verify', '')).status).toBe(200);
    expect(calls).toHaveLength(2);
  });
});
