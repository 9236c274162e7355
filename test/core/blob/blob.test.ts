import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type BlobFields,
  bindingOf,
  type ChainKey,
  open,
  prove,
  readUnauthenticatedHeader,
  seal,
} from '../../../lib/core/blob/open.ts';
import { compress } from '../../../lib/core/bytes/compress.ts';
import { applyDelta } from '../../../lib/core/delta/apply/apply.ts';
import { systemRandom } from '../../../lib/random.ts';
import {
  bindingTo,
  chainKey,
  DELTA,
  deltaFields,
  headerOf,
  readIndependently,
  type Sample,
  STATE,
  sample,
  sha256,
  stateFields,
} from './fixtures.ts';
import * as frozen from './frozen.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const MODES = ['encrypted', 'in clear'] as const;
const encryptionOf = (mode: (typeof MODES)[number]): ChainKey | 'none' =>
  mode === 'encrypted' ? chainKey() : 'none';

function without(name: 'baseBlobId' | 'baseChecksum', { [name]: _left, ...fields }: BlobFields): BlobFields {
  return fields;
}

async function opensTo({ blob, binding, dataKey, plain }: Sample): Promise<void> {
  const opened = await open(blob, binding, dataKey);
  expect(plain.equals(opened.plain)).toBe(true);
  const chunks: Uint8Array[] = [];
  const header = await prove(blob, binding, dataKey, (chunk) => chunks.push(Buffer.from(chunk)));
  expect(plain.equals(Buffer.concat(chunks))).toBe(true);
  expect(header).toEqual(opened.header);
  await expect(prove(blob, binding, dataKey)).resolves.toEqual(header);
}

describe.each(MODES)('a blob, %s,', (mode) => {
  const encryption = encryptionOf(mode);

  test.each([
    ...[0, 1, 15, 16, 17, 31, 32, 33, 4096],
    ...[64 * KIB - 1, 64 * KIB, 64 * KIB + 1],
    ...[MIB - 1, MIB, MIB + 1, 5 * MIB + 321],
  ])('gives back %i bytes, random or zeros', async (size) => {
    for (const plain of [randomBytes(size), Buffer.alloc(size)]) {
      await opensTo(await sample(stateFields(plain), plain, encryption));
    }
  });

  test('gives back any text of a state or a delta, in any chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
        fc.boolean(),
        fc.nat(1500),
        async (chunks, isDelta, cutAt) => {
          const plain = Buffer.concat(chunks);
          const fields = isDelta ? deltaFields() : stateFields(plain);
          const sealed = await seal({ fields, plain: chunks, encryption, random: systemRandom });
          const blob = Buffer.concat(sealed.chunks);
          const dataKey = encryption === 'none' ? undefined : encryption.dataKey;
          const binding = bindingTo(fields, encryption !== 'none');
          const cut = [blob.subarray(0, cutAt), new Uint8Array(0), blob.subarray(cutAt)];
          for (const pieces of [cut, sealed.chunks]) {
            expect(plain.equals((await open(pieces, binding, dataKey)).plain)).toBe(true);
          }
        },
      ),
    );
  });

  test('has the length, hash and compressed length that sealing reports', async () => {
    for (const plain of [STATE, randomBytes(3 * MIB)]) {
      const { sealed, blob } = await sample(stateFields(plain), plain, encryption);
      expect(sealed.bytes).toBe(blob.length);
      expect(sealed.sha256).toBe(sha256(blob));
      expect(sealed.compressedBytes).toBe(Buffer.concat(await compress(plain)).length);
    }
  });

  test('is what its description says: another reader gets the same text', async () => {
    for (const plain of [STATE, randomBytes(2 * MIB + 5)]) {
      const { blob, dataKey } = await sample(stateFields(plain), plain, encryption);
      expect(blob.subarray(0, 5).toString('latin1')).toBe('BKUP\x01');
      expect(plain.equals(readIndependently(blob, dataKey))).toBe(true);
    }
  });

  test('carries its fields, all that a catalog record is made of', async () => {
    const fields = deltaFields({
      completedAt: 1_700_000_000_500,
      metadata: {
        version: '1.0',
        source: 'api',
        tags: JSON.parse('{"__proto__":"polluted","constructor":"x","10":"a","9":"b","é😀":"\\ud800"}'),
        retentionDays: 0,
        customFields: JSON.parse('{"__proto__":{"a":[1,null,{"toString":true}]},"n":-1.5}'),
      },
    });
    const { blob, binding, dataKey, sealed } = await sample(fields, DELTA, encryption);
    const { header } = await open(blob, { ...binding, baseChecksum: fields.baseChecksum! }, dataKey);
    expect(header).toMatchObject({
      plainBytes: DELTA.length,
      plainSha256: sha256(DELTA),
      codec: 'gzip',
      compressedBytes: sealed.compressedBytes,
    });
    const added = ['plainBytes', 'plainSha256', 'codec', 'compressedBytes', 'cipher'];
    const crypto = ['key', 'messageId', 'iv', 'commitment'];
    const back = Object.entries(header).filter(([name]) => ![...added, ...crypto].includes(name));
    expect(JSON.stringify(Object.fromEntries(back))).toBe(JSON.stringify(fields));
    expect(Object.hasOwn(header.metadata.tags, '__proto__')).toBe(true);
    expect(Object.getPrototypeOf(header.metadata.tags)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });

  test('can be read without a catalog: its header, from its beginning, then all of it', async () => {
    const { blob, fields, dataKey, plain, binding } = await sample(stateFields(), STATE, encryption);
    const beginning = blob.subarray(0, 9 + blob.readUInt32BE(5));
    const header = await readUnauthenticatedHeader(beginning);
    expect(header).toMatchObject({ ...fields });
    expect(await readUnauthenticatedHeader([blob.subarray(0, 7), blob.subarray(7)])).toEqual(header);
    expect(bindingOf(header)).toEqual(binding);
    expect(plain.equals((await open(blob, bindingOf(header), dataKey)).plain)).toBe(true);
    for (let length = 0; length < beginning.length; length++) {
      await expect(readUnauthenticatedHeader(blob.subarray(0, length))).rejects.toMatchObject({
        code: 'integrity_error',
      });
    }
  });
});

test('every sealing has a message id, an IV and keys of its own', async () => {
  const encryption = chainKey();
  const fields = stateFields();
  const headers = [];
  for (let i = 0; i < 20; i++) headers.push(headerOf((await sample(fields, STATE, encryption)).blob));
  for (const member of ['messageId', 'iv', 'commitment']) {
    expect(new Set(headers.map((header) => header[member])).size).toBe(20);
  }
  expect(new Set(headers.map((header) => JSON.stringify(header.key))).size).toBe(1);
  for (const { cipher } of headers) expect(cipher).toBe('aes-256-cbc');
});

test('nothing of the text, and no key, can be read in an encrypted blob', async () => {
  const plain = randomBytes(4 * KIB);
  const encryption = chainKey();
  const { blob } = await sample(stateFields(plain), plain, encryption);
  for (let at = 0; at < plain.length - 16; at += 64)
    expect(blob.includes(plain.subarray(at, at + 16))).toBe(false);
  expect(blob.includes(Buffer.from(encryption.dataKey))).toBe(false);
  expect(blob.includes(Buffer.from(encryption.dataKey).toString('base64'))).toBe(false);
});

describe('sealing refuses, as a fault of its caller,', () => {
  const refused = async (work: Promise<unknown>): Promise<void> => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toHaveProperty('code');
  };

  test('a data key that is none', async () => {
    for (const bytes of [0, 16, 31, 33, 64]) {
      const encryption = { ...chainKey(), dataKey: randomBytes(bytes) };
      await refused(seal({ fields: stateFields(), plain: STATE, encryption, random: systemRandom }));
    }
  });

  test('fields that contradict each other or the text', async () => {
    const wrong = [
      stateFields(STATE, { size: STATE.length + 1 }),
      stateFields(STATE, { baseBlobId: 'd'.repeat(32) }),
      stateFields(STATE, { baseChecksum: sha256(STATE) }),
      stateFields(STATE, { sequence: 0 }),
      stateFields(STATE, { blobId: 'x'.repeat(32) }),
      stateFields(STATE, { checksum: sha256(STATE).toUpperCase() }),
      without('baseBlobId', deltaFields()),
      without('baseChecksum', deltaFields()),
      deltaFields({ baseBlobId: 'D'.repeat(32) }),
      deltaFields({ baseBlobId: 'd'.repeat(32), blobId: 'd'.repeat(32) }),
      { ...stateFields(), legalHold: true } as never,
    ];
    for (const fields of wrong) {
      const plain = fields.kind === 'state' ? STATE : DELTA;
      await refused(seal({ fields, plain, encryption: chainKey(), random: systemRandom }));
    }
    const tags = { a: 'x'.repeat(MIB) };
    const metadata = { ...stateFields().metadata, tags };
    const fields = stateFields(STATE, { metadata });
    await refused(seal({ fields, plain: STATE, encryption: 'none', random: systemRandom }));
  });

  test('and a state that has not the checksum given seals, but never opens', async () => {
    const fields = stateFields(STATE, { checksum: sha256(DELTA) });
    const { blob, binding, dataKey } = await sample(fields, STATE, chainKey());
    await expect(open(blob, binding, dataKey)).rejects.toMatchObject({ code: 'integrity_error' });
    await expect(prove(blob, binding, dataKey)).rejects.toMatchObject({ code: 'integrity_error' });
  });
});

test.each(['encrypted', 'inClear'] as const)(
  'a blob sealed by the first release still opens: %s',
  async (name) => {
    const blob = Buffer.from(frozen.BLOBS[name], 'base64');
    const dataKey = Buffer.from(frozen.DATA_KEY, 'base64');
    const { header, plain } = await open(blob, bindingOf(await readUnauthenticatedHeader(blob)), dataKey);
    expect(Buffer.from(plain).toString()).toBe(frozen.TEXT);
    expect(header.metadata.tags).toEqual({ frozen: 'yes' });
  },
);

test('so does a delta, and it still applies', async () => {
  const blob = Buffer.from(frozen.BLOBS.delta, 'base64');
  const dataKey = Buffer.from(frozen.DATA_KEY, 'base64');
  const { plain } = await open(blob, bindingOf(await readUnauthenticatedHeader(blob)), dataKey);
  expect(Buffer.concat(applyDelta(Buffer.from(frozen.TEXT), plain)).toString()).toBe(frozen.NEXT);
});
