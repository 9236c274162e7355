// Hashing what is in memory waits for others' turns, and for nothing else.

import { createHook } from 'node:async_hooks';
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { sha256Of } from '../../../lib/core/bytes/sha256.ts';

const CHUNKS = 10_000;
const CHUNK_BYTES = 4096;

/** Promises made while `work` is under way. */
async function promisesOf(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({ init: (_id, type) => void (type === 'PROMISE' && count++) }).enable();
  try {
    await work();
  } finally {
    hook.disable();
  }
  return count;
}

const bytes = randomBytes(CHUNKS * CHUNK_BYTES);
const chunks = Array.from({ length: CHUNKS }, (_, k) =>
  bytes.subarray(k * CHUNK_BYTES, (k + 1) * CHUNK_BYTES),
);
const expected = createHash('sha256').update(bytes).digest('hex');

test('many small chunks in memory take a step a turn, not steps a chunk', async () => {
  let hash = '';
  const promises = await promisesOf(async () => {
    hash = await sha256Of(chunks);
  });
  expect(hash).toBe(expected);
  expect(promises).toBeGreaterThan(0);
  expect(promises).toBeLessThan(CHUNKS / 20);
});

test('chunks that are still to come are hashed all the same, however they are cut', async () => {
  async function* coming() {
    for (let at = 0; at < bytes.length; at += 3_000_001) yield bytes.subarray(at, at + 3_000_001);
    yield bytes.subarray(0, 0);
  }
  expect(await sha256Of(coming())).toBe(expected);
});
