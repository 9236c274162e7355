// What is said of mistakes that people make: the next step, in the words of the mistake.

import { describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../lib/log.ts';
import { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';
import { createHarness, problemOf } from './harness.ts';

/** All that the problem says, in one text. */
async function saidOf(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const { send } = createHarness();
  const problem = await problemOf(await send(method, path, body, headers));
  return [
    problem.detail,
    ...(problem.errors ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`),
  ].join(' | ');
}

describe('times', () => {
  test.each([
    [
      '2025-01-01T12:30:00',
      '/timestamp lacks the zone: add Z for UTC, or an offset, as 2025-01-01T12:30:00Z or 2025-01-01T12:30:00+01:00',
    ],
    ['2025-01-01 12:30', '/timestamp lacks the zone: add Z for UTC, or an offset, as 2025-01-01T12:30:00Z'],
    ['2025-01-01 12:30:00Z', '/timestamp must have a T between date and time, as 2025-01-01T12:30:00Z'],
    ['2025-01-01T12:30Z', '/timestamp must have seconds, as 2025-01-01T12:30:00Z'],
    ['2025-01-01', '/timestamp needs a time and a zone as well, as 2025-01-01T00:00:00Z'],
    ['2025-02-30T12:00:00Z', '/timestamp is no day of the calendar: February 2025 has 28 days'],
    ['2024-02-30T12:00:00Z', '/timestamp is no day of the calendar: February 2024 has 29 days'],
    ['2025-04-31T12:00:00Z', '/timestamp is no day of the calendar: April 2025 has 30 days'],
    ['2025-04-00T12:00:00Z', '/timestamp is no day of the calendar: April 2025 has 30 days'],
    ['2025-13-01T12:00:00Z', '/timestamp has no month 13: they go from 01 to 12'],
    ['2025-01-01T24:00:00Z', '/timestamp is no time of day: they go from 00:00:00 to 23:59:59'],
    [
      '2025-01-01T12:00:60Z',
      '/timestamp has a second 60, which only the last minute of a month by UTC can have',
    ],
    ['2025-01-01T12:00:00+0100', '/timestamp must end with its zone: Z for UTC, or an offset as +01:00'],
    ['2025-01-01T12:00:00 CET', '/timestamp must end with its zone'],
    ['yesterday', '/timestamp must be an instant in RFC 3339 form, as 2025-01-01T12:30:00Z'],
    ['1735731000', '/timestamp must be a string in RFC 3339 form: 1735731000 is 2025-01-01T11:30:00Z'],
    [1735731000, '/timestamp must be a string in RFC 3339 form: 1735731000 is 2025-01-01T11:30:00Z'],
    [
      1735731000123,
      '/timestamp must be a string in RFC 3339 form: 1735731000123 is 2025-01-01T11:30:00.123Z',
    ],
    [7, '/timestamp must be a string in RFC 3339 form, as 2025-01-01T12:30:00Z'],
    [9e15, '/timestamp must be a string in RFC 3339 form, as 2025-01-01T12:30:00Z'],
    [true, '/timestamp must be a string'],
    [undefined, '/timestamp is required'],
  ])('%j', async (timestamp, said) => {
    expect(await saidOf('POST', '/restore/point-in-time', { resourceId: 'db', timestamp })).toContain(said);
  });
});

describe('names', () => {
  test.each([
    [
      'POST',
      '/backups',
      { resourceID: 'db', data: 1 },
      '/resourceID is not known here; did you mean resourceId?',
    ],
    ['POST', '/backups', { resourceId: 'db', Data: 1 }, '/Data is not known here; did you mean data?'],
    [
      'POST',
      '/backups',
      { resourceId: 'db', data: 1, metadata: { retention_days: 1 } },
      '/metadata/retention_days is not known here; did you mean retentionDays?',
    ],
    [
      'POST',
      '/backups',
      { resourceId: 'db', data: 1, compression: 'gzip' },
      '/compression is not known here',
    ],
    [
      'GET',
      '/backups?resourceid=a',
      undefined,
      '/query/resourceid is not known here; did you mean resourceId?',
    ],
    [
      'PUT',
      '/retention/policies/r',
      { keepDayly: 1 },
      '/keepDayly is not known here; did you mean keepDaily?',
    ],
    [
      'POST',
      '/restore',
      { backupID: 'b', targetResourceId: 't' },
      '/backupID is not known here; did you mean backupId?',
    ],
  ])('%s %s %j', async (method, path, body, said) => {
    const text = await saidOf(method, path, body);
    expect(text).toContain(said);
    if (!said.includes('did you')) expect(text).not.toContain('did you');
  });
});

describe('paths', () => {
  test.each([
    [
      '/retention/policies/tf/prod/a',
      'in an id a slash is written %2F, as in "/retention/policies/tf%2Fprod%2Fa"',
    ],
    ['/backups/', '"/backups", without the slash at its end, is one.'],
    ['/backups/backup-1/', '"/backups/backup-1", without the slash at its end, is one.'],
    ['/backup', 'did you mean "/backups"?'],
    ['/Backups', 'did you mean "/backups"?'],
    ['/restores', 'did you mean "/restore"?'],
    ['/completely/else', 'GET / lists them all.'],
    ['//', 'GET / lists them all.'],
  ])('%s', async (path, said) => {
    expect(await saidOf('GET', path)).toContain(said);
  });

  test.each([
    ['/users[0].name', '/users/0/name'],
    ['/users[0]/name', '/users/0/name'],
    ['/users.0.name', '/users/0/name'],
  ])('%s in a state that has %s', async (path, meant) => {
    const world = createWorld();
    await world.backup('db', '{"users":[{"name":"Alice"}]}');
    const app = createCheckedApi({ service: world.service, auth: {}, version: '1', log: silentLogger });
    const restore = (at: string) =>
      app.request('/restore', {
        method: 'POST',
        body: JSON.stringify({ backupId: 'backup-1', targetResourceId: 't', path: at }),
        headers: { 'Content-Type': 'application/json' },
      });
    const problem = await problemOf(await restore(path));
    expect(problem).toMatchObject({ status: 404, code: 'path_not_found' });
    expect(problem.detail).toContain(`Did you mean ${meant}?`);
    // What is not there either is not offered.
    expect(JSON.stringify(await problemOf(await restore('/users[7].name')))).not.toContain('Did you mean');
  });

  test.each([
    ['users[0].name', '/users/0/name'],
    ['$.users[0]["first name"]', '/users/0/first name'],
    ['users', '/users'],
  ])('%s, which is no pointer', async (path, meant) => {
    const said = await saidOf('POST', '/restore', { backupId: 'b', targetResourceId: 't', path });
    expect(said).toContain(`did you mean ${meant}?`);
  });
});

describe('texts that are not UTF-8', () => {
  const body = '{"resourceId":"db","data":{"name":"é"}}';
  const post = async (bytes: Uint8Array) => {
    const { app, calls } = createHarness();
    const response = await app.request('/backups', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: bytes as NonNullable<RequestInit['body']>,
    });
    return { response, calls };
  };

  test('a byte order mark is passed over', async () => {
    const { response, calls } = await post(Buffer.from(`\ufeff${body}`));
    expect(response.status).toBe(201);
    expect(calls[0]!.args[0]).toMatchObject({ resourceId: 'db' });
  });

  test('Latin-1 is told of, and how to mend it', async () => {
    const problem = await problemOf((await post(Buffer.from(body, 'latin1'))).response);
    expect(problem.detail).toBe(
      'The text is not valid UTF-8 at byte 35. If it was written as Latin-1, "iconv -f latin1 -t utf8" makes UTF-8 of it.',
    );
    expect(problem.errors).toMatchObject([{ offset: 35 }]);
  });

  test('UTF-16 is told of', async () => {
    for (const bytes of [
      Buffer.from(`\ufeff${body}`, 'utf16le'),
      Buffer.from(`\ufeff${body}`, 'utf16le').swap16(),
    ]) {
      expect((await problemOf((await post(bytes)).response)).detail).toContain('UTF-16');
    }
  });
});

test.each([
  [{ 'Content-Encoding': 'gzip' }, 415, 'unsupported_media_type'],
  [{ 'Content-Range': 'bytes 400-499/500' }, 400, 'invalid_request'],
])(
  'an upload that would have to be put together or unpacked is refused: %j',
  async (headers, status, code) => {
    let received = 0;
    const world = createWorld();
    const uploads = {
      receive: async () => {
        received++;
        return { bytes: 1, sha256: '' };
      },
    };
    const app = createCheckedApi({
      service: world.service,
      auth: {},
      version: '1',
      log: silentLogger,
      uploads,
    });
    const response = await app.request(`/uploads/${'5'.repeat(32)}`, { method: 'PUT', headers, body: '1' });
    expect(await problemOf(response)).toMatchObject({ status, code });
    expect(received).toBe(0);
  },
);
