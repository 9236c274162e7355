// Nothing is believed because it is in the catalog: every member of a record that a blob can vouch for is edited, and every
// way to read the backup notices.

import { describe, expect, test } from '@jest/globals';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import { readDelta } from '../../lib/service/backups/delta.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { checkHealth } from '../../lib/service/upkeep/health.ts';
import { createWorld, DAY, OPTIONS, type World } from '../service/world.ts';

const CALLER = { actor: 'tester' };

async function edit(world: World, id: string, change: (typeof EDITS)[number][1]): Promise<void> {
  const record = (await world.plain.catalog.getBackup(id))!;
  const edited = { ...record, ...change(record), version: record.version + 1 } as BackupRecord;
  await world.plain.catalog.commit([{ kind: 'backup.update', record: edited, expect: record.version }]);
}

/** A chain of three, and another resource. The one that is edited is the last of the chain. */
async function history(world: World): Promise<BackupRecord> {
  const rows = (n: number) =>
    JSON.stringify(Array.from({ length: 50 }, (_, id) => ({ id, v: id === n ? n : 0 })));
  await world.make('bank', rows(1), 'full');
  await world.make('bank', rows(2), 'incremental');
  await world.make('other', rows(7), 'full');
  return world.make('bank', rows(3), 'incremental', {
    metadata: {
      version: '1.0',
      source: 'api',
      tags: { env: 'a' },
      retentionDays: 30,
      customFields: { x: 1 },
    },
  });
}

const withTip = (r: BackupRecord, change: Partial<BackupRecord['chain'][number]>): BackupRecord['chain'] =>
  r.chain.map((ref, i) => (i === r.chain.length - 1 ? { ...ref, ...change } : ref));
const FORGED = 'ab'.repeat(32);

/** Each gives the members that are exchanged; undefined takes one away. */
const EDITS: readonly [string, (r: BackupRecord) => Partial<Record<keyof BackupRecord, unknown>>][] = [
  ['checksum', () => ({ checksum: FORGED })],
  ['checksum, in its chain too', (r) => ({ checksum: FORGED, chain: withTip(r, { checksum: FORGED }) })],
  ['createdAt', (r) => ({ createdAt: r.createdAt - 1 })],
  ['expiresAt', (r) => ({ expiresAt: r.expiresAt! - 1 })],
  ['expiresAt, gone', () => ({ expiresAt: undefined })],
  ['tags', (r) => ({ metadata: { ...r.metadata, tags: { env: 'b' } } })],
  ['retentionDays', (r) => ({ metadata: { ...r.metadata, retentionDays: 1 } })],
  ['customFields', (r) => ({ metadata: { ...r.metadata, customFields: { x: 2 } } })],
  ['source', (r) => ({ metadata: { ...r.metadata, source: 'elsewhere' } })],
  ['type', () => ({ type: 'full' })],
  ['requestedType', () => ({ requestedType: 'differential' })],
  ['resourceType', () => ({ resourceType: 'another' })],
  ['changes', (r) => ({ changes: { ...r.changes, deletions: 77 } })],
  ['changes, gone', () => ({ changes: undefined })],
  ['compressedSize', (r) => ({ compressedSize: r.compressedSize + 1 })],
  ['size', (r) => ({ size: r.size + 1 })],
  ['size, in its chain too', (r) => ({ size: r.size + 1, chain: withTip(r, { size: r.size + 1 }) })],
  ['baseBackupId', () => ({ baseBackupId: 'backup-1' })],
  ['chainId', () => ({ chainId: 'backup-3' })],
  ['encrypted', () => ({ encrypted: false })],
  ['chain, cut to its base', (r) => ({ chain: r.chain.slice(0, -1) })],
  ['chain, without its middle', (r) => ({ chain: [r.chain[0], r.chain[2]] })],
  ['chain, with a doubled base', (r) => ({ chain: [r.chain[0], ...r.chain] })],
  ['chain, in another order', (r) => ({ chain: [r.chain[0], r.chain[2], r.chain[1]] })],
  [
    'a blob of the chain in clear',
    (r) => ({ chain: [{ ...r.chain[0], encrypted: false }, ...r.chain.slice(1)] }),
  ],
  [
    'the key',
    (r) => ({ key: { ...r.key, wrapped: r.key!.wrapped.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) } }),
  ],
];

describe('a record that was edited', () => {
  test.each(EDITS)('%s: restore and verify notice', async (_, change) => {
    const world = createWorld();
    const { id } = await history(world);
    await edit(world, id, change);
    const refused = { code: expect.stringMatching(/integrity_error|broken_chain/) };
    await expect(world.text(id)).rejects.toMatchObject(refused);
    expect(await world.service.verifyBackup(id)).toMatchObject({ valid: false });
    const at = world.deps.clock.now();
    const input = { resourceId: 'bank', at, createdBy: 'x', validate: true, async: false };
    await expect(world.service.restorePointInTime(input, CALLER)).rejects.toMatchObject(refused);
  });

  test.each(EDITS)('%s: its delta is not given', async (_, change) => {
    const world = createWorld();
    const { id } = await history(world);
    await edit(world, id, change);
    await expect(readDelta(world.deps, id, CALLER)).rejects.toMatchObject({
      // An edit that calls it a full takes the delta away, and gives nothing instead.
      code: expect.stringMatching(/integrity_error|broken_chain|delta_not_found/),
    });
  });

  test.each(EDITS)(
    '%s, of the base: a delta to it is not given where its record is read',
    async (_, change) => {
      const world = createWorld();
      await history(world);
      // Of another shape altogether: stored whole, so that its base is no part of its chain.
      const next = await world.make('bank', '{"all":"new"}', 'incremental');
      expect(next).toMatchObject({ type: 'incremental', baseBackupId: 'backup-4', chain: { length: 1 } });
      await edit(world, 'backup-4', change);
      await expect(readDelta(world.deps, next.id, CALLER)).rejects.toMatchObject({
        code: expect.stringMatching(/integrity_error|broken_chain/),
      });
    },
  );

  test.each([
    ['of another resource', 'backup-3'],
    ['of the same resource', 'backup-2'],
  ])('a base under whose id another backup stands, %s, is not compared with', async (_, standsThere) => {
    const world = createWorld();
    await history(world);
    const next = await world.make('bank', '{"all":"new"}', 'incremental');
    const other = (await world.plain.catalog.getBackup(standsThere))!;
    const { getBackup } = world.plain.catalog;
    const catalog = {
      ...world.plain.catalog,
      getBackup: async (id: string) => (id === next.baseBackupId ? other : getBackup(id)),
    };
    await expect(readDelta({ ...world.deps, catalog }, next.id, CALLER)).rejects.toMatchObject({
      code: 'integrity_error',
    });
  });

  test('that stands under the id of another is not given for it', async () => {
    const world = createWorld();
    const { id } = await history(world);
    const other = (await world.plain.catalog.getBackup('backup-3'))!;
    const swapped = { ...world.plain.catalog, getBackup: async () => other };
    const deps = { ...world.deps, catalog: swapped };
    const { restoreBackup } = await import('../../lib/service/restores/restore.ts');
    const input = { backupId: id, targetResourceId: 't', createdBy: 'x', validate: true, async: false };
    await expect(restoreBackup(deps, input, CALLER)).rejects.toMatchObject({ code: 'integrity_error' });
  });

  test('a head whose base is another backup is not built on', async () => {
    const world = createWorld();
    await history(world);
    const head = structuredClone((await world.plain.catalog.getHead('bank'))!);
    head.latest!.chain = head.latest!.chain.slice(0, 2);
    await world.plain.catalog.commit([
      { kind: 'head.put', head: { ...head, version: head.version + 1 }, expect: head.version },
    ]);
    const made = await world.make('bank', '[1]', 'incremental').catch((error: Error) => error);
    // Either it says so, or it stores the state whole: it never builds on what is not what it says.
    if (!(made instanceof Error)) expect(made).toMatchObject({ type: 'full', chain: { length: 1 } });
    else expect(made).toMatchObject({ code: 'integrity_error' });
  });
});

test('a blob in clear is not read where the deployment takes none', async () => {
  const open = createWorld();
  await open.make('r', '{"a":1}', 'full', { encrypt: false });
  expect(await open.text('backup-1')).toBe('{"a":1}');
  const { createService } = await import('../../lib/service/service.ts');
  const strict = createService({ ...open.deps, options: { ...OPTIONS, allowUnencrypted: false } });
  const input = { backupId: 'backup-1', targetResourceId: 't', createdBy: 'x', validate: true, async: false };
  await expect(strict.restore(input, CALLER)).rejects.toMatchObject({ code: 'integrity_error' });
  expect(await strict.verifyBackup('backup-1')).toMatchObject({ valid: false });
});

describe('expiry asks the blob', () => {
  test('a record that says it has expired, where its blob does not, is kept, and health says so', async () => {
    const world = createWorld();
    const { id } = await history(world);
    await world.make('bank', '[]', 'full');
    await edit(world, id, () => ({ expiresAt: world.clock.now() - 1 }));
    world.clock.advance(DAY);
    await sweep(world.deps);
    expect((await world.plain.catalog.getBackup(id))?.deletedAt).toBeUndefined();
    expect(await checkHealth(world.deps)).toMatchObject({
      status: 'degraded',
      notices: [{ code: 'disagreement', backupId: id }],
    });
  });

  test('bytes that say they are others are not removed', async () => {
    const world = createWorld();
    const { id, chain } = await history(world);
    const { blobId, sequence } = chain[0]!;
    const now = world.clock.now();
    const entry = {
      blobId,
      resourceId: 'bank',
      chainId: 'backup-1',
      reason: 'replaced',
      markedAt: now,
      dueAt: now,
    } as const;
    await world.plain.catalog.commit([{ kind: 'garbage.put', entry: { ...entry, sequence: sequence + 90 } }]);
    world.clock.advance(DAY);
    await sweep(world.deps);
    expect(await world.text(id)).toContain('"v":3');
    expect(await checkHealth(world.deps)).toMatchObject({ notices: [{ code: 'disagreement' }] });
  });
});
