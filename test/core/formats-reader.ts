// A reader of docs/formats.md, as docs/restore.py is one, for machines without Python: from the page, not from the code.

import { createDecipheriv, createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HeaderJson, headerOf, readIndependently } from './blob/fixtures.ts';
import { applyFormat2 } from './formats-delta.ts';

/** Where a folder keeps a blob. */
export const blobPath = (folder: string, id: string): string => join(folder, 'blobs', id.slice(0, 2), id);

/** The state at the end of a chain; of one blob alone, the chain is found. Throws unless all of it is as it was written. */
export function restoreInNode(folder: string, ids: readonly string[]): Buffer {
  const chain =
    ids.length > 1 ? ids : chainTo(folder, headerAt(folder, ids[0]!)).map((header) => header.blobId);
  let state: Buffer | undefined;
  let first: HeaderJson | undefined;
  for (const id of chain) {
    const blob = readFileSync(blobPath(folder, String(id)));
    const header = headerOf(blob);
    first ??= header;
    demand(header.blobId === id && isKin(header, first), 'binding');
    const text = readIndependently(blob, header.cipher === 'none' ? undefined : dataKeyOf(folder, header));
    demand(text.length === header.plainBytes && sha256(text) === header.plainSha256, 'contents');
    if (header.kind === 'state') {
      demand(state === undefined, 'second state');
      state = text;
    } else {
      demand(state !== undefined && sha256(state) === header.baseChecksum, 'base');
      state = applyStored(state!, text);
    }
    demand(state.length === header.size && sha256(state) === header.checksum, 'result');
  }
  return state!;
}

function chainTo(folder: string, header: HeaderJson): HeaderJson[] {
  if (header.kind === 'state') return [header];
  const base = baseOf(folder, header);
  demand(Number(base.sequence) < Number(header.sequence), 'order');
  return [...chainTo(folder, base), header];
}

function baseOf(folder: string, delta: HeaderJson): HeaderJson {
  const named = String(delta.baseBlobId);
  if (existsSync(blobPath(folder, named))) return headerAt(folder, named);
  const others = readdirSync(join(folder, 'blobs'))
    .flatMap((shard) => readdirSync(join(folder, 'blobs', shard)))
    .map((id) => headerAt(folder, id))
    .filter((header) => isKin(header, delta) && header.checksum === delta.baseChecksum)
    .filter((header) => Number(header.sequence) < Number(delta.sequence));
  demand(others.length > 0, 'missing base');
  return others.find((header) => header.kind === 'state') ?? others[0]!;
}

function headerAt(folder: string, id: string): HeaderJson {
  const header = headerOf(readFileSync(blobPath(folder, id)));
  demand(header.blobId === id, 'name');
  return header;
}

const isKin = (a: HeaderJson, b: HeaderJson): boolean =>
  a.resourceId === b.resourceId && a.chainId === b.chainId;

function applyStored(base: Buffer, text: Buffer): Buffer {
  return text[0] === 2 ? applyFormat2(base, text) : applyFormat1(base, text);
}

function applyFormat1(base: Buffer, text: Buffer): Buffer {
  const lineEnd = text.indexOf('\n');
  const delta = JSON.parse(text.toString('latin1', 0, lineEnd));
  const pieces: Buffer[] = [];
  let literalAt = lineEnd + 1;
  let baseAt = 0;
  for (const [k, literal] of delta.literal.entries()) {
    pieces.push(text.subarray(literalAt, literalAt + literal));
    literalAt += literal;
    if (k === delta.copy.length) break;
    baseAt += delta.from[k];
    pieces.push(base.subarray(baseAt, baseAt + delta.copy[k]));
    baseAt += delta.copy[k];
  }
  demand(literalAt === text.length, 'literals');
  return Buffer.concat(pieces);
}

/** Unwraps the data key of an encrypted blob with the folder's master key. */
export function dataKeyOf(folder: string, { key, chainId, resourceId }: HeaderJson): Buffer {
  const { keyId, keyVersion, wrapped } = key as Record<string, string>;
  const { keys } = JSON.parse(readFileSync(join(folder, 'master.key'), 'utf8'));
  const master = keys.find(
    (one: Record<string, string>) => one.keyId === keyId && one.version === keyVersion,
  );
  const bytes = Buffer.from(wrapped!, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(master.key, 'base64'), bytes.subarray(0, 12));
  const context = [
    ['chainId', chainId],
    ['resourceId', resourceId],
  ];
  decipher.setAAD(Buffer.from(JSON.stringify(['data-key', keyId, keyVersion, context])));
  decipher.setAuthTag(bytes.subarray(44));
  return Buffer.concat([decipher.update(bytes.subarray(12, 44)), decipher.final()]);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
