// Which of some stored blobs nothing names, and what they say of themselves.

import type { BlobHeader } from '../../core/blob/header.ts';
import { keyContextOf } from '../../core/blob/key-context.ts';
import { bindingOf, proveSeal } from '../../core/blob/open.ts';
import { hasCode } from '../../core/records/errors.ts';
import type { BlobInfo } from '../../ports/blob-store.ts';
import { PortError } from '../../ports/errors.ts';
import { headerOf, isHeader } from '../chains/blob-header.ts';
import type { Deps } from '../contract/deps.ts';

/** A stored blob, as far as it is needed to judge it. */
export type Judgeable = Pick<BlobInfo, 'blobId' | 'bytes'>;

export interface Orphan extends Judgeable {
  /** What its header says, unproven: for log and events. */
  about: { resourceId: string; backupId?: string };
}

export interface Unknown {
  /** Blobs that nothing names, those that cannot be judged aside. */
  orphans: Orphan[];
  /** That the catalog has lost commits. Nothing was judged behind it. */
  proof?: string;
  /** Blobs that say what a proof would, and can neither be proven nor refuted; and one of them. */
  unprovable: number;
  example?: Pick<BlobHeader, 'backupId' | 'sequence'>;
}

/** Judges a page of blobs at most. Throws PortError. */
export async function judgeBlobs(deps: Deps, blobs: readonly Judgeable[]): Promise<Unknown> {
  const unknown: Unknown = { orphans: [], unprovable: 0 };
  const named = new Map(blobs.map((blob) => [blob.blobId, blob]));
  for (const blobId of await deps.catalog.findUnknownBlobs([...named.keys()])) {
    const found = await headerOf(deps, blobId);
    if (found === 'missing') continue;
    const header = isHeader(found) ? found : undefined;
    const verdict =
      header === undefined || !(await isBeyond(deps, header))
        ? 'orphan'
        : await verdictOn(deps, named.get(blobId)!, header);
    if (header !== undefined && verdict === 'proof') {
      unknown.proof = `The catalog is older than the blobs: it does not know ${header.backupId}, number ${header.sequence} of its resource, whose blob is there. Nothing was removed; rebuild the catalog from the blobs.`;
      return unknown;
    }
    if (header !== undefined && verdict === 'unprovable') {
      unknown.unprovable++;
      unknown.example ??= { backupId: header.backupId, sequence: header.sequence };
      continue;
    }
    const { resourceId = '', backupId } = header ?? {};
    const { bytes } = named.get(blobId)!;
    unknown.orphans.push({
      blobId,
      bytes,
      about: { resourceId, ...(backupId !== undefined && { backupId }) },
    });
  }
  return unknown;
}

/**
 * A crash leaves at most a blob of the sequence that comes next, and heads only move on. So a blob from beyond that was
 * once committed, in a catalog that was a later one than this.
 */
async function isBeyond({ catalog }: Deps, { resourceId, sequence }: BlobHeader): Promise<boolean> {
  const head = await catalog.getHead(resourceId);
  return sequence > (head?.sequence ?? 0) + 1;
}

/**
 * Whether a blob is what it says. Anybody who can put a file beside the blobs can write a header, so that only counts as a
 * proof once its MAC holds, under a data key that our keyring has wrapped for this chain. A blob in clear has no MAC.
 */
async function verdictOn(
  { blobs, keyring, options }: Deps,
  { blobId, bytes }: Judgeable,
  header: BlobHeader,
): Promise<'proof' | 'orphan' | 'unprovable'> {
  if (header.blobId !== blobId) return 'orphan';
  if (header.cipher === 'none') return options.allowUnencrypted ? 'unprovable' : 'orphan';
  try {
    const dataKey = await keyring.open(header.key, keyContextOf(header));
    await proveSeal({ bytes, read: () => blobs.get(blobId) }, bindingOf(header), dataKey);
    return 'proof';
  } catch (error) {
    if (hasCode(error, 'integrity_error')) return 'orphan';
    if (!(error instanceof PortError) || error.code === 'unavailable') throw error;
    // A key that we may not use now says nothing about what it has sealed.
    return error.code === 'denied' ? 'unprovable' : 'orphan';
  }
}
