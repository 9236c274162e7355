// Reads a state in parts, by the layouts of its chain: only what is asked for is fetched, decrypted and inflated. Each piece is held to the
// hash that was taken when the whole was proven. The last states that were read so are kept.

import { type MemberTable, memberAt, openMember, spanOf, textAt } from '../../core/blob/members.ts';
import { decodeMembers } from '../../core/layout/members.ts';
import { decodePlaces, type Places } from '../../core/layout/places.ts';
import type { LayoutPart } from '../../core/layout/seal.ts';
import { decodeStretches, partsOf, type Stretches } from '../../core/layout/stretches.ts';
import { ownBlob } from '../../core/records/chain.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, BlobRef } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import type { Deps } from '../contract/deps.ts';
import type { Layouts, PartState } from '../contract/parts.ts';
import { openKey } from './blobs.ts';
import type { OpenLayouts } from './layouts.ts';

const PAGE_BYTES = 16 * 1024;
/** At first so many at once; each time twice as many. */
const PAGES_MIN = 2;
const PAGES_MAX = 64;
/** From so much on the whole is had sooner. */
const FETCHED_BYTES_MAX = 8 * 1024 * 1024;
/** Pieces of the first text that are kept, of 1 MiB each. */
const MEMBERS_KEPT_MAX = 8;
const STATES_KEPT_MAX = 4;

export function createPartReader(
  deps: Deps,
  layoutsOf: (record: BackupRecord) => Promise<OpenLayouts | undefined>,
): Layouts['open'] {
  /** By blob, the longest unused first. */
  const kept = new Map<string, PartState>();

  return async (record) => {
    const { blobId } = ownBlob(record);
    const known = kept.get(blobId);
    kept.delete(blobId);
    const state = known ?? (await quietly(deps, record, () => openParts(deps, record, layoutsOf)));
    if (state === undefined) return undefined;
    kept.set(blobId, state);
    let bytes = 0;
    for (const { text } of kept.values()) bytes += text.bytes.length;
    for (const [oldest, { text }] of kept) {
      if (kept.size <= 1 || (kept.size <= STATES_KEPT_MAX && bytes <= LIMITS.keptLooksBytesMax)) break;
      kept.delete(oldest);
      bytes -= text.bytes.length;
    }
    return {
      text: state.text,
      fetch: async (at) => {
        const isThere = await quietly(deps, record, () => state.fetch(at));
        if (isThere !== true) kept.delete(blobId);
        return isThere === true;
      },
    };
  };
}

/** Undefined where something is not there or not what was written: the way by the whole state tells what, and to whom. */
async function quietly<T>(
  { log }: Pick<Deps, 'log'>,
  { id: backupId, resourceId }: BackupRecord,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!hasCode(error, 'integrity_error', 'broken_chain') && !(error instanceof PortError)) throw error;
    log.warn('a state could not be read in parts, and is opened whole', { resourceId, backupId, error });
    return undefined;
  }
}

async function openParts(
  deps: Deps,
  record: BackupRecord,
  layoutsOf: (record: BackupRecord) => Promise<OpenLayouts | undefined>,
): Promise<PartState | undefined> {
  const { blobs } = deps;
  const layouts = blobs.getRange === undefined ? undefined : await layoutsOf(record);
  if (layouts === undefined) return undefined;
  const [first, ...rest] = record.chain as [BlobRef, ...BlobRef[]];
  const own = rest.at(-1) ?? first;
  const [places, table, ...deltas] = await Promise.all([
    readPart(layouts, own, 'places', decodePlaces),
    readPart(layouts, first, 'sources', decodeMembers),
    ...rest.map((ref) => readPart(layouts, ref, 'sources', decodeStretches)),
  ]);
  if (places === undefined || table === undefined || !areAll(deltas)) return undefined;
  demandSame(first, table.checksum, table.size);
  for (const [i, { base, baseBytes, target, targetBytes }] of deltas.entries()) {
    demandSame(record.chain[i]!, base, baseBytes);
    demandSame(rest[i]!, target, targetBytes);
  }
  demandSame(own, record.checksum, record.size);
  if (places.bytes !== record.size) throw notOf(own);
  const dataKey = await openKey(deps, record.key!, record);
  return createPartState(places, deltas, {
    table,
    read: async (member) => {
      const { from, to } = spanOf(table, member);
      return openMember(table, member, await blobs.getRange!(first.blobId, from, to), dataKey);
    },
  });
}

async function readPart<T>(
  layouts: OpenLayouts,
  { blobId }: BlobRef,
  part: LayoutPart,
  decode: (bytes: Uint8Array) => T,
): Promise<T | undefined> {
  const bytes = await layouts.read(blobId, part);
  return bytes && decode(bytes);
}

function areAll<T>(found: (T | undefined)[]): found is T[] {
  return !found.includes(undefined);
}

function demandSame(ref: BlobRef, checksum: string, size: number): void {
  if (ref.checksum !== checksum || ref.size !== size) throw notOf(ref);
}

function notOf({ blobId }: BlobRef): ServiceError {
  return new ServiceError('integrity_error', 'A layout is not that of its blob.', { extra: { blobId } });
}

interface FirstText {
  table: MemberTable;
  /** The text of a member. */
  read(member: number): Promise<Uint8Array>;
}

function createPartState(
  { bytes: size, index }: Places,
  deltas: readonly Stretches[],
  first: FirstText,
): PartState {
  // Memory that nobody writes to is none: the system gives it page by page.
  const bytes = Buffer.from(new ArrayBuffer(size));
  const isHeld = new Uint8Array(Math.ceil(size / PAGE_BYTES));
  const members = new Map<number, Promise<Uint8Array>>();
  let fetched = 0;
  let pages = PAGES_MIN;
  /** The part that was asked about last. */
  let last = { from: 0, to: 0 };

  const endOf = (at: number): number => {
    if (at >= last.from && at < last.to) return last.to;
    let page = Math.floor(at / PAGE_BYTES);
    if (isHeld[page] !== 1) return at;
    const from = page * PAGE_BYTES;
    while (isHeld[page] === 1) page++;
    last = { from, to: Math.min(size, page * PAGE_BYTES) };
    return last.to;
  };

  const memberOf = (member: number): Promise<Uint8Array> => {
    const known = members.get(member);
    if (known !== undefined) return known;
    const read = first.read(member);
    members.set(member, read);
    if (members.size > MEMBERS_KEPT_MAX) members.delete(members.keys().next().value!);
    return read;
  };

  async function fill(from: number, to: number): Promise<void> {
    const parts = partsOf(deltas, from, to);
    // All that are needed are on their way before the first is waited for.
    const needed = new Map<number, Promise<Uint8Array>>();
    for (const part of parts) {
      if (part.delta >= 0) continue;
      for (let member = memberAt(part.from); member <= memberAt(part.to - 1); member++) {
        if (!needed.has(member)) needed.set(member, memberOf(member));
      }
    }
    const texts = new Map<number, Uint8Array>();
    await Promise.allSettled(needed.values());
    for (const [member, text] of needed) texts.set(member, await text);
    let at = from;
    for (const part of parts) {
      if (part.delta >= 0) {
        bytes.set(deltas[part.delta]!.literals().subarray(part.from, part.to), at);
        at += part.to - part.from;
        continue;
      }
      for (let start = part.from; start < part.to; ) {
        const member = memberAt(start);
        const begins = textAt(member);
        const text = texts.get(member)!;
        const end = Math.min(part.to, begins + text.length);
        if (end <= start) throw new ServiceError('integrity_error', 'A layout reaches beyond its text.');
        bytes.set(text.subarray(start - begins, end - begins), at);
        at += end - start;
        start = end;
      }
    }
    if (at !== to) throw new ServiceError('integrity_error', 'A layout reaches beyond its text.');
  }

  return {
    text: { bytes, index, held: { endOf } },
    async fetch(at) {
      const page = Math.floor(at / PAGE_BYTES);
      let until = page;
      while (until < Math.min(isHeld.length, page + pages) && isHeld[until] !== 1) until++;
      const from = page * PAGE_BYTES;
      const to = Math.min(size, until * PAGE_BYTES);
      fetched += to - from;
      if (fetched > FETCHED_BYTES_MAX) return false;
      pages = Math.min(PAGES_MAX, pages * 2);
      await fill(from, to);
      isHeld.fill(1, page, until);
      last = { from: 0, to: 0 };
      return true;
    },
  };
}
