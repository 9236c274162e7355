// The functions that give states back and write the trail may write some partitions of the table only: whatever they do, they
// write no others.

import { expect, test } from '@jest/globals';
import {
  backupKey,
  CURSOR_SECRET_KEY,
  documentPartitions,
  eventKey,
  formerEventKey,
  headKey,
  idempotencyKey,
  leaseKey,
  noticeKey,
  operationKey,
  policyKey,
  requestKey,
  SEGMENT_KEY,
  UPKEEP_PARTITION,
  uploadKey,
} from '../../lib/aws/catalog/catalog-keys.ts';
import { createPreparer } from '../../lib/aws/catalog/catalog-steps.ts';
import {
  PARTITIONS,
  WRITTEN_BY_NOTIFY,
  WRITTEN_BY_RESTORES,
  WRITTEN_BY_TRAIL,
} from '../../lib/aws/names/table.ts';
import { counting, createCallCounts } from '../../lib/decorators/counting.ts';
import { faulty } from '../../lib/decorators/faulty.ts';
import { readOnlyBlobStore, readOnlyKeyring } from '../../lib/decorators/read-only.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { PortError } from '../../lib/ports/errors.ts';
import { createService } from '../../lib/service/service.ts';
import { createWorld } from '../service/world.ts';
import { matches } from './iam.ts';

const isWritten = (pk: string): boolean => WRITTEN_BY_RESTORES.some((pattern) => matches(pattern, pk));

test('the partitions that are granted are those of the keys', () => {
  expect(matches(PARTITIONS.operations, operationKey('restore-1').pk)).toBe(true);
  expect(matches(PARTITIONS.leases, leaseKey('chain', 'restore-1').pk)).toBe(true);
  for (const { pk } of [eventKey('r', '1'), formerEventKey('event-1')])
    expect(matches(PARTITIONS.events, pk)).toBe(true);
  expect(PARTITIONS.notices).toBe(noticeKey('n').pk);
  expect(PARTITIONS.cursorSecret).toBe(CURSOR_SECRET_KEY.pk);
  expect(PARTITIONS.trail).toBe(SEGMENT_KEY.pk);
  expect(PARTITIONS.upkeep).toBe(UPKEEP_PARTITION);
  expect(documentPartitions('channel')).toEqual([PARTITIONS.channels]);
  for (const pk of documentPartitions('delivery')) expect(matches(PARTITIONS.deliveries, pk)).toBe(true);
  const others = [backupKey('OP#'), headKey('CHAIN#'), policyKey('r'), idempotencyKey('k'), requestKey('b')];
  for (const { pk } of [...others, uploadKey('u'), SEGMENT_KEY])
    expect([pk, isWritten(pk)]).toEqual([pk, false]);
});

test('the trail marks events and where it stands, says how it went, and writes down that the table is an older one', () => {
  const written = [eventKey('r', '1').pk, SEGMENT_KEY.pk, UPKEEP_PARTITION, noticeKey('rollback').pk];
  const mayWrite = (pk: string) => WRITTEN_BY_TRAIL.some((pattern) => matches(pattern, pk));
  for (const pk of written) expect([pk, mayWrite(pk)]).toEqual([pk, true]);
  const others = [backupKey('b'), headKey('r'), policyKey('r'), idempotencyKey('k'), operationKey('o')];
  for (const { pk } of [...others, requestKey('b'), leaseKey('c', 'o'), CURSOR_SECRET_KEY]) {
    expect([pk, mayWrite(pk)]).toEqual([pk, false]);
  }
});

test('what tells others writes how far it has come, and whom nobody is to tell any more', () => {
  const mayWrite = (pk: string) => WRITTEN_BY_NOTIFY.some((pattern) => matches(pattern, pk));
  const written = [
    ...documentPartitions('delivery'),
    ...documentPartitions('channel'),
    eventKey('r', '1').pk,
  ];
  for (const pk of [...written, UPKEEP_PARTITION, CURSOR_SECRET_KEY.pk])
    expect([pk, mayWrite(pk)]).toEqual([pk, true]);
  const others = [backupKey('b'), headKey('r'), policyKey('r'), operationKey('o'), SEGMENT_KEY];
  for (const { pk } of others) expect([pk, mayWrite(pk)]).toEqual([pk, false]);
  for (const collection of ['source', 'schedule', 'run', 'drill'])
    expect(documentPartitions(collection).some(mayWrite)).toBe(false);
});

test('every write of a restore, a check, a delta and of damage found goes there', async () => {
  const calls = createCallCounts<Catalog>();
  let isQueueDown = false;
  const world = createWorld(({ catalog, queue }) => ({
    catalog: counting(catalog, calls),
    queue: faulty(queue, {
      before() {
        if (isQueueDown) throw new PortError('unavailable', 'no answer');
      },
    }),
  }));
  const { clock } = world;
  // As its role has them.
  const service = createService({
    ...world.deps,
    blobs: readOnlyBlobStore(world.deps.blobs),
    keyring: readOnlyKeyring(world.deps.keyring),
  });
  const full = await world.backup('db', '{"a":1}');
  const next = await world.make('db', '{"a":2}', 'incremental');
  calls.reset();

  const asked = { targetResourceId: 'copy', createdBy: 'me', validate: true, async: false };
  await service.restore({ ...asked, backupId: next.id }, { actor: 'me' });
  await service.restorePointInTime({ ...asked, resourceId: 'db', at: clock.now() }, { actor: 'me' });
  await service.verifyBackup(full.id);
  await service.getDelta(next.id, { actor: 'me' });
  const { operation } = await service.restore({ ...asked, backupId: full.id, async: true }, { actor: 'me' });
  await service.getOperation(operation.id);
  await service.listOperations({ limit: 10 });
  isQueueDown = true;
  const queued = service.restore({ ...asked, backupId: full.id, async: true }, { actor: 'me' });
  await expect(queued).rejects.toMatchObject({ code: 'unavailable' });
  await world.plain.blobs.delete(full.chain[0]!.blobId);
  await service.verifyBackup(full.id);
  await expect(service.restore({ ...asked, backupId: full.id }, { actor: 'me' })).rejects.toThrow();

  const prepare = createPreparer('table', () => '0', {
    tellerOf: () => undefined,
    keyTextOf: () => undefined,
  });
  const changes = calls.argsOf('commit').flatMap(([all]) => all);
  const kinds = changes.filter(({ kind }) => kind !== 'job.send');
  expect(new Set(kinds.map(({ kind }) => kind))).toEqual(
    new Set(['operation.insert', 'operation.update', 'event.append', 'notice.put']),
  );
  const written = kinds.flatMap((change) =>
    prepare([change]).flatMap((step) =>
      step.writes().map(({ Put, Delete, Update }) => (Put?.Item ?? (Delete ?? Update)?.Key)?.pk?.S),
    ),
  );
  expect(written.length).toBeGreaterThan(10);
  for (const pk of written) expect([pk, isWritten(pk!)]).toEqual([pk, true]);
});
