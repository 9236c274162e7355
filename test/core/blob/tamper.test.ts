import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type BlobBinding, open, prove } from '../../../lib/core/blob/open.ts';
import { compress } from '../../../lib/core/bytes/compress.ts';
import {
  chainKey,
  DELTA,
  deltaFields,
  deriveAll,
  encryptBody,
  forge,
  type HeaderJson,
  headerOf,
  joinParts,
  partsOf,
  type Sample,
  STATE,
  sample,
  sha256,
  stateFields,
  tagFor,
} from './fixtures.ts';
import { refused, refusedUnread } from './refusals.ts';

const KEY = chainKey();
let encrypted: Sample;
let inClear: Sample;
let modes: Sample[];

beforeAll(async () => {
  encrypted = await sample(stateFields(), STATE, KEY);
  inClear = await sample(stateFields(), STATE, 'none');
  modes = [encrypted, inClear];
});

describe('accidents and edits', () => {
  test('every flipped byte is refused, undecrypted', async () => {
    for (const { blob, binding, dataKey } of modes) {
      for (let at = 0; at < blob.length; at++) {
        for (const mask of [1 << (at & 7), 0xff]) {
          const flipped = Buffer.from(blob);
          flipped[at]! ^= mask;
          await refusedUnread(flipped, binding, dataKey);
        }
      }
    }
  });

  test('every truncation is refused, undecrypted', async () => {
    for (const { blob, binding, dataKey } of modes) {
      for (let length = 0; length < blob.length; length++) {
        await refusedUnread(blob.subarray(0, length), binding, dataKey);
      }
      await refusedUnread([], binding, dataKey);
    }
  });

  test('every loss at the front and every byte left out or put in is refused', async () => {
    for (const { blob, binding, dataKey } of modes) {
      for (let at = 0; at < blob.length; at++) {
        await refused([blob.subarray(at + 1)], binding, dataKey);
        await refused([blob.subarray(0, at), blob.subarray(at + 1)], binding, dataKey);
        await refused([blob.subarray(0, at), Uint8Array.of(at), blob.subarray(at)], binding, dataKey);
      }
    }
  });

  test('every extension is refused', async () => {
    for (const { blob, binding, dataKey } of modes) {
      for (const more of [Buffer.alloc(1), Buffer.alloc(16), Buffer.alloc(32), randomBytes(48), blob]) {
        await refusedUnread([blob, more], binding, dataKey);
      }
    }
  });

  test('any edit is refused', async () => {
    const edit = fc.record({
      at: fc.nat(2000),
      remove: fc.nat(40),
      insert: fc.uint8Array({ maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(edit, { minLength: 1, maxLength: 4 }), async (mode, edits) => {
        const { blob, binding, dataKey } = mode ? encrypted : inClear;
        let edited = blob;
        for (const { at, remove, insert } of edits) {
          const from = at % edited.length;
          edited = Buffer.concat([edited.subarray(0, from), insert, edited.subarray(from + remove)]);
          if (edited.length === 0) break;
        }
        fc.pre(!edited.equals(blob));
        await refused(edited, binding, dataKey);
      }),
      { numRuns: 300 },
    );
  });

  test('noise is refused', async () => {
    for (const bytes of [0, 1, 8, 9, 10, 41, 100, 1000]) {
      await refused(randomBytes(bytes), encrypted.binding, KEY.dataKey);
      const prefix = Buffer.from('BKUP\x01\x00\x00\x00\x10', 'latin1');
      await refused([prefix, randomBytes(bytes)], encrypted.binding, KEY.dataKey);
    }
  });
});

describe('blobs in the wrong place', () => {
  test('every swap of two blobs is refused, undecrypted', async () => {
    const state = { type: 'full', backupId: 'backup-1' } as const;
    const places = [
      stateFields(STATE, state),
      stateFields(STATE, { ...state, blobId: 'f'.repeat(32) }),
      stateFields(DELTA, state),
      stateFields(STATE, { ...state, sequence: 2 }),
      stateFields(STATE, { ...state, backupId: 'backup-2' }),
      stateFields(STATE, { ...state, chainId: 'backup-2' }),
      stateFields(STATE, { ...state, resourceId: 'database-2' }),
      deltaFields(),
      deltaFields({ blobId: 'e'.repeat(32) }),
      deltaFields({ sequence: 3, backupId: 'backup-3' }),
      deltaFields({ baseBlobId: 'd'.repeat(32), baseChecksum: sha256(DELTA) }),
    ];
    const blobs: Sample[] = [];
    for (const fields of places) {
      const plain = fields.checksum === sha256(STATE) ? STATE : DELTA;
      for (const encryption of [KEY, 'none'] as const) blobs.push(await sample(fields, plain, encryption));
    }
    for (const stored of blobs) {
      for (const wanted of blobs) {
        if (stored === wanted) await open(stored.blob, wanted.binding, KEY.dataKey);
        else await refusedUnread(stored.blob, wanted.binding, KEY.dataKey);
      }
    }
  });

  test('each member of the binding counts, and one that a caller forgot does not pass', async () => {
    const others: BlobBinding = {
      blobId: 'a'.repeat(32),
      kind: 'delta',
      resourceId: 'Database-1',
      backupId: 'backup-10',
      sequence: 11,
      chainId: 'backup-11',
      checksum: sha256(DELTA),
      size: STATE.length + 1,
      encrypted: true,
    };
    for (const { blob, binding, dataKey } of modes) {
      for (const [name, value] of Object.entries(others)) {
        const other = name === 'encrypted' ? !binding.encrypted : value;
        const message = await refusedUnread(blob, { ...binding, [name]: other }, dataKey);
        expect(message).toContain(name);
        const { [name as 'size']: _forgotten, ...rest } = binding;
        await refusedUnread(blob, rest as BlobBinding, dataKey);
      }
      await refusedUnread(blob, { ...binding, baseChecksum: sha256(STATE) }, dataKey);
    }
    const delta = await sample(deltaFields(), DELTA, KEY);
    const right = { ...delta.binding, baseChecksum: delta.fields.baseChecksum! };
    await open(delta.blob, right, KEY.dataKey);
    await refusedUnread(delta.blob, { ...right, baseChecksum: sha256(DELTA) }, KEY.dataKey);
  });

  test('parts of one blob in another are refused, though sealed under one data key', async () => {
    for (const encryption of [KEY, 'none'] as const) {
      const fields = stateFields();
      const a = await sample(fields, STATE, encryption);
      const b = await sample(fields, STATE, encryption);
      const c = await sample({ ...fields, createdAt: fields.createdAt + 1 }, STATE, encryption);
      for (const part of ['header', 'body', 'tag'] as const) {
        const donor = encryption === 'none' ? c : b;
        const mixed = joinParts({ ...partsOf(a.blob), [part]: partsOf(donor.blob)[part] });
        if (mixed.equals(a.blob)) continue;
        await refusedUnread(mixed, a.binding, a.dataKey);
      }
    }
  });

  test('blocks of the ciphertext in another order are refused, undecrypted', async () => {
    const plain = randomBytes(200);
    const { blob, binding, dataKey } = await sample(stateFields(plain), plain, KEY);
    const { body, ...parts } = partsOf(blob);
    const block = (i: number): Buffer => body.subarray(i * 16, i * 16 + 16);
    const swapped = Buffer.concat([block(1), block(0), body.subarray(32)]);
    await refusedUnread(joinParts({ ...parts, body: swapped }), binding, dataKey);
  });
});

describe('keys', () => {
  test('a wrong data key, none, or one of another length is refused, undecrypted', async () => {
    const { blob, binding } = encrypted;
    const near = Uint8Array.from(KEY.dataKey);
    near[31]! ^= 1;
    const wrong = [randomBytes(32), near, Buffer.alloc(32), KEY.dataKey.subarray(1), randomBytes(64)];
    for (const dataKey of [...wrong, new Uint8Array(0), undefined]) {
      const message = await refusedUnread(blob, binding, dataKey);
      expect(/length/.test(message)).toBe(dataKey !== undefined && dataKey.length !== 32);
    }
  });

  test('a blob made for two data keys opens under neither other', async () => {
    const { blob, binding } = encrypted;
    const other = randomBytes(32);
    const header = headerOf(blob);
    const mine = deriveAll(KEY.dataKey, String(header.messageId));
    const theirs = deriveAll(other, String(header.messageId));
    // Commitment of one key, everything else of the other.
    const underTheirs = forge(blob, {}, theirs.macKey);
    expect(await refusedUnread(underTheirs, binding, KEY.dataKey)).toContain('changed');
    expect(await refusedUnread(underTheirs, binding, other)).toContain('another data key');
    const recommitted = { ...header, commitment: theirs.commitment.toString('base64') };
    const underMine = forge(blob, { header: recommitted }, mine.macKey);
    expect(await refusedUnread(underMine, binding, KEY.dataKey)).toContain('another data key');
    expect(await refusedUnread(underMine, binding, other)).toContain('changed');
  });

  test('the commitment is checked before the tag', async () => {
    const { blob, binding } = encrypted;
    const broken = Buffer.from(blob);
    broken[broken.length - 1]! ^= 1;
    expect(await refusedUnread(broken, binding, KEY.dataKey)).toContain('changed');
    expect(await refusedUnread(broken, binding, randomBytes(32))).toContain('another data key');
  });
});

describe('downgrades', () => {
  test('a blob in clear does not pass where an encrypted one belongs', async () => {
    const fake = await sample(encrypted.fields, STATE, 'none');
    expect(await refusedUnread(fake.blob, encrypted.binding, KEY.dataKey)).toContain('encrypted');
  });

  test('nor an encrypted one where one in clear belongs', async () => {
    const fake = await sample(inClear.fields, STATE, KEY);
    await refusedUnread(fake.blob, inClear.binding, KEY.dataKey);
    await refusedUnread(fake.blob, inClear.binding, undefined);
  });

  test('nor one whose tag needs no key', async () => {
    const { blob, binding } = encrypted;
    const parts = partsOf(blob);
    await refusedUnread(joinParts({ ...parts, tag: tagFor(parts, undefined) }), binding, KEY.dataKey);
  });

  test('another format version is refused, and what is no blob at all', async () => {
    for (const { blob, binding, dataKey } of modes) {
      const parts = partsOf(blob);
      const renamed = { ...parts, magic: Buffer.from('BKUQ') };
      const key = dataKey && deriveAll(dataKey, String(headerOf(blob).messageId)).macKey;
      await refusedUnread(joinParts({ ...renamed, tag: tagFor(renamed, key) }), binding, dataKey);
      for (const version of [0, 2, 49, 255]) {
        const other = { ...parts, version };
        const message = await refusedUnread(
          joinParts({ ...other, tag: tagFor(other, key) }),
          binding,
          dataKey,
        );
        expect(message).toContain('format');
      }
    }
  });
});

describe('what only a holder of the keys, or a faulty writer, could make', () => {
  /** The encrypted sample with this gzip stream inside, tagged and encrypted as it should be. */
  const refill = (gzip: Uint8Array, over: HeaderJson = {}): Buffer => {
    const header: HeaderJson = { ...headerOf(encrypted.blob), compressedBytes: gzip.length, ...over };
    const keys = deriveAll(KEY.dataKey, String(header.messageId));
    const body = encryptBody(gzip, keys.cipherKey, String(header.iv));
    return forge(encrypted.blob, { header, body }, keys.macKey);
  };

  test('another text of the same length is refused by its hash', async () => {
    const other = Buffer.from(STATE.toString().replace('Ada', 'Eve'));
    const gzip = Buffer.concat(await compress(other));
    expect(await refused(refill(gzip), encrypted.binding, KEY.dataKey)).toContain('checksum');
    const header = { ...headerOf(inClear.blob), compressedBytes: gzip.length };
    const forged = forge(inClear.blob, { header, body: gzip });
    expect(await refused(forged, inClear.binding, undefined)).toContain('checksum');
  });

  test('a bomb is not inflated beyond the size in the header', async () => {
    for (const bytes of [STATE.length + 1, 1024 * 1024, 5 * 1024 * 1024]) {
      const gzip = Buffer.concat(await compress(Buffer.alloc(bytes)));
      let handedOver = 0;
      const proving = prove(refill(gzip), encrypted.binding, KEY.dataKey, (chunk) => {
        handedOver += chunk.length;
      });
      await expect(proving).rejects.toMatchObject({ code: 'integrity_error' });
      expect(handedOver).toBeLessThanOrEqual(STATE.length);
    }
  });

  test('a size that no compression can hold is refused before it is allocated', async () => {
    const delta = await sample(deltaFields(), DELTA, 'none');
    for (const plainBytes of [200_000, 2 ** 31, 2 ** 31 + 1, 2 ** 53 - 1, 2 ** 53, 1e300, -1, 1.5]) {
      const forged = forge(delta.blob, { header: { ...headerOf(delta.blob), plainBytes } });
      await refusedUnread(forged, delta.binding, undefined);
    }
  });

  test('a wrong padding is refused', async () => {
    const header = headerOf(encrypted.blob);
    const { cipherKey, macKey } = deriveAll(KEY.dataKey, String(header.messageId));
    const gzip = Buffer.concat(await compress(STATE));
    const room = 16 - (gzip.length % 16);
    for (const last of [0, 17, 255]) {
      const padded = Buffer.concat([gzip, Buffer.alloc(room, last)]);
      const body = encryptBody(padded, cipherKey, String(header.iv), false);
      const forged = forge(encrypted.blob, { body }, macKey);
      expect(await refused(forged, encrypted.binding, KEY.dataKey)).toContain('padded');
    }
  });

  test('a shorter gzip stream, or one that goes on, is refused', async () => {
    const gzip = Buffer.concat(await compress(STATE));
    for (const wrong of [gzip.subarray(0, -1), Buffer.concat([gzip, Buffer.alloc(1)]), Buffer.alloc(0)]) {
      await refused(refill(wrong), encrypted.binding, KEY.dataKey);
      await refused(refill(wrong, { compressedBytes: gzip.length }), encrypted.binding, KEY.dataKey);
    }
  });
});
