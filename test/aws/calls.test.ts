// What a use case costs in calls to AWS: their number is money, and the number of those that wait for one another is time.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTrailStore, storeIdOf } from '../../lib/aws/blobs/trail-store.ts';
import { createCatalog } from '../../lib/aws/catalog/catalog.ts';
import { createSystemClock } from '../../lib/aws/clock.ts';
import { createKeyring } from '../../lib/aws/keys/keyring.ts';
import { createEventSink } from '../../lib/aws/messages/event-sink.ts';
import { type BusChoice, busChoice } from '../../lib/core/bus-events.ts';
import { LIMITS } from '../../lib/core/records/limits.ts';
import type { BackupType } from '../../lib/core/records/model.ts';
import { selecting } from '../../lib/decorators/selecting.ts';
import { silentLogger } from '../../lib/log.ts';
import { systemRandom } from '../../lib/random.ts';
import type { BackupService } from '../../lib/service/contract/api.ts';
import { runJob } from '../../lib/service/jobs/worker.ts';
import { fanningOut } from '../../lib/service/notifications/fan-out.ts';
import { createSender } from '../../lib/service/notifications/sender.ts';
import { relayTrail } from '../../lib/service/trail/relay.ts';
import { inputOf, textOf } from '../service/world.ts';
import { type CallCount, type CallLog, createCallLog } from './call-log.ts';
import { composeDeps, composeService, type Place } from './composed.ts';
import { UNITS } from './counted.ts';
import {
  createClients,
  destroyClients,
  makeBucket,
  makeBus,
  makeKey,
  makeQueue,
  makeTable,
} from './resources.ts';
import { createUnitLog, type UnitCount, type UnitLog, unitTable } from './write-units.ts';

const clients = createClients();
const beside = createClients();
const caller = { actor: 'tester' };

let service: BackupService;
let place: Place;
let log: CallLog;
let unitLog: UnitLog;
const measured: [string, CallCount][] = [];
const unitsMeasured: [string, UnitCount][] = [];

beforeAll(async () => {
  const { s3, dynamoDb, kms, sqs, eventBridge } = clients;
  place = {
    bucket: await makeBucket(s3),
    tableName: await makeTable(dynamoDb),
    keyArn: await makeKey(kms),
    busName: await makeBus(eventBridge),
    ...(await makeQueue(sqs)),
  };
  service = composeService(clients, createSystemClock(), place);
  log = createCallLog(clients);
  unitLog = createUnitLog(dynamoDb, beside.dynamoDb);
});

afterAll(() => {
  process.stdout.write(tableOf(measured) + unitTable(unitsMeasured));
  destroyClients(clients);
  destroyClients(beside);
});

/** A state that differs from the one before in one row of many. */
function stateOf(revision: number): string {
  const rows = Array.from({ length: 200 }, (_, id) => ({
    id,
    name: `row ${id}`,
    revision: id === 7 ? revision : 0,
  }));
  return JSON.stringify({ rows });
}

let revision = 0;
async function backUp(resourceId: string, type: BackupType, idempotencyKey?: string): Promise<string> {
  revision += 1;
  const input = { ...inputOf(resourceId, stateOf(revision)), type };
  const keyed = idempotencyKey === undefined ? input : { ...input, idempotencyKey };
  const { backup } = await service.createBackup(keyed, caller);
  expect(backup.type).toBe(type);
  return backup.id;
}

async function measure(name: string, work: () => Promise<unknown>): Promise<CallCount> {
  const count = await log.during(work);
  measured.push([name, count]);
  return count;
}

function kmsCalls({ byName }: CallCount): number {
  return (byName['kms.GenerateDataKey'] ?? 0) + (byName['kms.Decrypt'] ?? 0);
}

const restoreOf = (backupId: string) =>
  service.restore(
    { backupId, targetResourceId: 'target', createdBy: 'tester', validate: true, async: false },
    caller,
  );

/** A run of the trail. */
function relayOf(goesToBus: BusChoice = () => true): () => Promise<unknown> {
  const { s3, dynamoDb, kms, eventBridge } = clients;
  const { bucket, tableName, keyArn, busName } = place;
  const clock = createSystemClock();
  const catalog = createCatalog({ dynamoDb, tableName, clock, random: systemRandom });
  const trail = {
    store: createTrailStore({ s3, bucket }),
    storeId: storeIdOf(bucket),
    keyring: createKeyring({ kms, keyArn }),
    clock,
    random: systemRandom,
    source: catalog,
    log: silentLogger,
  };
  const events = selecting(createEventSink({ eventBridge, busName }), ({ action }) => goesToBus(action));
  return () => relayTrail({ trail, catalog, events }, Number.POSITIVE_INFINITY);
}

describe('calls to AWS', () => {
  test('the first backup of a process also looks at the notice, and holds the table to the trail, beside its own reads', async () => {
    const count = await measure('first backup of a process', () => backUp('first', 'full'));
    expect(count.inSequence).toBeLessThanOrEqual(4);
    expect(count.byName).toEqual({
      'dynamoDb.GetItem': 3,
      's3.ListObjectsV2': 1,
      'dynamoDb.TransactWriteItems': 1,
      'kms.GenerateDataKey': 1,
      's3.PutObject': 1,
    });
  });

  test('relaying an event: what docs/cost.md counts', async () => {
    const relay = relayOf();
    await relay();
    const idle = await measure('relaying nothing', relay);
    expect(idle.byName).toEqual({ 'dynamoDb.GetItem': 1, 'dynamoDb.Query': 24 });
    await backUp('relayed', 'full');
    expect((await measure('relaying an event', relay)).byName).toEqual({
      'dynamoDb.GetItem': 2,
      'dynamoDb.Query': 40,
      // The events, and the records that they tell of.
      'dynamoDb.BatchGetItem': 2,
      'kms.GenerateDataKey': 1,
      's3.PutObject': 1,
      // That it stands in the trail and is published.
      'dynamoDb.UpdateItem': 1,
      // The mark of the segment.
      'dynamoDb.PutItem': 1,
      'eventBridge.PutEvents': 1,
    });
    await backUp('relayed', 'full');
    const unsaid = await measure('relaying an event that is not for the bus', relayOf(busChoice(['none'])));
    expect(unsaid.byName).not.toHaveProperty('eventBridge.PutEvents');
    expect(unsaid.byName['dynamoDb.UpdateItem']).toBe(1);
    expect((await measure('relaying nothing', relay)).byName).toEqual(idle.byName);
  });

  test('a full backup: 3 in sequence, the first of a resource and the next', async () => {
    for (const name of ['first full backup', 'next full backup']) {
      const count = await measure(name, () => backUp('full', 'full'));
      expect(count.inSequence).toBeLessThanOrEqual(3);
      expect(count.byName).toEqual({
        'dynamoDb.GetItem': 1,
        'dynamoDb.TransactWriteItems': 1,
        'kms.GenerateDataKey': 1,
        's3.PutObject': 1,
      });
    }
  });

  test.each(['incremental', 'differential'] as const)('a backup of type %s: 4 in sequence', async (type) => {
    await backUp(type, 'full');
    await backUp(type, type);
    const count = await measure(`${type} backup`, () => backUp(type, type));
    expect(count.inSequence).toBeLessThanOrEqual(4);
    expect(kmsCalls(count)).toBe(1);
    expect(count.byName['dynamoDb.TransactWriteItems']).toBe(1);
    expect(count.byName['s3.PutObject']).toBe(1);
  });

  test('an Idempotency-Key costs two small reads, at once with the others', async () => {
    const count = await measure('full backup with a key', () => backUp('keyed', 'full', 'a-key'));
    expect(count.total).toBe(6);
    expect(count.inSequence).toBe(3);
    expect(kmsCalls(count)).toBe(1);
  });

  test('a restore: 3 in sequence, and one more where its chain is long', async () => {
    const ids = [await backUp('chain', 'full')];
    for (let i = 0; i < 6; i += 1) ids.push(await backUp('chain', 'incremental'));
    const last = stateOf(revision);
    for (const [length, id] of [
      [1, ids[0]!],
      [3, ids[2]!],
      [7, ids[6]!],
    ] as const) {
      const count = await measure(`restore of ${length} blob${length > 1 ? 's' : ''}`, () => restoreOf(id));
      // A record says what it can of its chain within one write unit.
      const isChain = length > 3;
      expect(count.inSequence).toBeLessThanOrEqual(isChain ? 4 : 3);
      expect(count.byName).toEqual({
        'dynamoDb.GetItem': 1,
        ...(isChain ? { 'dynamoDb.BatchGetItem': 1 } : {}),
        'dynamoDb.TransactWriteItems': 1,
        'kms.Decrypt': 1,
        's3.GetObject': length,
      });
    }
    expect(textOf(await restoreOf(ids[6]!))).toBe(last);
  });

  test('a restore to an instant finds it with what stands around it, all at once', async () => {
    await backUp('instant', 'full');
    const count = await measure('restore to an instant', () =>
      service.restorePointInTime(
        { resourceId: 'instant', at: Date.now(), createdBy: 'tester', validate: true, async: false },
        caller,
      ),
    );
    expect(count.inSequence).toBeLessThanOrEqual(3);
    expect(count.byName).toEqual({
      // The head, and the record.
      'dynamoDb.GetItem': 2,
      'dynamoDb.Query': 6,
      'dynamoDb.TransactWriteItems': 1,
      'kms.Decrypt': 1,
      's3.GetObject': 1,
    });
  });

  test('so does one to any instant of before, between two backups of another chain than the newest has', async () => {
    const apart = () => new Promise((done) => setTimeout(done, 30));
    await backUp('instants', 'full');
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      await apart();
      ids.push(await backUp('instants', 'incremental'));
    }
    await apart();
    await backUp('instants', 'full');
    const { createdAt } = await service.findBackup(ids[1]!);
    const count = await measure('restore to an older instant', async () => {
      const { operation } = await service.restorePointInTime(
        { resourceId: 'instants', at: createdAt + 10, createdBy: 'tester', validate: true, async: false },
        caller,
      );
      expect(operation).toMatchObject({ backupId: ids[1], exact: true });
    });
    expect(count.inSequence).toBeLessThanOrEqual(3);
    expect(count.byName).toEqual({
      'dynamoDb.GetItem': 2,
      'dynamoDb.Query': 6,
      'dynamoDb.TransactWriteItems': 1,
      'kms.Decrypt': 1,
      's3.GetObject': 3,
    });
  });

  test('reading, listing and deleting', async () => {
    const id = await backUp('small', 'full');
    const get = await measure('get a backup', () => service.findBackup(id));
    expect(get.total).toBeLessThanOrEqual(2);
    const ofOne = await measure('list one resource', () =>
      service.listBackups({ resourceId: 'small', limit: 50 }),
    );
    // The head says whether times are in order.
    expect(ofOne.byName).toEqual({ 'dynamoDb.GetItem': 1, 'dynamoDb.Query': 1, 'dynamoDb.BatchGetItem': 1 });
    const all = await measure('list all', () => service.listBackups({ limit: 50 }));
    // Records, then the links of their chains.
    expect(all.inSequence).toBe(3);
    expect(all.byName).toEqual({ 'dynamoDb.Query': 56, 'dynamoDb.BatchGetItem': 2 });
    const hidden = await measure('delete the only backup', () => service.deleteBackup(id, caller));
    expect(hidden.byName['dynamoDb.TransactWriteItems']).toBe(1);
    expect(kmsCalls(hidden)).toBe(0);
  });
});

describe('write units', () => {
  const depthsMax = LIMITS.chainDeltasMax;

  async function unitsOf(name: string, work: () => Promise<unknown>): Promise<number> {
    const count = await unitLog.during(work);
    unitsMeasured.push([name, count]);
    return count.units;
  }

  test('a small full', async () => {
    await unitsOf('first full', () => backUp('unit', 'full'));
    expect(await unitsOf('full', () => backUp('unit', 'full'))).toBeLessThanOrEqual(UNITS.full);
  });

  test('an incremental anywhere in its chain', async () => {
    await backUp('units', 'full');
    const units: number[] = [];
    for (let depth = 1; depth <= depthsMax; depth++) {
      const count = await unitLog.during(() => backUp('units', 'incremental'));
      if ([1, 16, depthsMax].includes(depth)) unitsMeasured.push([`incremental at depth ${depth}`, count]);
      units.push(count.units);
    }
    expect(Math.max(...units)).toBeLessThanOrEqual(UNITS.incremental);
  });

  test('a restore in the call', async () => {
    const id = await backUp('restored', 'full');
    expect(await unitsOf('restore', () => restoreOf(id))).toBeLessThanOrEqual(UNITS.restore);
  });

  test('a full by upload: from its request to its end', async () => {
    await backUp('uploaded', 'full');
    const deps = composeDeps(clients, createSystemClock(), place);
    const { uploadId, url } = await service.createUpload();
    expect((await fetch(url, { method: 'PUT', body: stateOf(1) })).status).toBe(200);
    const { resourceId, resourceType, metadata, encrypt } = inputOf('uploaded', '1');
    const input = { resourceId, resourceType, metadata, encrypt, type: 'full' as const, uploadId };
    const units = await unitsOf('full by upload', async () => {
      const { request } = await service.requestBackup(input, caller);
      expect(await runJob(deps, { kind: 'backup', id: request!.id }, 1)).toEqual({ is: 'done' });
    });
    expect(units).toBeLessThanOrEqual(UNITS.upload);
  });

  test('a notification: that somebody is to be told, and that it was', async () => {
    const clock = createSystemClock();
    const deps = composeDeps(clients, clock, place);
    const target = { kind: 'webhook' as const, url: 'https://told.example', secrets: ['env:A'] };
    await service.putChannel('told', { target, events: ['backup.created'] }, caller);
    const tell = () =>
      fanningOut(deps, { publish: async () => {} }, () => {}).publish([
        {
          ...{ id: randomUUID(), at: Date.now(), action: 'backup.created', actor: 'tester' },
          ...{ resourceId: 'r', backupId: 'b', detail: { type: 'full', sequence: 1, size: 10 } },
        },
      ]);
    const sender = createSender({
      ...deps,
      notifier: { send: async () => ({ ok: true, status: 200 }) },
      secrets: { read: async () => `whsec_${'A'.repeat(44)}` },
      meter: { count: () => {} },
      ...{ backoffMs: [1000], timeoutMs: 1000 },
    });
    const send = async () => {
      while ((await sender.begin()) > 0) await sender.idle();
    };
    const units: number[] = [];
    for (let n = 0; n < 40; n++) {
      const count = await unitLog.during(async () => {
        await tell();
        await send();
      });
      if (n === 17) unitsMeasured.push(['notification', count]);
      units.push(count.units);
    }
    expect(units.reduce((sum, one) => sum + one) / units.length).toBeLessThanOrEqual(UNITS.notification);
  });

  test('a delete, and an event that is relayed', async () => {
    const relay = relayOf();
    await relay();
    const id = await backUp('gone', 'full');
    expect(await unitsOf('relay of an event', relay)).toBeLessThanOrEqual(UNITS.relay);
    expect(await unitsOf('delete', () => service.deleteBackup(id, caller))).toBeLessThanOrEqual(UNITS.delete);
  });
});

function tableOf(rows: [string, CallCount][]): string {
  const lines = rows.map(([name, { total, inSequence, byName }]) => {
    const names = Object.entries(byName).map(([call, count]) => `${call} ${count}`);
    return `${name.padEnd(26)} ${String(total).padStart(5)} ${String(inSequence).padStart(11)}   ${names.join(', ')}`;
  });
  return `\n${'use case'.padEnd(26)} calls in sequence   by name\n${lines.join('\n')}\n`;
}
