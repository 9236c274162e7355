// A state of some forty megabytes, streamed in and out: exact, and within bounds of memory.

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BackupView } from '../../../lib/http/contract/backups-view.ts';
import { type Answer, answerOf, checksumOf, createClient, stateOf } from '../client.ts';
import { cleanUp, mishaps, newDataDir, type Server, startServer } from '../server.ts';

const MIB = 1024 * 1024;
const ROWS = 320_000;
const PIECE_BYTES = 256 * 1024;
/** Of memory for each byte of the state. Generous: it is there to find what holds everything several times over. */
const RSS_PER_BYTE_MAX = 12;

let server: Server;

beforeAll(async () => {
  server = await startServer({ dataDir: newDataDir() });
});

afterAll(cleanUp);

/** `generation` differs in every hundredth row. */
function bigState(generation: number): Buffer {
  const rows: string[] = [];
  for (let id = 0; id < ROWS; id++) {
    const edited = id % 100 === 7 ? generation : 0;
    const random = (Math.imul(id, 2654435761) >>> 0).toString(36);
    rows.push(
      `{"id":${id},"name":"user ${random}","balance":${id * 7919}.${id % 100},"note":"é ${random}${random}","edited":${edited},"tags":["a","b\\ud800"]}`,
    );
  }
  return Buffer.from(`{"tables":{"users":[${rows.join(',\n')}]},"version":1.0}`);
}

/** Without the white space that `bigState` puts between its rows. */
function canonical(state: Buffer): Buffer {
  return Buffer.from(state.toString().replaceAll('\n', ''));
}

/** A create that is sent piece by piece, with or without saying how long it will be. */
function upload(type: string, state: Buffer, announced: boolean): Promise<Answer> {
  const body = Buffer.concat([
    Buffer.from(`{"resourceId":"big","type":"${type}","data":`),
    state,
    Buffer.from('}'),
  ]);
  const pieces = function* () {
    for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
  };
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      ...(announced ? { 'Content-Length': body.length } : { 'Transfer-Encoding': 'chunked' }),
    };
    const call = request(`${server.url}/backups`, { method: 'POST', headers }, (response) => {
      Array.fromAsync(response as AsyncIterable<Buffer>).then(
        (chunks) => resolve(answerOf(response.statusCode!, new Headers(), Buffer.concat(chunks))),
        reject,
      );
    });
    call.on('error', reject);
    Readable.from(pieces()).pipe(call);
  });
}

/** The most memory that the service has had so far; undefined where the system does not tell. */
function peakBytes(): number | undefined {
  try {
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  } catch {
    return undefined;
  }
}

test('goes in and comes out exactly, as a full and as an incremental', async () => {
  const client = createClient(server.url);
  const first = bigState(0);
  const second = bigState(1);
  const full = await upload('full', first, false);
  const incremental = await upload('incremental', second, true);
  for (const [answer, sent] of [
    [full, first],
    [incremental, second],
  ] as const) {
    expect([answer.status, answer.body.subarray(0, 300).toString()]).toEqual([201, expect.any(String)]);
    const text = canonical(sent);
    const backup = answer.json<BackupView>();
    expect(backup).toMatchObject({ size: text.length, checksum: checksumOf(text) });
    // Compared as bytes: nobody wants to read a difference of forty megabytes.
    expect(stateOf(await client.restore(backup.id)).equals(text)).toBe(true);
  }
  expect(first.length).toBeGreaterThan(35 * MIB);
  const [whole, delta] = [full.json<BackupView>(), incremental.json<BackupView>()];
  expect(delta).toMatchObject({ type: 'incremental', baseBackupId: whole.id, chainLength: 2 });
  expect(delta.changes).toMatchObject({ additions: 0, deletions: 0 });
  expect(delta.compressedSize).toBeLessThan(whole.compressedSize / 10);

  const part = await client.restore(delta.id, { path: '/tables/users/7/edited' });
  expect(stateOf(part).toString()).toBe('1');

  const peak = peakBytes();
  if (peak !== undefined) {
    const perByte = peak / first.length;
    process.stdout.write(`state ${first.length} B, peak memory ${peak} B: ${perByte.toFixed(1)} B a byte\n`);
    expect(perByte).toBeLessThan(RSS_PER_BYTE_MAX);
  }
  expect(mishaps(server.logs)).toEqual([]);
}, 120_000);
