// Blobs to seal, and an attacker's tools: an independent reader and writer of the format, from its description alone.

import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import {
  type BlobBinding,
  type BlobFields,
  type ChainKey,
  type Sealed,
  seal,
} from '../../../lib/core/blob/open.ts';
import { systemRandom } from '../../../lib/random.ts';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const chainKey = (): ChainKey => ({
  dataKey: randomBytes(32),
  key: { keyId: 'local', keyVersion: '1', wrapped: randomBytes(60).toString('base64') },
});

export const STATE = Buffer.from(
  '{"tables":{"users":[{"id":1,"name":"Ada"},{"id":2,"name":"Bob"}]},"n":1e400}',
);
export const DELTA = Buffer.from('{"changes":[{"key":"n","newValue":2}]}');

export function stateFields(plain: Uint8Array = STATE, over: Partial<BlobFields> = {}): BlobFields {
  return {
    blobId: randomBytes(16).toString('hex'),
    kind: 'state',
    resourceId: 'database-1',
    resourceType: 'postgresql',
    backupId: 'backup-1',
    sequence: 1,
    type: 'full',
    chainId: 'backup-1',
    checksum: sha256(plain),
    size: plain.length,
    metadata: { version: '1.0', source: 'api', tags: { env: 'test' }, retentionDays: 30 },
    createdAt: 1_700_000_000_000,
    expiresAt: 1_702_592_000_000,
    ...over,
  };
}

export function deltaFields(over: Partial<BlobFields> = {}): BlobFields {
  return {
    ...stateFields(),
    kind: 'delta',
    backupId: 'backup-2',
    sequence: 2,
    type: 'incremental',
    requestedType: 'incremental',
    baseBackupId: 'backup-1',
    baseBlobId: '0123456789abcdef'.repeat(2),
    baseChecksum: sha256(STATE),
    checksum: sha256(Buffer.from('the state that this delta gives')),
    size: 31,
    changes: { additions: 0, changes: 1, deletions: 0, moves: 0 },
    ...over,
  };
}

/** What the catalog would say of these fields: worked out here, not by the code under test. */
export function bindingTo(fields: BlobFields, encrypted: boolean): BlobBinding {
  const { blobId, kind, resourceId, backupId, sequence, chainId, checksum, size } = fields;
  return { blobId, kind, resourceId, backupId, sequence, chainId, checksum, size, encrypted };
}

export interface Sample {
  fields: BlobFields;
  plain: Buffer;
  encryption: ChainKey | 'none';
  dataKey: Uint8Array | undefined;
  sealed: Sealed;
  blob: Buffer;
  binding: BlobBinding;
}

export async function sample(
  fields: BlobFields,
  plain: Uint8Array,
  encryption: ChainKey | 'none',
): Promise<Sample> {
  const sealed = await seal({ fields, plain, encryption, random: systemRandom });
  return {
    fields,
    plain: Buffer.from(plain),
    encryption,
    dataKey: encryption === 'none' ? undefined : encryption.dataKey,
    sealed,
    blob: Buffer.concat(sealed.chunks),
    binding: bindingTo(fields, encryption !== 'none'),
  };
}

export interface Parts {
  magic: Buffer;
  version: number;
  header: Buffer;
  body: Buffer;
  tag: Buffer;
}

export function partsOf(blob: Buffer): Parts {
  const bodyAt = 9 + blob.readUInt32BE(5);
  return {
    magic: blob.subarray(0, 4),
    version: blob[4]!,
    header: blob.subarray(9, bodyAt),
    body: blob.subarray(bodyAt, -32),
    tag: blob.subarray(-32),
  };
}

export function joinParts({ magic, version, header, body, tag }: Parts): Buffer {
  const lengths = Buffer.alloc(5);
  lengths[0] = version;
  lengths.writeUInt32BE(header.length, 1);
  return Buffer.concat([magic, lengths, header, body, tag]);
}

export interface HeaderJson {
  [member: string]: unknown;
}

export const headerOf = (blob: Buffer): HeaderJson => JSON.parse(partsOf(blob).header.toString());

export function deriveAll(
  dataKey: Uint8Array,
  messageId: string,
): { cipherKey: Buffer; macKey: Buffer; commitment: Buffer } {
  const label = 'backup blob, format 1, aes-256-cbc, hmac-sha-512: ';
  const expand = (info: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync('sha512', dataKey, Buffer.from(messageId, 'base64'), label + info, bytes));
  return {
    cipherKey: expand('encryption key', 32),
    macKey: expand('authentication key', 64),
    commitment: expand('key commitment', 32),
  };
}

/** The tag that these bytes should have: with a MAC key, or without one. */
export function tagFor(parts: Omit<Parts, 'tag'>, macKey: Uint8Array | undefined): Buffer {
  const before = joinParts({ ...parts, tag: Buffer.alloc(0) });
  const lengths = Buffer.alloc(16);
  lengths.writeBigUInt64BE(BigInt(parts.header.length), 0);
  lengths.writeBigUInt64BE(BigInt(parts.body.length), 8);
  const hash = macKey ? createHmac('sha512', macKey) : createHash('sha256');
  return hash.update(before).update(lengths).digest().subarray(0, 32);
}

/** Opens a blob without asking where it belongs. */
export function readIndependently(blob: Buffer, dataKey: Uint8Array | undefined): Buffer {
  const parts = partsOf(blob);
  const header = headerOf(blob);
  if (header.cipher === 'none') {
    if (!tagFor(parts, undefined).equals(parts.tag)) throw new Error('tag');
    return gunzipSync(parts.body);
  }
  const { cipherKey, macKey, commitment } = deriveAll(dataKey!, String(header.messageId));
  if (commitment.toString('base64') !== header.commitment) throw new Error('commitment');
  if (!tagFor(parts, macKey).equals(parts.tag)) throw new Error('tag');
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, Buffer.from(String(header.iv), 'base64'));
  return gunzipSync(Buffer.concat([decipher.update(parts.body), decipher.final()]));
}

/** A blob with another header or body and a tag that fits them: what whoever has the keys, or needs none, could write. */
export function forge(
  blob: Buffer,
  change: { header?: HeaderJson | Buffer; body?: Buffer },
  macKey?: Uint8Array,
): Buffer {
  const parts = partsOf(blob);
  const { header = parts.header, body = parts.body } = change;
  const bytes = Buffer.isBuffer(header) ? header : Buffer.from(JSON.stringify(header));
  const forged = { ...parts, header: bytes, body };
  return joinParts({ ...forged, tag: tagFor(forged, macKey) });
}

export function encryptBody(gzip: Uint8Array, cipherKey: Uint8Array, iv: string, padded = true): Buffer {
  const cipher = createCipheriv('aes-256-cbc', cipherKey, Buffer.from(iv, 'base64')).setAutoPadding(padded);
  return Buffer.concat([cipher.update(gzip), cipher.final()]);
}
