// Layouts of large states: what their texts are put together of, and where things are in them. They are written beside the blobs while
// nobody waits, and spare the first look into a state the opening of all of it. Nothing depends on them.

import { readMemberTable } from '../../core/blob/members.ts';
import { encodeMembers } from '../../core/layout/members.ts';
import { type LayoutPart, NONCE_BYTES, openLayout, sealLayout } from '../../core/layout/seal.ts';
import { ownBlob } from '../../core/records/chain.ts';
import { hasCode } from '../../core/records/errors.ts';
import type { BackupRecord, BlobRef } from '../../core/records/model.ts';
import { INDEXED_FROM_BYTES } from '../../core/text-work.ts';
import type { LayoutStore } from '../../ports/layouts.ts';
import type { Deps } from '../contract/deps.ts';
import type { Layouts } from '../contract/parts.ts';
import { bindingTo, openKey, storedBlob } from './blobs.ts';
import { takeKept } from './looks.ts';
import { createPartReader } from './part-reader.ts';

/** A state at which nobody has been at work for so long is at rest. */
const REST_MS = 1000;

/** A layout as its writer and its reader have it: opened. */
export interface OpenLayouts {
  read(blobId: string, part: LayoutPart): Promise<Uint8Array | undefined>;
  write(blobId: string, part: LayoutPart, plain: Uint8Array): Promise<void>;
}

/** The layouts of one home. `store` is where they are kept. */
export function createLayouts(deps: Deps, store: LayoutStore): Layouts {
  const { clock, log, random } = deps;
  /** By resource: only its newest state is worth it. */
  const waiting = new Map<string, { record: BackupRecord; since: number }>();

  const opened = (dataKey: Uint8Array): OpenLayouts => ({
    async read(blobId, part) {
      const sealed = await store.read(blobId, part);
      return sealed && openLayout(dataKey, blobId, part, sealed);
    },
    write: (blobId, part, plain) =>
      store.write(blobId, part, sealLayout(dataKey, blobId, part, plain, random.bytes(NONCE_BYTES))),
  });

  /** Whatever fails here, the state is opened whole when it is looked at. */
  async function quietly(record: BackupRecord, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.warn('a layout was not written: looks into the state take longer', {
        resourceId: record.resourceId,
        backupId: record.id,
        error,
      });
    }
  }

  async function layOut(record: BackupRecord): Promise<void> {
    const dataKey = await openKey(deps, record.key!, record);
    const layouts = opened(dataKey);
    /** What is damaged is made anew, where it can be. */
    const isThere = async (blobId: string, part: LayoutPart): Promise<boolean> => {
      try {
        return (await layouts.read(blobId, part)) !== undefined;
      } catch (error) {
        if (hasCode(error, 'integrity_error')) return false;
        throw error;
      }
    };
    const [first, ...rest] = record.chain as [BlobRef, ...BlobRef[]];
    // Without those of a chain's every delta one of them leads nowhere.
    for (const { blobId } of rest) if (!(await isThere(blobId, 'sources'))) return;
    if (!(await isThere(first.blobId, 'sources'))) {
      const table = await readMemberTable(storedBlob(deps, first), bindingTo(record, first), dataKey);
      if (table === undefined) return;
      await layouts.write(first.blobId, 'sources', encodeMembers(table));
    }
    const { blobId } = ownBlob(record);
    if (await isThere(blobId, 'places')) return;
    const kept = takeKept(deps, record, 0);
    if (kept === undefined) return;
    const places = await deps.texts.placesOf(kept.state);
    kept.keep();
    if (places !== undefined) await layouts.write(blobId, 'places', places);
  }

  return {
    async made(record, sources) {
      if (!isLaidOut(deps, record)) return;
      const { blobId, kind } = ownBlob(record);
      if (kind === 'delta' && sources === undefined) return;
      waiting.set(record.resourceId, { record, since: clock.monotonic() });
      if (kind === 'state') return;
      await quietly(record, async () => {
        await opened(await openKey(deps, record.key!, record)).write(blobId, 'sources', sources!);
      });
    },

    looked(record) {
      if (isLaidOut(deps, record)) waiting.set(record.resourceId, { record, since: clock.monotonic() });
    },

    async rest() {
      for (const [resourceId, { record, since }] of waiting) {
        if (clock.monotonic() - since < REST_MS) continue;
        waiting.delete(resourceId);
        // Whoever builds on the text waits until it is back.
        await deps.gate.run(resourceId, () => quietly(record, () => layOut(record)));
      }
    },

    open: createPartReader(deps, async (record) =>
      isLaidOut(deps, record) ? opened(await openKey(deps, record.key!, record)) : undefined,
    ),
  };
}

/** Of what is smaller, or too large to be looked into, there is none; nor of what is not encrypted: there is no key to prove one with. */
function isLaidOut({ options }: Pick<Deps, 'options'>, { size, chain, key }: BackupRecord): boolean {
  return (
    size >= INDEXED_FROM_BYTES &&
    size <= options.memory.deltaStateBytesMax &&
    key !== undefined &&
    chain.every(({ encrypted }) => encrypted)
  );
}
