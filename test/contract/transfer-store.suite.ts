// What every store of transfers must do, as in lib/ports/transfer-store.ts.

import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TransferStore } from '../../lib/ports/transfer-store.ts';
import { type Closing, forEachTest, type Make, testWhere } from './harness.ts';

export interface TransferStoreHarness extends Closing {
  transfers: TransferStore;
  /** PUTs as a client would to what `createUpload` gave; throws if that is refused. Not needed where the store takes PUTs itself. */
  put?(place: Place, body: Uint8Array): void | Promise<void>;
  /** GETs a result. Needed where the store stages results. */
  get?(url: string): Uint8Array | Promise<Uint8Array>;
  /** Epoch milliseconds, as the store has them; the machine's if it is left out. */
  now?(): number;
  /** Lets so many milliseconds pass for the store. Left out where nobody can; then nothing that takes time is tested. */
  advance?(ms: number): void;
}

interface Place {
  url: string;
  headers?: Record<string, string>;
}

interface Announced {
  bytes?: number;
  sha256?: string;
}

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;
const NO_IDS = ['', 'x', '../aa', 'a/b', 'x'.repeat(200)];
const newId = () => randomBytes(16).toString('hex');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const failure = (code: string, reason?: string) => ({
  name: 'PortError',
  code,
  ...(reason === undefined ? {} : { reason }),
});

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

export function transferStoreSuite(name: string, make: Make<TransferStoreHarness>): void {
  describe(`${name} transfer store`, () => {
    const harness = forEachTest(make);
    const suite = `${name} transfer store`;
    const store = () => harness().transfers;
    const now = () => harness().now?.() ?? Date.now();

    /** An upload that is awaited. */
    async function announce(announced: Announced = {}, bytesMax = 20 * MIB) {
      const uploadId = newId();
      const request = { expiresAt: now() + HOUR_MS, bytesMax, ...announced };
      return { uploadId, ...(await store().createUpload(uploadId, request)) };
    }

    /** Whichever way this home has. */
    async function put(place: Place & { uploadId: string }, body: Uint8Array): Promise<void> {
      const { put: outside, transfers } = harness();
      if (transfers.receive !== undefined) await transfers.receive(place.uploadId, chunksOf(body));
      else if (outside !== undefined) await outside(place, body);
      else throw new Error('the harness cannot put, and the store receives nothing');
    }

    async function read(uploadId: string): Promise<Buffer> {
      const { bytes, body, sha256: told } = await store().readUpload(uploadId);
      const whole = Buffer.concat(await Array.fromAsync(body));
      expect(whole.length).toBe(bytes);
      if (told !== undefined) expect(sha256(whole)).toBe(told);
      return whole;
    }

    /** The PUT is refused, or what it left is never read. */
    async function expectNeverRead(place: Place & { uploadId: string }, body: Uint8Array): Promise<void> {
      let isTaken = true;
      await put(place, body).catch(() => {
        isTaken = false;
      });
      await expect(read(place.uploadId)).rejects.toMatchObject(failure(isTaken ? 'integrity' : 'not_found'));
    }

    describe('an upload', () => {
      test.each([1, 2300, 262_143, 262_144, 262_145, 524_288, 9 * MIB + 1])(
        'of %i bytes is read as it came, as often as one likes, also at the same time',
        async (size) => {
          const place = await announce();
          const body = randomBytes(size);
          const original = Buffer.from(body);
          await put(place, body);
          body.fill(0);
          const copies = await Promise.all([read(place.uploadId), read(place.uploadId)]);
          copies.push(await read(place.uploadId));
          expect(copies.every((copy) => copy.equals(original))).toBe(true);
        },
      );

      test('keeps its bytes whatever becomes of the buffers that come out, and a reader may stop early', async () => {
        const place = await announce();
        const body = randomBytes(600_000);
        await put(place, body);
        for await (const chunk of (await store().readUpload(place.uploadId)).body) {
          chunk.fill(1);
          break;
        }
        expect((await read(place.uploadId)).equals(body)).toBe(true);
      });

      test('that was not PUT, or was never announced, is not there', async () => {
        const { uploadId } = await announce();
        for (const id of [uploadId, newId(), ...NO_IDS]) {
          await expect(store().readUpload(id)).rejects.toMatchObject(failure('not_found'));
        }
      });

      test('of more bytes than are allowed is never read, of exactly as many is', async () => {
        await expectNeverRead(await announce({}, 10), randomBytes(11));
        const place = await announce({}, 10);
        await put(place, randomBytes(10));
        expect(await read(place.uploadId)).toHaveLength(10);
      });

      const BODY = Buffer.from('12345');
      test.each<[string, Announced]>([
        ['its size', { bytes: 5 }],
        ['its hash', { sha256: sha256(BODY) }],
        ['both', { bytes: 5, sha256: sha256(BODY) }],
      ])('that announced %s is taken and read', async (_what, announced) => {
        const place = await announce(announced);
        await put(place, BODY);
        expect((await read(place.uploadId)).equals(BODY)).toBe(true);
      });

      test.each<[string, Announced]>([
        ['less', { bytes: 4 }],
        ['more', { bytes: 6 }],
        ['another hash', { sha256: sha256(Buffer.from('12346')) }],
        ['the right size and another hash', { bytes: 5, sha256: sha256(Buffer.from('12346')) }],
      ])('that announced %s is never read', async (_what, announced) => {
        await expectNeverRead(await announce(announced), BODY);
      });

      test('that was refused can be PUT again as it was announced', async () => {
        const place = await announce({ bytes: 5, sha256: sha256(BODY) });
        await expectNeverRead(place, Buffer.from('1234'));
        await put(place, BODY);
        expect((await read(place.uploadId)).equals(BODY)).toBe(true);
      });

      test('is the first that was PUT, or is told from it by its mark', async () => {
        const place = await announce();
        await put(place, Buffer.from('one'));
        const first = await store().readUpload(place.uploadId);
        const isTaken = await put(place, Buffer.from('two')).then(
          () => true,
          () => false,
        );
        const second = await store().readUpload(place.uploadId);
        expect(second.mark !== first.mark).toBe(isTaken);
        expect(String(await read(place.uploadId))).toBe(isTaken ? 'two' : 'one');
      });

      test('is whole, of several that are PUT at once', async () => {
        const place = await announce();
        const bodies = ['a', 'b', 'c'].map((letter, n) => Buffer.alloc(100_000 + n, letter));
        const ends = await Promise.allSettled(bodies.map((body) => put(place, body)));
        expect(ends.some(({ status }) => status === 'fulfilled')).toBe(true);
        const kept = await read(place.uploadId);
        expect(bodies.filter((body) => body.equals(kept))).toHaveLength(1);
      });

      test('has the same mark each time, and another than other bytes have', async () => {
        const [one, other] = [await announce(), await announce()];
        await put(one, Buffer.from('one'));
        await put(other, Buffer.from('other'));
        const marks = [one, one, other].map(
          async ({ uploadId }) => (await store().readUpload(uploadId)).mark,
        );
        const [first, again, another] = await Promise.all(marks);
        expect([again === first, another === first]).toEqual([true, false]);
      });

      test('that is discarded is gone, or is left to age; one that is not there is no error', async () => {
        const place = await announce();
        await put(place, BODY);
        await store().discardUpload(place.uploadId);
        await store().discardUpload(place.uploadId);
        for (const id of [newId(), ...NO_IDS]) await store().discardUpload(id);
        const kept = await read(place.uploadId).catch((error: unknown) => error);
        if (Buffer.isBuffer(kept)) expect(kept.equals(BODY)).toBe(true);
        else expect(kept).toMatchObject(failure('not_found'));
      });

      test('has a URL for no longer than was asked', async () => {
        const { expiresAt = 0 } = await announce();
        expect(expiresAt).toBeLessThanOrEqual(now() + HOUR_MS);
      });

      const timed = testWhere({
        suite,
        harness,
        what: 'clock that can be moved',
        has: ({ advance }) => advance !== undefined,
      });
      timed('is taken until its time is over, and not after', async () => {
        const [early, late] = [await announce(), await announce()];
        harness().advance!(HOUR_MS - 1);
        await put(early, BODY);
        harness().advance!(1);
        await expectNeverRead(late, BODY);
      });
    });

    describe('a home that takes PUTs itself', () => {
      const receiving = testWhere({
        suite,
        harness,
        what: 'way to take PUTs itself',
        has: ({ transfers }) => transfers.receive !== undefined,
      });
      const receive = (uploadId: string, body: AsyncIterable<Uint8Array>) => store().receive!(uploadId, body);

      receiving('says what it has taken, however it was cut', async () => {
        const piece = fc.uint8Array({ maxLength: 70_000, size: 'max' });
        await fc.assert(
          fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async (pieces) => {
            const body = Buffer.concat(pieces);
            fc.pre(body.length > 0);
            const { uploadId } = await announce();
            const taken = await receive(uploadId, chunksOf(...pieces));
            expect(taken).toEqual({ bytes: body.length, sha256: sha256(body) });
            expect((await read(uploadId)).equals(body)).toBe(true);
          }),
          { numRuns: 20, interruptAfterTimeLimit: 5000 },
        );
      });

      receiving('takes what comes in one buffer that is used again and again', async () => {
        const { uploadId } = await announce();
        const body = randomBytes(2_000_000);
        const buffer = Buffer.alloc(300_000);
        const reusing = async function* () {
          for (let at = 0, bytes = 1; at < body.length; bytes = (bytes * 7) % 299_993) {
            const copied = body.copy(buffer, 0, at, at + bytes);
            at += copied;
            yield buffer.subarray(0, copied);
            buffer.fill(0);
          }
        };
        expect((await receive(uploadId, reusing())).sha256).toBe(sha256(body));
        expect((await read(uploadId)).equals(body)).toBe(true);
      });

      receiving('says why it takes nothing, and keeps nothing of it', async () => {
        for (const id of [newId(), ...NO_IDS]) {
          const put = receive(id, chunksOf(Buffer.from('1')));
          await expect(put).rejects.toMatchObject(failure('not_found'));
        }
        const cases: [Announced, string, string][] = [
          [{}, '', 'empty'],
          [{}, '123456', 'too_large'],
          [{ bytes: 2 }, '123', 'mismatch'],
          [{ bytes: 4 }, '123', 'mismatch'],
          [{ sha256: sha256(Buffer.from('124')) }, '123', 'mismatch'],
        ];
        for (const [announced, body, reason] of cases) {
          const { uploadId } = await announce(announced, 5);
          const put = receive(uploadId, chunksOf(Buffer.from(body.slice(0, 1)), Buffer.from(body.slice(1))));
          await expect(put).rejects.toMatchObject(failure('integrity', reason));
          await expect(read(uploadId)).rejects.toMatchObject(failure('not_found'));
        }
      });

      receiving('takes one for a URL, of several at once the first', async () => {
        const { uploadId } = await announce();
        const puts = ['"one"', '"two"'].map((text) => receive(uploadId, chunksOf(Buffer.from(text))));
        const taken = (await Promise.allSettled(puts)).filter(({ status }) => status === 'fulfilled');
        expect(taken).toHaveLength(1);
        const third = receive(uploadId, chunksOf(Buffer.from('3')));
        await expect(third).rejects.toMatchObject(failure('exists'));
        const [first] = taken as PromiseFulfilledResult<{ sha256: string }>[];
        expect(sha256(await read(uploadId))).toBe(first!.value.sha256);
      });

      receiving('hands on what its client breaks with; the URL is good for another try', async () => {
        const { uploadId } = await announce();
        const broken = new Error('the connection broke');
        const breaking = async function* () {
          yield Buffer.from('12');
          throw broken;
        };
        await expect(receive(uploadId, breaking())).rejects.toBe(broken);
        await expect(read(uploadId)).rejects.toMatchObject(failure('not_found'));
        await receive(uploadId, chunksOf(Buffer.from('123')));
        expect(String(await read(uploadId))).toBe('123');
      });
    });

    describe('a home that stages results', () => {
      const staging = testWhere({
        suite,
        harness,
        what: 'results to stage',
        has: ({ transfers }) => transfers.results !== undefined,
      });
      const get = async (operationId: string): Promise<Buffer> => {
        const url = await store().results!.url(operationId, now() + HOUR_MS);
        return Buffer.from(await harness().get!(url));
      };

      staging('gives them to whoever has the URL', async () => {
        for (const size of [0, 10, 9 * MIB]) {
          const id = `restore-${newId()}`;
          const body = randomBytes(size);
          await store().results!.write(id, chunksOf(body.subarray(0, size >> 1), body.subarray(size >> 1)));
          expect((await get(id)).equals(body)).toBe(true);
        }
      });

      staging('replaces one that is written again', async () => {
        const id = `restore-${newId()}`;
        await store().results!.write(id, [Buffer.from('first')]);
        await store().results!.write(id, [Buffer.from('2nd')]);
        expect(String(await get(id))).toBe('2nd');
      });
    });
  });
}
