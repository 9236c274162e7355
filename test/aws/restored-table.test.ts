// A table that was restored to an earlier moment, beside the bucket of today: noticed before anything is built or removed on it.

import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { BatchWriteItemCommand, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CopyObjectCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, expect, test } from '@jest/globals';
import { createManualClock } from '../../lib/memory/clock.ts';
import { findOrphans } from '../../lib/service/retention/orphans.ts';
import { demandCurrentCatalog } from '../../lib/service/retention/rollback.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { createService } from '../../lib/service/service.ts';
import { DAY } from '../service/world.ts';
import { processOn as ofProcess } from './process-on.ts';
import { createClients, destroyClients, makeBucket, makeKey, makeTable } from './resources.ts';

const clients = createClients();
const { s3, dynamoDb, kms } = clients;
const caller = { actor: 'tester' };
const clock = createManualClock(Date.now());

afterAll(() => destroyClients(clients));

const processOn = (bucket: string, tableName: string, keyArn: string) =>
  ofProcess(clients, { bucket, tableName, keyArn }, clock);

/** As a point-in-time restore leaves it: another table, with the items of that moment. */
async function copyOf(client: DynamoDBClient, from: string): Promise<string> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: from, ConsistentRead: true }));
  const to = await makeTable(client);
  for (let at = 0; at < Items.length; at += 25) {
    const puts = Items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [to]: puts } }));
  }
  return to;
}

/** Where the command line of AWS is not installed, only what it would do is done. */
const HAS_CLI = spawnSync('aws', ['--version']).status === 0;

async function moveAside(bucket: string, isLater: (key: string) => boolean): Promise<void> {
  for (const key of (await keysIn(bucket)).filter(isLater)) {
    const CopySource = `${bucket}/${key}`;
    await s3.send(new CopyObjectCommand({ Bucket: bucket, Key: `later/${key}`, CopySource }));
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  }
}

/** The commands of the runbook, as far as they need no function that is deployed. */
async function asTheRunbookSays(variables: Record<string, string>): Promise<void> {
  const section = /### The table was restored[\s\S]*?\n## /.exec(
    readFileSync('docs/operations.md', 'utf8'),
  )![0];
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
  const [settings, aside, look, ...more] = blocks;
  expect([look, more]).toEqual([expect.stringContaining('{"task":"orphans"}'), []]);
  const env = { ...process.env, ...variables };
  // Who the stream calls is a function too; that command is held to the stack's own in test/infra.
  const [alone, mapping] = settings!.split(/^(?=aws lambda )/m);
  expect(mapping).toMatch(/^aws lambda create-event-source-mapping/);
  for (const block of [alone!, aside!]) {
    await promisify(execFile)('bash', ['-euc', block], { env });
  }
}

const keysIn = async (bucket: string): Promise<string[]> =>
  ((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key = '' }) => Key);

test.each([
  ['by one segment', 1],
  ['by several', 3],
])(
  'an older table, %s, is neither built on nor swept, and its trail is not gone on with',
  async (_, later) => {
    const [bucket, table, keyArn] = [await makeBucket(s3), await makeTable(dynamoDb), await makeKey(kms)];
    const today = processOn(bucket, table, keyArn);
    for (const n of [1, 2]) await today.create(n);
    await today.writeTrail();
    const restored = await copyOf(dynamoDb, table);
    const keysThen = await keysIn(bucket);
    // Objects are dated by the second.
    await wait(1100);
    const moment = new Date().toISOString();
    await wait(1100);
    for (let n = 0; n < later; n++) {
      await today.create(10 + n);
      await today.create(20 + n);
      await today.writeTrail();
    }
    expect(await today.deps.proofOfRollback?.()).toBeUndefined();

    const before = await keysIn(bucket);
    const untrusted = { code: 'store_untrusted', extra: { reason: 'rollback' } };
    // One that starts now, before retention has looked.
    await expect(processOn(bucket, restored, keyArn).create(30)).rejects.toMatchObject(untrusted);
    await expect(
      createService(processOn(bucket, restored, keyArn).deps).deleteBackup('x', caller),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/store_untrusted|backup_not_found/),
    });
    const retention = processOn(bucket, restored, keyArn);
    await expect(demandCurrentCatalog(retention.deps)).rejects.toMatchObject(untrusted);
    await expect(sweep(retention.deps)).rejects.toMatchObject(untrusted);
    expect(await retention.catalog.getNotice('rollback')).toMatchObject({ severity: 'critical' });
    clock.advance(8 * DAY);
    expect(await findOrphans(retention.deps)).toMatchObject({ setAside: 0, removed: 0, stopped: 'rollback' });
    expect(await keysIn(bucket)).toEqual(before);

    // The right table again: nothing stands in its way.
    await expect(today.create(40)).resolves.toBeDefined();

    // As the runbook says, to go on without what came later: it is moved away, then somebody lets it look again.
    if (HAS_CLI) await asTheRunbookSays({ BUCKET: bucket, TABLE: restored, MOMENT: moment });
    else await moveAside(bucket, (key) => !keysThen.includes(key));
    expect((await keysIn(bucket)).filter((key) => !key.startsWith('later/'))).toEqual(keysThen);
    expect(await findOrphans(retention.deps)).toMatchObject({ setAside: 0, stopped: 'looked_only' });
    const next = processOn(bucket, restored, keyArn);
    expect((await next.create(50)).backup).toMatchObject({ sequence: 3 });
    await next.writeTrail();
    await expect(sweep(retention.deps)).resolves.toMatchObject({ finished: true });
  },
  180_000,
);
