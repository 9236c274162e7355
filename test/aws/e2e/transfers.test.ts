// What is too large for a call: uploads past the API, restores in the background, results by URL.

import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { AWS_BOUNDS } from '../../../lib/aws/names/bounds.ts';
import type { BackupView } from '../../../lib/http/contract/backups-view.ts';
import type { OperationView } from '../../../lib/http/contract/restores-view.ts';
import { type Answer, answerOf, checksumOf, type Problem, stateOf } from '../../e2e/client.ts';
import { capabilities } from '../capabilities.ts';
import { describeDeployed, eventually, locationOf } from './deployed.ts';

const MIB = 1024 * 1024;
const FINISHED_WITHIN_MS = 60_000;
const HUGE_BYTES = 100 * MIB;
const HUGE_TEST_MS = 240_000;

/** A dump of about so many bytes; `edit` differs in every hundredth row. */
function dumpOf(bytes: number, edit: number): string {
  const rows: string[] = [];
  for (let id = 0, size = 0; size < bytes; id++) {
    const random = (Math.imul(id, 2654435761) >>> 0).toString(36);
    const row = `{"id":${id},"name":"user ${random}","balance":${id}.10,"note":"é ${random}","edited":${id % 100 === 7 ? edit : 0}}`;
    rows.push(row);
    size += row.length + 1;
  }
  return `{"users":[${rows.join(',')}]}`;
}

/** What is too long to pass as text leaves the function as base64; not every gateway makes bytes of it again. */
function asBytes(answer: Answer): Answer {
  if (capabilities().decodesBase64) return answer;
  return answerOf(answer.status, answer.headers, Buffer.from(answer.body.toString(), 'base64'));
}

describeDeployed('large states', ({ client }) => {
  async function upload(state: string): Promise<string> {
    const { uploadId, url } = (await client.send('POST', '/uploads')).json<{
      uploadId: string;
      url: string;
    }>();
    const put = await fetch(url, { method: 'PUT', body: state });
    expect(put.status).toBe(200);
    return uploadId;
  }

  async function backUp(resourceId: string, type: string, state: string): Promise<BackupView> {
    const uploadId = await upload(state);
    const asked = await client.send('POST', '/backups', JSON.stringify({ resourceId, type, uploadId }));
    expect(asked.status).toBe(202);
    const { id } = asked.json<{ id: string }>();
    expect(locationOf(asked)).toBe(`/backups/${id}`);
    return eventually(FINISHED_WITHIN_MS * 3, `the backup ${id}`, async () => {
      const backup = (await client.send('GET', `/backups/${id}`)).json<BackupView & { failure?: unknown }>();
      expect(backup.failure).toBeUndefined();
      return backup.status === 'completed' ? backup : undefined;
    });
  }

  const finished = (location: string): Promise<OperationView> =>
    eventually(FINISHED_WITHIN_MS * 3, location, async () => {
      const operation = (await client.send('GET', location)).json<OperationView>();
      expect(operation.status).not.toBe('failed');
      return operation.status === 'completed' ? operation : undefined;
    });

  /** Follows the redirect to where the result is staged. */
  async function resultOf({ resultUrl = '' }: OperationView): Promise<Answer> {
    return client.send('GET', resultUrl.replace(/^\/dev/, ''));
  }

  test('a body that no function takes is refused, and says what to do', async () => {
    const answer = await client.create({
      resourceId: 'large',
      state: `"${'x'.repeat(AWS_BOUNDS.bodyBytesMax)}"`,
    });
    expect(answer.json<Problem>()).toMatchObject({ status: 413, code: 'payload_too_large' });
  });

  test('the largest body that is taken comes back in a call', async () => {
    // Quotes all over: as text, every one of them would grow on its way through the gateway.
    const state = JSON.stringify('"\\'.repeat((AWS_BOUNDS.bodyBytesMax - 4096) / 4));
    const { id } = await client.backup({ resourceId: 'largest', state });
    const answer = await client.restore(id);
    expect(answer.status).toBe(200);
    expect(stateOf(asBytes(answer)).equals(Buffer.from(state))).toBe(true);
  });

  test(
    'upload, back up, change, restore: eight megabytes',
    async () => {
      const [first, second] = [dumpOf(8 * MIB, 0), dumpOf(8 * MIB, 1)];
      const full = await backUp('dump', 'full', first);
      const incremental = await backUp('dump', 'incremental', second);
      expect(incremental).toMatchObject({
        type: 'incremental',
        baseBackupId: full.id,
        checksum: checksumOf(second),
      });
      expect(incremental.compressedSize).toBeLessThan(full.compressedSize / 10);

      for (const [backup, state] of [
        [full, first],
        [incremental, second],
      ] as const) {
        // Too large for a call: it becomes asynchronous by itself.
        const asked = await client.restore(backup.id);
        expect(asked.status).toBe(202);
        const operation = await finished(locationOf(asked));
        expect(operation).toMatchObject({ progress: 100, validated: true });
        const result = await resultOf(operation);
        expect(result.status).toBe(200);
        expect(checksumOf(result.body)).toBe(checksumOf(state));
      }
    },
    HUGE_TEST_MS,
  );

  test('a small restore in the background, because it was preferred', async () => {
    const { id } = await client.backup({ resourceId: 'small', state: '{"n":1e400}' });
    const body = JSON.stringify({ backupId: id, targetResourceId: 'later', createdBy: 'tester' });
    const asked = await client.send('POST', '/restore', body, { Prefer: 'respond-async' });
    expect(asked.status).toBe(202);
    expect(asked.headers.get('preference-applied')).toBe('respond-async');
    const operation = await finished(locationOf(asked));
    expect((await resultOf(operation)).body.toString()).toBe('{"n":1e400}');
  });

  test('an upload that is no JSON fails the backup, and says why', async () => {
    const uploadId = await upload('{"a":');
    const asked = await client.send('POST', '/backups', JSON.stringify({ resourceId: 'broken', uploadId }));
    const failed = await eventually(FINISHED_WITHIN_MS, 'the failure', async () => {
      const request = (await client.send('GET', locationOf(asked))).json<{
        status: string;
        failure?: unknown;
      }>();
      return request.status === 'failed' ? request : undefined;
    });
    expect(failed.failure).toMatchObject({ code: 'malformed_json' });
  });

  test(
    'a hundred megabytes',
    async () => {
      const laps: string[] = [];
      const lap = async <T>(name: string, work: Promise<T>): Promise<T> => {
        const started = performance.now();
        const done = await work;
        laps.push(`${name} ${Math.round(performance.now() - started)} ms`);
        return done;
      };
      const [first, second] = [dumpOf(HUGE_BYTES, 0), dumpOf(HUGE_BYTES, 1)];
      // Making them has kept this process from hearing which of its connections are over.
      await delay(100);
      await lap('full', backUp('huge', 'full', first));
      const incremental = await lap('incremental', backUp('huge', 'incremental', second));
      const asked = await client.restore(incremental.id);
      const operation = await lap('restore', finished(locationOf(asked)));
      const result = await lap('result', resultOf(operation));
      process.stdout.write(`100 MB: ${laps.join(', ')}\n`);
      expect(result.body.length).toBe(Buffer.byteLength(second));
      expect(checksumOf(result.body)).toBe(incremental.checksum);
    },
    HUGE_TEST_MS,
  );
});
