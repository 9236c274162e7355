// What nobody waits for: retention that really removes bytes, events that reach the bus, jobs that never succeed.

import { DisableRuleCommand, EnableRuleCommand, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { blobKey } from '../../../lib/aws/blobs/blob-store.ts';
import { createTrailStore, storeIdOf } from '../../../lib/aws/blobs/trail-store.ts';
import { createCatalog } from '../../../lib/aws/catalog/catalog.ts';
import { createSystemClock } from '../../../lib/aws/clock.ts';
import { createKeyring } from '../../../lib/aws/keys/keyring.ts';
import { AWS_BOUNDS } from '../../../lib/aws/names/bounds.ts';
import { ownBlob } from '../../../lib/core/records/chain.ts';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import type { AuditEvent, BackupRecord } from '../../../lib/core/records/model.ts';
import { readSegmentHeader } from '../../../lib/core/trail/segment.ts';
import { systemRandom } from '../../../lib/random.ts';
import type { SweepSummary } from '../../../lib/service/retention/sweep.ts';
import { eventsIn, readSegment } from '../../../lib/service/trail/write.ts';
import { type Problem, stateOf } from '../../e2e/client.ts';
import { inputOf } from '../../service/world.ts';
import { listenToBus } from '../bus-listener.ts';
import { capabilities } from '../capabilities.ts';
import { composeService } from '../composed.ts';
import { invoke } from '../invoke.ts';
import { type Clients, createClients, destroyClients } from '../resources.ts';
import { NOT_FOR_THE_BUS } from '../stack.ts';
import { describeDeployed, eventually } from './deployed.ts';

const DAY_MS = 86_400_000;
const WITHIN_MS = 30_000;
/** More than other tests can have left to be published. */
const EVENTS_MAX = 5000;

describeDeployed('in the background', ({ client, outputs }) => {
  let clients: Clients;
  beforeAll(() => {
    clients = createClients();
  });
  afterAll(() => {
    destroyClients(clients);
  });

  const catalog = () =>
    createCatalog({
      dynamoDb: clients.dynamoDb,
      tableName: outputs.TableName,
      clock: { now: Date.now },
      random: systemRandom,
    });
  const keyring = () => createKeyring({ kms: clients.kms, keyArn: outputs.KeyArn });
  const sweep = () => invoke<SweepSummary>(outputs.RetentionFunction, { task: 'sweep' });

  async function isStored(blobId: string): Promise<boolean> {
    const { Contents = [] } = await clients.s3.send(
      new ListObjectsV2Command({ Bucket: outputs.BucketName, Prefix: blobKey(blobId) }),
    );
    return Contents.length > 0;
  }

  /** Nobody can wait for a day, so the service makes these two days ago; the newest of a resource would stay. */
  const twoDaysAgo = () =>
    composeService(
      clients,
      { ...createSystemClock(), now: () => Date.now() - 2 * DAY_MS },
      {
        bucket: outputs.BucketName,
        tableName: outputs.TableName,
        keyArn: outputs.KeyArn,
        busName: outputs.EventBusName,
        queueUrl: outputs.QueueUrl,
        deadLetterQueueUrl: outputs.DeadLetterQueueUrl,
      },
    );
  async function backUpForADay(resourceId: string, json: string): Promise<BackupRecord> {
    const input = inputOf(resourceId, json);
    const metadata = { ...input.metadata, retentionDays: 1 };
    return (await twoDaysAgo().createBackup({ ...input, metadata }, { actor: 'tester' })).backup;
  }

  test('what has expired goes, bytes and all; what was built on it stays exact', async () => {
    const full = await backUpForADay('aging', '{"a":1,"long":"state"}');
    const next = await client.backup({
      resourceId: 'aging',
      state: '{"a":2,"long":"state"}',
      type: 'incremental',
    });
    const { blobId } = ownBlob((await catalog().getBackup(full.id))!);
    expect(await isStored(blobId)).toBe(true);

    expect(await sweep()).toMatchObject({ finished: true });
    expect((await client.restore(full.id)).json<Problem>().code).toBe('backup_not_found');
    expect(stateOf(await client.restore(next.id)).toString()).toBe('{"a":2,"long":"state"}');

    // The grace of this deployment is a second; what was built on the removed one is built anew before its bytes go.
    await eventually(WITHIN_MS, 'the bytes to go', async () => {
      await sweep();
      return (await isStored(blobId)) ? undefined : true;
    });
    expect(stateOf(await client.restore(next.id)).toString()).toBe('{"a":2,"long":"state"}');
    expect((await client.send('POST', `/backups/${next.id}/verify`)).json()).toMatchObject({ valid: true });
  });

  test('a sweep that is divided calls others of its function, and together they come to its end', async () => {
    const at = Date.now();
    const parts = Array.from({ length: AWS_BOUNDS.sweepersMax }, () => ({}));
    for (let n = 0; n < 6; n++) {
      await backUpForADay(`divided-${n}`, '1');
      await client.backup({ resourceId: `divided-${n}`, state: '2' });
    }
    // As the sweep does it that finds more than it should do alone.
    await eventually(WITHIN_MS, 'the sweep to be divided', async () => {
      const state = await catalog().getExpiryState();
      const { version = 0, ...rest } = state ?? { seenAt: at, waits: [] };
      const pass = { since: at, to: at, about: [], parts };
      const record = { ...rest, pass, version: version + 1 };
      await catalog().commit([{ kind: 'expiry.put', record, expect: version }]);
      return true;
    });
    const { called, expired } = await sweep();
    // It may call them, and whoever is there does the work.
    expect(called).toBe(3);
    expect(expired).toBeGreaterThan(0);
    await eventually(WITHIN_MS, 'all parts to be through', async () =>
      (await catalog().getExpiryState())?.pass === undefined ? true : undefined,
    );
    for (let n = 0; n < 6; n++) {
      const { backups } = (await client.send('GET', `/backups?resourceId=divided-${n}`)).json<{
        backups: unknown[];
      }>();
      expect(backups).toHaveLength(1);
    }
  });

  test('what is held does not expire', async () => {
    const { id } = await backUpForADay('held-for-long', '1');
    await client.backup({ resourceId: 'held-for-long', state: '2' });
    await client.send('PATCH', `/backups/${id}`, '{"legalHold":true}');
    await sweep();
    expect(stateOf(await client.restore(id)).toString()).toBe('1');
  });

  /** What the trail says of a resource, line by line. */
  const trailStore = () => createTrailStore({ s3: clients.s3, bucket: outputs.BucketName });
  const storeId = storeIdOf(outputs.BucketName);
  async function linesOf(resourceId: string): Promise<string[]> {
    const store = trailStore();
    const numbers = await store.list();
    expect(numbers).toEqual(Array.from(numbers, (_, i) => i + 1));
    const found: string[] = [];
    for (const number of numbers) {
      const { lines } = await readSegment({ store, keyring: keyring(), storeId }, number);
      found.push(...(lines ?? []).filter((line) => line.includes(`"${resourceId}"`)));
    }
    return found;
  }

  /** While the schedule of the trail is off: then only the table's stream is left to call it. */
  async function withoutSchedule(act: () => Promise<void>): Promise<void> {
    const { Rules = [] } = await clients.eventBridge.send(new ListRulesCommand({}));
    const rules = Rules.filter(({ Description }) => Description === 'Runs the trail function: trail');
    expect(rules).toHaveLength(1);
    const { Name } = rules[0]!;
    await clients.eventBridge.send(new DisableRuleCommand({ Name }));
    try {
      await act();
    } finally {
      await clients.eventBridge.send(new EnableRuleCommand({ Name }));
    }
  }

  test('what is committed is in the trail and on the bus within seconds, with no sweep and no schedule', async () => {
    const bus = await listenToBus(clients, outputs.EventBusName);
    await withoutSchedule(async () => {
      const { id } = await client.backup({ resourceId: 'audited', state: '1' });
      await client.remove(id);
      const published = new Map<string, AuditEvent>();
      await eventually(WITHIN_MS, 'the events to arrive', async () => {
        for (const event of await bus.take(EVENTS_MAX)) {
          if (event.resourceId === 'audited') published.set(event.id, event);
        }
        return published.size >= 2 ? true : undefined;
      });
      // What is published stands in the trail already.
      expect(await linesOf('audited')).toHaveLength(2);
      const events = [...published.values()];
      expect(events.map(({ action }) => action).sort()).toEqual(['backup.created', 'backup.deleted']);
      // Whoever has signed, not whatever the request says of itself.
      const whom = capabilities().checksCallers ? /^arn:aws:iam::/ : /^api$/;
      for (const { actor } of events) expect(actor).toMatch(whom);
    });
  });

  test('what is kept off the bus stands in the trail all the same, and holds up nothing behind it', async () => {
    const bus = await listenToBus(clients, outputs.EventBusName);
    const { id } = await client.backup({ resourceId: 'kept-off', state: '1' });
    for (const legalHold of [true, false]) {
      const held = await client.send('PATCH', `/backups/${id}`, JSON.stringify({ legalHold }));
      expect(held.status).toBe(200);
    }
    await client.remove(id);
    const published = new Map<string, AuditEvent>();
    // It takes until nothing has come for seconds.
    await eventually(WITHIN_MS, 'the events to arrive', async () => {
      for (const event of await bus.take(EVENTS_MAX)) {
        if (event.resourceId === 'kept-off') published.set(event.id, event);
      }
      return published.size >= 2 ? true : undefined;
    });
    expect([...published.values()].map(({ action }) => action).sort()).toEqual([
      'backup.created',
      'backup.deleted',
    ]);
    const told = (await linesOf('kept-off')).flatMap(eventsIn).map(({ action }) => action);
    expect(told.filter((action) => action === NOT_FOR_THE_BUS)).toHaveLength(2);
    expect(told).toHaveLength(4);
    // Marked as published: no later run would publish it.
    const left = await catalog().trailedEvents(LIMITS.listPageMax, Date.now());
    expect(left.filter(({ resourceId }) => resourceId === 'kept-off')).toEqual([]);
  });

  test('what was committed stands in the trail, sealed, and is written there once', async () => {
    const store = trailStore();
    const { id } = await client.backup({ resourceId: 'trailed', state: '1' });
    await client.send('PATCH', `/backups/${id}`, '{"legalHold":true}');
    // Others write at the same time, so that the trail is never known to be at rest: what it
    // says of this resource is read, not how much is left to be written.
    const writeTrail = () => invoke<{ events: number }>(outputs.TrailFunction, { task: 'trail' });
    await eventually(WITHIN_MS, 'the trail to be written', async () => {
      await writeTrail();
      return (await linesOf('trailed')).length >= 2 ? true : undefined;
    });
    await writeTrail();
    expect(await linesOf('trailed')).toHaveLength(2);
    for (const number of await store.list()) {
      const segment = await store.read(number);
      expect(readSegmentHeader(segment!)).toMatchObject({ store: storeId });
      expect(Buffer.from(segment!).includes('trailed')).toBe(false);
    }
  });

  test('the search for orphans leaves what is in use', async () => {
    const { id } = await client.backup({ resourceId: 'in-use', state: '1' });
    await invoke(outputs.RetentionFunction, { task: 'orphans' });
    expect(stateOf(await client.restore(id)).toString()).toBe('1');
  });

  test('a task that retention does not know is an error, not a success', async () => {
    for (const task of ['unknown', 'trail']) {
      await expect(invoke(outputs.RetentionFunction, { task })).rejects.toThrow('there is no task');
    }
  });

  test(
    'a message that is no job ends in the dead letters',
    async () => {
      const body = `{"poison":"${Date.now()}"}`;
      await clients.sqs.send(new SendMessageCommand({ QueueUrl: outputs.QueueUrl, MessageBody: body }));
      await eventually(WITHIN_MS * 2, 'the dead letter', async () => {
        const { Messages = [] } = await clients.sqs.send(
          new ReceiveMessageCommand({ QueueUrl: outputs.DeadLetterQueueUrl, MaxNumberOfMessages: 10 }),
        );
        return Messages.some(({ Body }) => Body === body) ? true : undefined;
      });
    },
    WITHIN_MS * 3,
  );
});
