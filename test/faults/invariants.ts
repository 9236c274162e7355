// What must hold at any moment, whatever has failed: everything acknowledged restores, nothing half-made is seen.

import { expect } from '@jest/globals';
import { LIMITS } from '../../lib/core/records/limits.ts';
import type { AuditEvent, BackupRecord } from '../../lib/core/records/model.ts';
import { collect } from '../../lib/service/kit/collect.ts';
import { relayEvents } from '../../lib/service/kit/events.ts';
import { failAbandoned } from '../../lib/service/restores/operations.ts';
import { findOrphans } from '../../lib/service/retention/orphans.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import type { World } from '../service/world.ts';

/** What the test knows of the backups it has made, or tried to make. */
export class Ledger {
  /** Acknowledged ones, by id. */
  readonly known = new Map<string, BackupRecord & { json: string }>();
  /** States that were sent, by resource: a backup that was not acknowledged holds one of them. */
  readonly sent = new Map<string, Set<string>>();
  /** Ids whose deletion or expiry has been asked for: there or not, but nothing in between. */
  readonly going = new Set<string>();

  send(resourceId: string, json: string): void {
    const states = this.sent.get(resourceId) ?? new Set();
    this.sent.set(resourceId, states.add(json));
  }

  acknowledge(backup: BackupRecord, json: string): void {
    this.known.set(backup.id, { ...backup, json });
  }
}

export function liveBackups({ plain }: Pick<World, 'plain'>): Promise<BackupRecord[]> {
  return collect((page) => plain.catalog.listBackups(page));
}

/** Holds at every moment at which no call is under way. */
export async function expectIntact(world: World, ledger: Ledger): Promise<void> {
  const live = await liveBackups(world);
  const ids = new Set(live.map(({ id }) => id));
  expect(ids.size).toBe(live.length);
  for (const id of ledger.known.keys()) if (!ledger.going.has(id)) expect(ids).toContain(id);

  for (const record of live) {
    const known = ledger.known.get(record.id);
    const text = await world.text(record.id);
    if (known !== undefined) expect(text).toBe(known.json);
    else expect(ledger.sent.get(record.resourceId) ?? []).toContain(text);
    for (const { blobId } of record.chain) expect(await accounted(world, blobId)).toBe(true);
  }
  for (const [resourceId, backups] of Map.groupBy(live, (record) => record.resourceId)) {
    await expectHistory(
      world,
      resourceId,
      backups.toSorted((a, b) => b.sequence - a.sequence),
    );
  }
  await expectTrail(world, ledger, live);
}

/** Whether something names the blob, so that nobody takes it for what a crash has left behind. */
async function accounted({ plain }: World, blobId: string): Promise<boolean> {
  return (await plain.catalog.findUnknownBlobs([blobId])).length === 0;
}

/** One line of sequences; the head names the newest; every instant finds what was newest then. */
async function expectHistory(world: World, resourceId: string, newestFirst: BackupRecord[]): Promise<void> {
  const { catalog } = world.plain;
  for (const [i, newer] of newestFirst.slice(0, -1).entries()) {
    const older = newestFirst[i + 1]!;
    expect(newer.sequence).toBeGreaterThan(older.sequence);
  }
  const head = (await catalog.getHead(resourceId))!;
  const newest = newestFirst[0]!;
  const newestFull = newestFirst.find(({ type }) => type === 'full');
  expect(head.sequence).toBeGreaterThanOrEqual(newest.sequence);
  expect([head.latest?.id, head.latestFull?.id]).toEqual([newest.id, newestFull?.id]);
  expect(head.latest?.chain).toEqual(newest.chain);
  expect(head.latestFull?.chain).toEqual(newestFull?.chain);
  for (const { createdAt: at } of newestFirst) {
    const { found, earliest } = await catalog.stateAt(resourceId, at);
    expect(found?.backupId).toBe(newestFirst.find(({ createdAt }) => createdAt <= at)!.id);
    expect(earliest?.createdAt).toBe(Math.min(...newestFirst.map(({ createdAt }) => createdAt)));
  }
  const last = (await catalog.stateAt(resourceId, Number.MAX_SAFE_INTEGER)).found;
  expect(last?.backupId).toBe(newest.id);
}

/** What has happened to each backup is written down, once. */
async function expectTrail({ plain }: World, ledger: Ledger, live: BackupRecord[]): Promise<void> {
  const events = await collect((page) => plain.catalog.listEvents(page));
  const about = (actions: AuditEvent['action'][]): (string | undefined)[] =>
    events.filter(({ action }) => actions.includes(action)).map(({ backupId }) => backupId);
  const created = about(['backup.created']);
  const hidden = about(['backup.deleted', 'backup.expired']);
  expect(new Set(created).size).toBe(created.length);
  expect(new Set(hidden).size).toBe(hidden.length);
  const expected = [...live.map(({ id }) => id), ...hidden].sort();
  expect([...created].sort()).toEqual(expected);
  for (const id of ledger.known.keys()) expect(created).toContain(id);
}

/** In the end everything can be deleted, and not a byte is left, nor an operation that nobody ends. */
export async function expectCleanable(world: World): Promise<void> {
  const { catalog } = world.plain;
  for (const { id, legalHold } of await liveBackups(world)) {
    if (legalHold === true) await world.service.protectBackup(id, { legalHold: false }, { actor: 'tester' });
    await world.remove(id);
  }
  // One grace for what was deleted, one for what a rebase has replaced, and one for what needed a second look.
  for (let pass = 0; pass < 4; pass++) {
    world.clock.advance(Math.max(world.deps.options.graceMs, LIMITS.operationMs) + 1);
    await failAbandoned(world.deps, { interrupted: false });
    await sweep(world.deps);
    await findOrphans(world.deps);
  }
  expect(await world.blobCount()).toBe(0);
  expect((await catalog.dueGarbage({ limit: 10, before: Number.MAX_SAFE_INTEGER })).items).toEqual([]);
  expect((await catalog.unfinishedOperations({ limit: 10 })).items).toEqual([]);
  expect((await catalog.unfinishedRequests({ limit: 10 })).items).toEqual([]);
  await relayEvents(world.deps);
  expect(await catalog.pendingEvents(10)).toEqual([]);
}
