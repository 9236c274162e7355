// What retention costs in calls to AWS, and how many backups a second expire at that.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createSystemClock } from '../../lib/aws/clock.ts';
import { AWS_BOUNDS } from '../../lib/aws/names/bounds.ts';
import type { Deps } from '../../lib/service/contract/deps.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { createService } from '../../lib/service/service.ts';
import { inputOf } from '../service/world.ts';
import { type CallCount, type CallLog, createCallLog } from './call-log.ts';
import { composeDeps } from './composed.ts';
import {
  createClients,
  destroyClients,
  makeBucket,
  makeBus,
  makeKey,
  makeQueue,
  makeTable,
} from './resources.ts';

const DAY_MS = 86_400_000;
/** What one call is said to take. */
const CALL_MS = 10;
/** What is to be reached, hidden and removed. */
const EXPIRIES_A_SECOND = 300;

const clients = createClients();
let deps: Deps;
let log: CallLog;
let aheadMs = 0;
const measured: [string, CallCount][] = [];

beforeAll(async () => {
  const { s3, dynamoDb, kms, sqs, eventBridge } = clients;
  const clock = createSystemClock();
  const place = {
    bucket: await makeBucket(s3),
    tableName: await makeTable(dynamoDb),
    keyArn: await makeKey(kms),
    busName: await makeBus(eventBridge),
    ...(await makeQueue(sqs)),
  };
  const moved = { ...clock, now: () => clock.now() + aheadMs };
  const composed = composeDeps(clients, moved, place, true);
  // It passes in days: what waits because of that has tests of its own. What is forgotten meanwhile waits for nothing, and is left out.
  const catalog = { ...composed.catalog, purge: async () => {} };
  deps = { ...composed, catalog, options: { ...composed.options, expiryHoldMs: 0 } };
  log = createCallLog(clients);
});

afterAll(() => {
  const lines = measured.map(([name, { total, inSequence, byName }]) => {
    const names = Object.entries(byName).map(([call, count]) => `${call} ${count}`);
    return `${name.padEnd(44)} ${String(total).padStart(5)} ${String(inSequence).padStart(11)}   ${names.join(', ')}`;
  });
  process.stdout.write(`\n${'retention'.padEnd(44)} calls in sequence   by name\n${lines.join('\n')}\n`);
  destroyClients(clients);
});

/** Backups of a resource, of which all but the newest expire after a day. */
async function backUp(resourceId: string, due: number): Promise<void> {
  const service = createService(deps);
  for (let n = 0; n <= due; n++) {
    const input = inputOf(resourceId, String(n));
    const retentionDays = n < due ? 1 : 400;
    await service.createBackup(
      { ...input, metadata: { ...input.metadata, retentionDays } },
      { actor: 'tester' },
    );
  }
}

async function measure(name: string, expected: object): Promise<CallCount> {
  const count = await log.during(async () => {
    expect(await sweep(deps)).toMatchObject(expected);
  });
  measured.push([name, count]);
  return count;
}

/** What a sweep costs beyond one that has nothing to do. */
function beyond(count: CallCount, idle: CallCount): { total: number; inSequence: number } {
  return { total: count.total - idle.total, inSequence: count.inSequence - idle.inSequence };
}

describe('calls of retention', () => {
  let idle: CallCount;

  test('a sweep that has nothing to do reads the lists that are empty', async () => {
    await sweep(deps);
    // Each of them writes down that the clock was looked at, as days have passed.
    aheadMs += 2 * DAY_MS;
    idle = await measure('a sweep with nothing to do', { expired: 0, finished: true });
    expect(idle.byName['dynamoDb.TransactWriteItems']).toBe(1);
  });

  test('one backup each of many resources: at least 300 a second, hidden and removed', async () => {
    await backUp('one', 1);
    aheadMs += 2 * DAY_MS;
    const hiding = beyond(await measure('hides the one of a resource', { expired: 1 }), idle);
    aheadMs += 2 * DAY_MS;
    const removing = beyond(await measure('removes it', { blobsRemoved: 1 }), idle);
    const msOfEach = (hiding.inSequence + removing.inSequence) * CALL_MS;
    const rate = (AWS_BOUNDS.resourcesAtOnce * 1000) / msOfEach;
    measured.push([
      `= ${rate.toFixed(0)} expiries a second at ${CALL_MS} ms a call`,
      { total: hiding.total + removing.total, inSequence: msOfEach / CALL_MS, byName: {} },
    ]);
    expect(rate).toBeGreaterThanOrEqual(EXPIRIES_A_SECOND);
  });

  test('eleven of one resource go in as many calls one after the other as one does', async () => {
    await backUp('eleven', 11);
    aheadMs += 2 * DAY_MS;
    const hiding = await measure('hides eleven of a resource', { expired: 11 });
    expect(hiding.byName['dynamoDb.TransactWriteItems']).toBe(2);
    aheadMs += 2 * DAY_MS;
    const removing = await measure('removes them', { blobsRemoved: 11 });
    expect(removing.byName['dynamoDb.TransactWriteItems']).toBe(2);
    const rate =
      (11 * AWS_BOUNDS.resourcesAtOnce * 1000) /
      ((beyond(hiding, idle).inSequence + beyond(removing, idle).inSequence) * CALL_MS);
    expect(rate).toBeGreaterThanOrEqual(5 * EXPIRIES_A_SECOND);
  });

  test('what it costs in processor time, where one call more costs another', async () => {
    const many = 60;
    for (let n = 0; n < many; n++) await backUp(`many-${n}`, 1);
    const spent = async (days: number): Promise<number> => {
      aheadMs += days * DAY_MS;
      const before = process.cpuUsage();
      await sweep(deps);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };
    const idleMs = await spent(0);
    const ms = (await spent(2)) + (await spent(2)) - 2 * idleMs;
    process.stdout.write(`${(ms / many).toFixed(1)} ms of processor time for each expiry\n`);
    expect((await deps.catalog.dueGarbage({ before: deps.clock.now(), limit: 1 })).items).toEqual([]);
  }, 120_000);

  test('what is kept costs nothing until it is decided again', async () => {
    const service = createService(deps);
    const input = inputOf('kept', '1');
    await service.createBackup(
      { ...input, metadata: { ...input.metadata, retentionDays: 1 } },
      { actor: 'tester' },
    );
    aheadMs += 2 * DAY_MS;
    await measure('places one that is kept', { expired: 0 });
    const again = await measure('the next sweep', { expired: 0 });
    expect(again.total).toBeLessThan(idle.total);
  });
});
