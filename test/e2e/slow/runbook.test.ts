// Every command of the runbook, after the accident that it is for: it gives what the text around it promises.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BackupView } from '../../../lib/http/contract/backups-view.ts';
import { type Client, stateOf } from '../client.ts';
import { expectKept, type Kept, keep } from '../kept.ts';
import { moveClock } from '../moved-clock.ts';
import { beginDay, copyTo, type Day, type DayOptions, endDays, sectionsWithCommands } from '../runbook.ts';
import { cleanUp, eventually, temporaryFolder } from '../server.ts';
import { makeSmallDisk, type SmallDisk } from '../small-disk.ts';

let disk: SmallDisk | undefined;

afterEach(async () => {
  await endDays();
  await cleanUp();
  disk?.remove();
  disk = undefined;
});

const RESOURCE = 'database-1';
const EVERY_SECOND = { BACKUP_SCRUB_INTERVAL_SECONDS: '1', BACKUP_RETENTION_INTERVAL_SECONDS: '1' };

interface HealthView {
  status: string;
  notices?: { code: string; detail: string }[];
}

/** A day that began like any other: the service runs, with some backups of a resource. */
async function ordinaryDay(
  section: string,
  options: Omit<DayOptions, 'section'> = {},
): Promise<{ day: Day; client: Client; kept: Kept[] }> {
  const day = await beginDay({ section, ...options });
  await day.also('npm start');
  const kept = await keep(day.client, RESOURCE, 0, 4);
  return { day, client: day.client, kept };
}

const codesOf = async (client: Client): Promise<string[]> =>
  ((await client.send('GET', '/health')).json<HealthView>().notices ?? []).map(({ code }) => code);
const liveIds = async (client: Client): Promise<string[]> => (await client.list()).map(({ id }) => id);

/** By rising size. */
function blobFiles(dataDir: string): string[] {
  const root = join(dataDir, 'blobs');
  const paths = readdirSync(root).flatMap((shard) =>
    readdirSync(join(root, shard)).map((name) => join(root, shard, name)),
  );
  return paths.sort((a, b) => statSync(a).size - statSync(b).size);
}

test('every section of the runbook that has commands has its day', () => {
  const days = [...readFileSync(__filename, 'utf8').matchAll(/(?:ordinaryDay\(|section: )'([^']+)'/g)];
  // On AWS: test/aws/restored-table.test.ts; and what takes two regions of it, whose parts are tried by test/aws/disaster.ts.
  const onAws = ['The table was restored', 'A second copy elsewhere'];
  const tested = new Set([...days.map(([, name]) => name!), ...onAws]);
  expect(sectionsWithCommands().filter((name) => !tested.has(name))).toEqual([]);
});

test('a second copy is made while the service runs, and is enough to come back from', async () => {
  const { day, client, kept } = await ordinaryDay('Two copies');
  expect(await day.type(/^mkdir -p .*second && cp -an \.data\/blobs/)).toMatchObject({ code: 0 });
  expect(await day.type(/^cp -a \.data\/master\.key/)).toMatchObject({ code: 0 });
  const late = await client.backup({ resourceId: RESOURCE, state: '"after the first copy"' });
  await day.also(`cp -an .data/blobs .data/trail ${day.copies}/second/`);
  expect(await day.type(/^cp -a \S+master\.key .* npm run rebuild/)).toMatchObject({ code: 0 });
  day.done();
  await day.stop();
  await day.also('mv .data .data.first');
  await day.also(`cp -a ${day.copies}/second .data`);
  await day.also('npm start');
  expect(await liveIds(day.client)).toContain(late.id);
  // Of the last minute the trail does not tell yet: what the blobs say of it is when each was accepted, not when it was done.
  const said = (backup: BackupView) => ({ ...backup, completedAt: '' });
  const listed = (await client.list()).filter(({ id }) => id !== late.id);
  expect(listed.map(said)).toEqual(kept.map(({ backup }) => said(backup)).reverse());
  for (const { backup, state } of kept) {
    expect(stateOf(await client.restore(backup.id)).toString()).toBe(state);
  }
});

test('the data folder is copied, and a copy is put back', async () => {
  const { day, client, kept } = await ordinaryDay('Back up the data folder');
  await day.stop();
  expect(await day.type(/^mkdir -p .* cp -a \.data/)).toMatchObject({ code: 0 });
  await day.also('npm start');
  await client.backup({ resourceId: RESOURCE, state: '"after the copy"' });
  await day.stop();
  expect(await day.type(/^mv \.data \.data\.before && cp -a/)).toMatchObject({ code: 0 });
  expect(await day.type(/^npm start/)).toMatchObject({ code: 0 });
  await expectKept(client, RESOURCE, kept);
  day.done();
});

describe('the catalog is lost', () => {
  const accidents: [string, (day: Day) => unknown, RegExp][] = [
    ['missing', ({ dataDir }) => removeCatalog(dataDir), /catalog\.sqlite is missing/],
    [
      'an older one',
      (day) => day.also(`rm .data/catalog.sqlite*; cp -p '${day.copies}'/.data/catalog.sqlite* .data/`),
      /catalog\.sqlite.* is older than the blobs/,
    ],
    [
      'damaged',
      ({ dataDir }) => {
        removeCatalog(dataDir);
        writeFileSync(join(dataDir, 'catalog.sqlite'), 'no database '.repeat(1000), { mode: 0o600 });
      },
      /is not a SQLite database/,
    ],
  ];

  test.each(accidents)('%s', async (_what, accident, reason) => {
    const { day, client, kept } = await ordinaryDay('The catalog is lost');
    await day.stop();
    await copyTo(day);
    await day.also('npm start');
    kept.push(...(await keep(client, RESOURCE, 4, 2)));
    const gone = await client.backup({ resourceId: 'gone', state: '1' });
    await client.remove(gone.id);
    await client.send('PATCH', `/backups/${kept[0]!.backup.id}`, '{"legalHold":true}');
    const before = (await client.send('GET', '/backups')).body.toString();
    await day.stop();
    await accident(day);
    const files = blobFiles(day.dataDir);
    expect(await day.refusal()).toMatch(reason);
    expect(await day.refusal()).toContain('npm run rebuild -- ');
    expect(blobFiles(day.dataDir)).toEqual(files);

    const dry = await day.type(/^npm run rebuild -- \.data --dry-run/);
    expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('Nothing was changed')]);
    const rebuilt = await day.type(/^npm run rebuild -- \.data {2}/);
    expect([rebuilt.code, rebuilt.out]).toEqual([0, expect.stringContaining('1 deleted or expired')]);
    expect(await day.type(/^npm start$/)).toMatchObject({ code: 0 });
    expect((await day.type(/^curl \S+\/health$/)).json()).toEqual({ status: 'healthy' });
    day.done();
    expect((await client.send('GET', '/backups')).body.toString()).toBe(before);
    expect(await client.remove(kept[0]!.backup.id)).toMatchObject({ status: 409 });
    expect((await client.send('POST', `/backups/${gone.id}/undelete`)).status).toBe(200);
    const next = await client.backup({ resourceId: RESOURCE, state: '"next"', type: 'incremental' });
    expect(kept.map(({ backup }) => backup.id)).not.toContain(next.id);
  });
});

test('the key is lost', async () => {
  const { day, client, kept } = await ordinaryDay('The key is lost');
  await day.stop();
  await copyTo(day);
  rmSync(join(day.dataDir, 'master.key'));
  expect(await day.refusal()).toMatch(/master\.key is missing/);
  writeFileSync(join(day.dataDir, 'master.key'), await keyOfAnotherStore(), { mode: 0o600 });
  expect(await day.refusal()).toMatch(/is not the key that has sealed the backups/);

  expect(await day.type(/^cp -p .*master\.key$/)).toMatchObject({ code: 0 });
  expect(await day.type(/^npm start$/)).toMatchObject({ code: 0 });
  expect((await day.type(/\/backup-1\/verify$/)).json()).toMatchObject({ valid: true });
  await expectKept(client, RESOURCE, kept);

  await day.stop();
  rmSync(join(day.dataDir, 'master.key'));
  expect(await day.type(/^BACKUP_DATA_DIR=\.data-after npm start$/)).toMatchObject({ code: 0 });
  day.done();
  expect(await client.list()).toEqual([]);
  await client.backup({ resourceId: RESOURCE, state: '"of today"' });
  // The old folder is as it was: the key that turns up after all opens it.
  await day.also(`cp -p '${day.copies}/.data/master.key' .data/master.key`);
  expect(await day.also('npm start')).toMatchObject({ code: 0 });
  await expectKept(client, RESOURCE, kept);
});

test('a blob that a backup needs lies in quarantine', async () => {
  const { day, client, kept } = await ordinaryDay('Blobs that no backup names');
  const first = blobOf(day.dataDir, 'backup-1');
  const id = first.slice(-32);
  await day.also(`mkdir -p -m 700 .data/quarantine && mv '${first}' .data/quarantine/${id}.${Date.now()}`);
  const refused = await client.restore('backup-1');
  expect(refused.json()).toMatchObject({ status: 409, code: 'broken_chain' });
  expect(refused.body.toString()).toMatch(/A blob of .* is missing/);

  const listed = await day.type(/^npm run quarantine -- \.data {2}/);
  expect([listed.code, listed.out]).toEqual([0, expect.stringContaining(id)]);
  expect(listed.out).toContain('backup-1 of "database-1"');
  expect(await day.type(/ put-back --all/)).toMatchObject({ code: 0 });
  expect((await day.type(/\/backup-1\/verify$/)).json()).toMatchObject({ valid: true });
  day.done();
  expect((await day.also('npm run quarantine -- .data')).out).toContain('Nothing is in quarantine');
  for (const { backup, state } of kept) {
    expect(stateOf(await client.restore(backup.id)).toString()).toBe(state);
  }
});

test('a wrong delete', async () => {
  const { day, client, kept } = await ordinaryDay('Wrong delete');
  await client.remove('backup-1');
  const [wrong] = (await day.type(/\?deleted=true&resourceId=database-1"$/)).json<{
    backups: { id: string; deletedReason: string; restorableUntil: string }[];
  }>().backups;
  expect(wrong).toMatchObject({ id: 'backup-1', deletedReason: 'deleted' });
  expect(Date.parse(wrong!.restorableUntil) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
  const looked = (await day.type(/"includeDeleted": true/)).json<{ data: unknown }>();
  expect(looked.data).toEqual(JSON.parse(kept[0]!.state));
  expect(await liveIds(client)).not.toContain('backup-1');
  expect((await day.type(/\/backup-1\/undelete$/)).json()).toMatchObject({ id: 'backup-1' });
  expect(await liveIds(client)).toEqual(kept.map(({ backup }) => backup.id).reverse());
  expect((await day.type(/^curl -X PATCH .*"legalHold": true/)).json()).toMatchObject({ legalHold: true });
  day.done();
  expect(await client.remove('backup-1')).toMatchObject({ status: 409 });
  await eventually(10_000, 'the line that says who', async () =>
    (await day.logs()).some(({ message, event }) => {
      return message === 'audit' && (event as { action: string }).action === 'backup.deleted';
    }),
  );
});

test('the clock is wrong', async () => {
  const clock = moveClock();
  const env = { ...EVERY_SECOND, ...clock.env };
  const { day, client } = await ordinaryDay('Clock wrong', { env });
  const begun = (): Promise<unknown> =>
    eventually(20_000, 'the notice', async () => (await codesOf(client)).includes('clock'));
  const over = (): Promise<unknown> =>
    eventually(20_000, 'the end of the wait', async () => (await codesOf(client)).length === 0);
  const ids = await liveIds(client);

  clock.setDays(40);
  await begun();
  expect(await day.type(/^date -u$/)).toMatchObject({ code: 0 });
  const { waits } = (await day.type(/\/retention\/waits$/)).json<{
    waits: { id: string; until: string }[];
  }>();
  expect(waits).toMatchObject([{ id: 'clock', until: expect.any(String) }]);
  clock.setDays(0);
  await over();
  expect(await liveIds(client)).toEqual(ids);

  clock.setDays(40);
  await begun();
  expect((await day.type(/waits\/clock .*"confirm"/)).json()).toMatchObject({ decision: 'confirmed' });
  await eventually(20_000, 'the expiry', async () => (await client.list()).length === 1);
  expect((await client.send('POST', `/backups/${ids[1]}/undelete`)).status).toBe(200);

  clock.setDays(90);
  await begun();
  expect((await day.type(/waits\/clock .*"refuse"/)).json()).toMatchObject({ decision: 'refused' });
  expect(await codesOf(client)).toContain('clock');
  await day.also(`curl -X POST http://localhost:3004/retention/waits/clock -d '{"decision": "confirm"}'`);
  await over();

  // Many at once, of a clock that is believed.
  const more = { metadata: { retentionDays: 1 } };
  for (let n = 0; n < 14; n++) await client.backup({ resourceId: RESOURCE, state: `${n}`, more });
  clock.setDays(100);
  await begun();
  await day.also(`curl -X POST http://localhost:3004/retention/waits/clock -d '{"decision": "confirm"}'`);
  await eventually(20_000, 'the wait', async () => (await codesOf(client)).includes('expiry_held'));
  const { decisions } = (await day.type(/plan\?resourceId=database-1"$/)).json<{
    decisions: { action: string; reasons: string[] }[];
  }>();
  // What had expired before may have gone by then.
  expect(decisions.length).toBeGreaterThanOrEqual(14);
  expect(await day.type(/^WAIT=/)).toMatchObject({ code: 0 });
  expect((await day.type(/\$WAIT".*"refuse"/)).json()).toMatchObject({ decision: 'refused' });
  expect((await client.list()).length).toBeGreaterThanOrEqual(14);
  expect((await day.type(/\$WAIT".*"confirm"/)).json()).toMatchObject({ decision: 'confirmed' });
  await eventually(20_000, 'the sweep', async () => (await client.list()).length === 1);

  await client.send('PUT', `/retention/policies/${RESOURCE}`, '{"keepDaily":30}');
  const removed = await client.send('DELETE', `/retention/policies/${RESOURCE}`);
  expect(removed.json()).toMatchObject({ effectiveAt: expect.any(String) });
  expect((await day.type(/^curl -X PUT .*"keepDaily": 30/)).json()).toMatchObject({
    policy: { keepDaily: 30 },
  });
  day.done();
}, 180_000);

// Elsewhere nobody but the administrator may mount anything.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'the disk is full',
  async () => {
    disk = await makeSmallDisk(24);
    const options = { folder: disk.path, prefix: disk.prefix };
    const day = await beginDay({ section: 'Disk full, disk failing', ...options });
    const { client } = day;
    await day.also('npm start');
    // Twice the reserve, and some more.
    const text = JSON.stringify(randomBytes(5_000_000).toString('base64'));
    const one = await client.backup({ resourceId: RESOURCE, state: text });
    const other = await client.backup({ resourceId: 'other', state: '{"n":1}' });
    await eventually(20_000, 'the reserve', async () => (await day.also('ls .data')).out.includes('reserve'));
    disk.fill();
    const refused = await client.create({ resourceId: RESOURCE, state: text });
    expect(refused.json()).toMatchObject({ status: 503, code: 'disk_full' });
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect((await client.restore(other.id)).status).toBe(200);
    await day.stop();

    expect(await day.type(/^BACKUP_GRACE_SECONDS=0 npm start/)).toMatchObject({ code: 0 });
    expect((await day.type(/^curl -X DELETE \S+\/backup-1 /)).json()).toEqual({
      id: one.id,
      status: 'deleted',
    });
    expect(await day.type(/^BACKUP_GRACE_SECONDS=0 npm start/)).toMatchObject({ code: 0 });
    await eventually(20_000, 'room', async () => {
      return (await client.create({ resourceId: 'small', state: '1' })).status === 201;
    });
    expect(await day.type(/^npm start/)).toMatchObject({ code: 0 });
    day.done();
    await eventually(20_000, 'health', async () => (await client.send('GET', '/health')).status === 200);
    expect((await client.restore(other.id)).status).toBe(200);
  },
  120_000,
);

test('a blob is damaged', async () => {
  const day = await beginDay({ section: 'Blob damaged', env: EVERY_SECOND });
  const { client } = day;
  await day.also('npm start');
  // So long that only what has changed is stored.
  const rest = randomBytes(3000).toString('hex');
  const states = [1, 2, 3].map((n) => JSON.stringify({ n, rest }));
  const ids: string[] = [];
  for (const [n, state] of states.entries()) {
    const type = n === 0 ? 'full' : 'incremental';
    ids.push((await client.backup({ resourceId: RESOURCE, type, state })).id);
  }
  await copyTo(day);
  const first = (): string => blobOf(day.dataDir, 'backup-1');
  const damage = (): void => {
    const bytes = readFileSync(first());
    writeFileSync(first(), bytes.with(bytes.length - 40, bytes.at(-40)! ^ 1));
  };
  const noticed = (): Promise<unknown> =>
    eventually(20_000, 'the notice', async () => (await codesOf(client)).includes('damaged_backup'));
  const healthy = (): Promise<unknown> =>
    eventually(20_000, 'the end of it', async () => (await codesOf(client)).length === 0);
  damage();
  await noticed();
  const health = (await day.type(/^curl \S+\/health /)).json<HealthView>();
  expect(health.notices).toMatchObject([{ detail: expect.stringContaining(first().slice(-32)) }]);
  expect(health.notices![0]!.detail).toContain('Needed by backup-1, backup-2, backup-3.');
  const meanwhile = await client.create({ resourceId: RESOURCE, type: 'incremental', state: '"meanwhile"' });
  expect(meanwhile.json()).toMatchObject({ type: 'full', requestedType: 'incremental' });
  expect(await day.type(/^BLOB=/)).toMatchObject({ code: 0 });
  expect(await day.type(/^cp -p "/)).toMatchObject({ code: 0 });
  expect((await day.type(/\/backup-1\/verify /)).json()).toMatchObject({ valid: true });
  await healthy();
  for (const [n, id] of ids.entries()) {
    expect(stateOf(await client.restore(id)).toString()).toBe(states[n]);
  }

  for (const id of ids.slice(1)) await client.remove(id);
  damage();
  await noticed();
  expect((await day.type(/^curl -X POST \S+\/backups -d /)).json<BackupView>()).toMatchObject({
    type: 'full',
  });
  expect((await day.type(/^curl -X DELETE \S+\/backup-1$/)).json()).toMatchObject({ status: 'deleted' });
  day.done();
  await healthy();
}, 120_000);

function blobOf(dataDir: string, backupId: string): string {
  return blobFiles(dataDir).find((path) => readFileSync(path).includes(`"backupId":"${backupId}"`))!;
}

function removeCatalog(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith('catalog.sqlite')) rmSync(join(dataDir, name));
  }
}

/** A whole key, and not ours. */
async function keyOfAnotherStore(): Promise<string> {
  const other = await beginDay({ section: 'The key is lost', folder: temporaryFolder() });
  await other.also('npm start');
  await other.stop();
  return readFileSync(join(other.dataDir, 'master.key'), 'utf8');
}
