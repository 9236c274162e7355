// kill -9 in the middle of many writers, again and again: nothing acknowledged is lost, nothing half-made is seen.

import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import type { BackupType } from '../../../lib/core/records/model.ts';
import type { BackupView } from '../../../lib/http/contract/backups-view.ts';
import { type Client, checksumOf, createClient, forEach, stateOf } from '../client.ts';
import { createRandom, type Random, seedOf, withSeed } from '../random.ts';
import { cleanUp, eventually, mishaps, newDataDir, startServer } from '../server.ts';
import { createStates, ODD_STATES } from '../states.ts';

const ROUNDS = 3;
const WRITERS = 8;
const SHARED = ['shared-1', 'shared-2', 'shared 3 / é'];
const TYPES: BackupType[] = ['full', 'incremental', 'incremental', 'differential'];

/** One create that was sent, with a tag by which its backup is known again. */
interface Attempt {
  tag: string;
  resourceId: string;
  type: BackupType;
  state: string;
  key?: string;
  /** The answer, if there was one. */
  backup?: BackupView;
}

function send(client: Client, { tag, resourceId, type, state, key }: Attempt) {
  return client.create({
    resourceId,
    type,
    state,
    more: { metadata: { tags: { tag } } },
    ...(key === undefined ? {} : { headers: { 'Idempotency-Key': key } }),
  });
}

/** Writes until the service is gone. */
async function write(client: Client, name: string, random: Random, attempts: Attempt[]): Promise<void> {
  const next = createStates(random);
  for (let n = 0; ; n++) {
    const attempt: Attempt = {
      tag: `${name}.${n}`,
      resourceId: random.chance(0.6) ? random.pick(SHARED) : `of ${name}`,
      type: random.pick(TYPES),
      state: random.chance(0.15) ? random.pick(ODD_STATES).text : next(),
      ...(random.chance(0.5) ? { key: `key-${name}-${n}` } : {}),
    };
    attempts.push(attempt);
    const answer = await send(client, attempt).catch(() => undefined);
    if (answer === undefined) return;
    expect(answer.status).toBe(201);
    attempt.backup = answer.json<BackupView>();
  }
}

/** Everything acknowledged is listed, once and in order; the rest is as it was sent. Gives the list back. */
function expectListed(listed: BackupView[], attempts: readonly Attempt[]): BackupView[] {
  expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
  const byTag = new Map(listed.map((backup) => [backup.metadata.tags.tag!, backup]));
  // One attempt never made two.
  expect(byTag.size).toBe(listed.length);
  for (const { tag, resourceId, state, backup } of attempts) {
    const there = byTag.get(tag);
    if (backup !== undefined) expect(there).toEqual(backup);
    else if (there !== undefined) expect(there).toMatchObject({ resourceId, checksum: checksumOf(state) });
  }
  for (const history of Map.groupBy(listed, (backup) => backup.resourceId).values()) {
    const times = history.map(({ createdAt }) => Date.parse(createdAt));
    // Newest first, and no two at one time.
    for (const [i, time] of times.slice(1).entries()) expect(time).toBeLessThan(times[i]!);
  }
  return listed;
}

/** What is listed restores byte for byte, by id and, for the newest of each resource, by instant. */
async function expectRestored(client: Client, attempts: readonly Attempt[]): Promise<void> {
  const listed = expectListed(await client.list(), attempts);
  const states = new Map(attempts.map(({ tag, state }) => [tag, state]));
  const stateSent = ({ metadata }: BackupView): string => states.get(metadata.tags.tag!)!;
  await forEach(listed, async (backup) => {
    expect(stateOf(await client.restore(backup.id)).toString()).toBe(stateSent(backup));
  });
  for (const [resourceId, [newest]] of Map.groupBy(listed, (backup) => backup.resourceId)) {
    const answer = await client.restoreAt(resourceId, newest!.createdAt);
    expect(stateOf(answer).toString()).toBe(stateSent(newest!));
  }
}

afterAll(cleanUp);

test('nothing acknowledged is lost, and what was not is whole or not there', async () => {
  await withSeed(seedOf(20260101), async (random) => {
    const dataDir = newDataDir();
    const attempts: Attempt[] = [];
    let lost = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const server = await startServer({ dataDir });
      const client = createClient(server.url);
      const writers = Array.from({ length: WRITERS }, (_, n) =>
        write(client, `${round}-${n}`, createRandom(random.int(2 ** 32)), attempts),
      );
      // Some are acknowledged by then, some are on their way; the delay has it strike at any moment of theirs.
      const enough = attempts.length + 25 + random.int(30);
      await eventually(20_000, 'enough creates', () => attempts.length >= enough);
      await wait(random.int(20));
      await server.kill();
      await Promise.all(writers);
      expect(mishaps(server.logs)).toEqual([]);

      const again = await startServer({ dataDir });
      const survivor = createClient(again.url);
      await expectRestored(survivor, attempts);

      // Whoever got no answer asks once more under the same key: that makes one backup, whatever became of the first.
      const unanswered = attempts.filter(({ backup, key }) => backup === undefined && key !== undefined);
      lost += unanswered.length;
      for (const attempt of unanswered) {
        const answer = await send(survivor, attempt);
        expect(answer.status).toBe(201);
        attempt.backup = answer.json<BackupView>();
        expect(stateOf(await survivor.restore(attempt.backup.id)).toString()).toBe(attempt.state);
      }
      for (const attempt of attempts.filter(({ key }) => key !== undefined).slice(-20)) {
        const answer = await send(survivor, attempt);
        expect(answer.headers.get('idempotent-replayed')).toBe('true');
        expect(answer.json<BackupView>()).toEqual(attempt.backup);
      }
      const listed = expectListed(await survivor.list(), attempts);
      await again.kill();

      // What was neither acknowledged nor committed may not turn up later: only the list counts from here on.
      const there = new Set(listed.map(({ metadata }) => metadata.tags.tag!));
      attempts.splice(0, attempts.length, ...attempts.filter(({ tag }) => there.has(tag)));
      for (const attempt of attempts) {
        attempt.backup ??= listed.find(({ metadata }) => metadata.tags.tag === attempt.tag)!;
      }
    }
    // Otherwise the kills came too early or too late to show anything.
    expect(attempts.length).toBeGreaterThan(50);
    expect(lost).toBeGreaterThan(0);
  });
}, 120_000);
