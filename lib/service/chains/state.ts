// Rebuilds a state from its chain: the one way in which stored bytes become a state again.

import type { BlobHeader } from '../../core/blob/header.ts';
import { open, openBase, prove, streamProven } from '../../core/blob/open.ts';
import { joined } from '../../core/bytes/chunks.ts';
import { sha256Of } from '../../core/bytes/sha256.ts';
import type { CanonicalText } from '../../core/bytes/text.ts';
import { findTextFault, TextCheck } from '../../core/json/body.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord, BlobRef } from '../../core/records/model.ts';
import type { AppliedChunks } from '../../ports/text-work.ts';
import type { Deps } from '../contract/deps.ts';
import type { Text } from '../contract/text.ts';
import { demandAgreement, demandOwnTip } from './agreement.ts';
import { bindingTo, type ChainSource, checkBlob, fetchBlob, opened, openKey, storedBlob } from './blobs.ts';

export type { ChainSource };

export interface LoadedState {
  state: CanonicalText;
  /** Of the chain, opened; absent where nothing is encrypted. */
  dataKey?: Uint8Array;
}

type StoreDeps = Pick<Deps, 'blobs' | 'kernel' | 'keyring' | 'texts' | 'options'>;

/** Hears the part done, 0..1. */
type OnProgress = (done: number) => void;

/**
 * The state at the end of the chain, in memory and proven: every blob's MAC, every delta's base, and the checksum of the
 * result. Blobs and key are fetched in parallel.
 * Throws ServiceError `broken_chain` (something is missing) or `integrity_error` (something is not what was written).
 */
export async function loadState(
  deps: StoreDeps,
  source: ChainSource,
  onProgress?: OnProgress,
): Promise<LoadedState> {
  const { base, deltas, checksum, dataKey } = await openChain(deps, source, onProgress);
  const bytes =
    deltas.length === 0 ? base : joined((await applied(deps, base, deltas, checksum, false)).chunks);
  const state = { bytes, checksum };
  return dataKey === undefined ? { state } : { state, dataKey };
}

/**
 * Two states of one way, both proven as by `loadState`: that at its end, and one that it leads through, whose own chain it begins with.
 * Throws as `loadState`.
 */
export async function loadTwoStates(
  deps: StoreDeps,
  source: ChainSource,
  through: ChainSource | BackupRecord,
): Promise<{ first: CanonicalText; last: CanonicalText }> {
  demandOwnTip(through);
  const { base, deltas, checksum, headers } = await openChain(deps, source);
  const at = through.chain.length - 1;
  demandAgreement(through, headers[at]!);
  const { checksum: firstChecksum } = through.chain[at]!;
  const first =
    at === 0
      ? await demandChecksum(base, firstChecksum)
      : joined((await applied(deps, base, deltas.slice(0, at), firstChecksum, false)).chunks);
  // What is applied to does not come back.
  const { chunks } = await applied(deps, new Uint8Array(first), deltas.slice(at), checksum, false);
  return { first: { bytes: first, checksum: firstChecksum }, last: { bytes: joined(chunks), checksum } };
}

/** With deltas on it a base is not hashed when it is opened. */
async function demandChecksum(bytes: Uint8Array, expected: string): Promise<Uint8Array> {
  if ((await sha256Of([bytes])) === expected) return bytes;
  throw new ServiceError('integrity_error', 'The state does not have its checksum.');
}

export interface OpenChain {
  /** The state that the chain begins with, and what follows on it. */
  base: Uint8Array;
  deltas: Uint8Array[];
  /** Of the state at the end: proven, if there are no deltas. */
  checksum: string;
  /** Of each blob, proven. */
  headers: BlobHeader[];
  dataKey?: Uint8Array;
}

/**
 * What the chain is made of, opened: every blob's MAC, every delta's base. What comes of applying it is for the caller to
 * hash. Throws as `loadState`.
 */
export async function openChain(
  deps: StoreDeps,
  source: ChainSource,
  onProgress: OnProgress = () => {},
): Promise<OpenChain> {
  const { chain, key } = source;
  const [first, ...rest] = chain;
  if (first === undefined) throw new ServiceError('broken_chain', 'The chain is empty.');
  if (first.kind === 'delta') throw new ServiceError('broken_chain', 'The chain begins with a delta.');
  demandOwnTip(source);
  refuseClear(deps, chain);
  if (rest.length > 0) deps.texts.expect(first.size);
  const steps = chain.length * 2;
  let taken = 0;
  const step = (): void => onProgress(++taken / steps);
  const [dataKey, ...sealed] = await Promise.all([
    key === undefined ? undefined : openKey(deps, key, source),
    ...chain.map(async (ref) => {
      const blob = await fetchBlob(deps, ref);
      step();
      return blob;
    }),
  ]);
  // With deltas on it, what comes of it in the end is hashed.
  const openFirst = rest.length === 0 ? open : openBase;
  const { header, plain: base } = await opened(first, () =>
    openFirst(sealed[0]!, bindingTo(source, first), dataKey),
  );
  step();
  const headers = [header];
  const deltas: Uint8Array[] = [];
  let { checksum } = first;
  for (const [i, ref] of rest.entries()) {
    if (ref.kind === 'state') throw new ServiceError('broken_chain', 'The chain has a state in its middle.');
    const binding = { ...bindingTo(source, ref), baseChecksum: checksum };
    const delta = await opened(ref, () => open(sealed[i + 1]!, binding, dataKey));
    headers.push(delta.header);
    deltas.push(delta.plain);
    checksum = ref.checksum;
    step();
  }
  demandAgreement(source, headers.at(-1)!);
  return { base, deltas, checksum, headers, ...(dataKey === undefined ? {} : { dataKey }) };
}

/** A blob's contents are held to their own hash, which for a whole state is the state's; a delta's result is not. */
async function applied(
  { texts }: StoreDeps,
  base: Uint8Array,
  deltas: Uint8Array[],
  expected: string,
  isChecked: boolean,
): Promise<AppliedChunks> {
  const made = await texts.applyChain(base, deltas, isChecked);
  if (made.checksum !== expected) {
    throw new ServiceError('integrity_error', 'The state does not have its checksum.');
  }
  return made;
}

/**
 * The state as a base to build on. One that is kept in memory is not loaded, but the stored bytes that give it are
 * checked: a delta on what is gone would be no backup. Throws as `loadState`.
 */
export async function loadBase(
  deps: StoreDeps & Pick<Deps, 'bases'>,
  source: ChainSource,
): Promise<LoadedState> {
  const { chain, key } = source;
  demandOwnTip(source);
  refuseClear(deps, chain);
  const tip = chain.at(-1);
  const kept = tip && deps.bases?.take(tip.blobId);
  if (kept === undefined || kept.checksum !== tip!.checksum) return loadState(deps, source);
  const [dataKey] = await Promise.all([
    key === undefined ? undefined : openKey(deps, key, source),
    ...chain.map((ref) => checkBlob(deps, ref)),
  ]);
  return dataKey === undefined ? { state: kept } : { state: kept, dataKey };
}

export interface ReadOptions {
  onProgress?: OnProgress;
  /** Whether the structure is looked at too. */
  isChecked: boolean;
}

export interface ReadText extends Text {
  /** What is wrong with the structure, if that was asked for and is the case. */
  fault?: string;
}

/**
 * The state's text, proven as by `loadState` before the first byte is given, but not held in memory if it is long.
 * Throws as `loadState`.
 */
export async function readText(
  deps: StoreDeps & Pick<Deps, 'options'>,
  source: ChainSource,
  options: ReadOptions,
): Promise<ReadText> {
  const [only, ...rest] = source.chain;
  if (only?.kind === 'state' && rest.length === 0 && only.size > deps.options.memory.heldStateBytesMax) {
    return streamText(deps, source, only, options);
  }
  const { base, deltas, checksum } = await openChain(deps, source, options.onProgress);
  if (deltas.length > 0) {
    const { bytes, chunks, fault } = await applied(deps, base, deltas, checksum, options.isChecked);
    return { bytes, chunks, ...faulty(fault) };
  }
  const fault = options.isChecked ? await findTextFault(deps.kernel, base) : undefined;
  return { bytes: base.length, chunks: [base], ...faulty(fault) };
}

async function streamText(
  deps: StoreDeps,
  source: ChainSource,
  ref: BlobRef,
  { onProgress = () => {}, isChecked }: ReadOptions,
): Promise<ReadText> {
  demandOwnTip(source);
  refuseClear(deps, [ref]);
  const dataKey = source.key && (await openKey(deps, source.key, source));
  const stored = storedBlob(deps, ref);
  const binding = bindingTo(source, ref);
  const check = isChecked ? new TextCheck(deps.kernel) : undefined;
  let proven = 0;
  const header = await opened(ref, () =>
    prove(stored, binding, dataKey, (chunk) => {
      check?.push(chunk);
      proven += chunk.length;
      onProgress(proven / ref.size);
    }),
  );
  demandAgreement(source, header);
  return { bytes: proven, chunks: streamProven(stored, binding, dataKey), ...faulty(check?.finish()) };
}

/**
 * A blob in clear has no MAC: whoever can write blobs and records can forge one. Where none are stored, none is read.
 * Throws ServiceError `integrity_error`.
 */
function refuseClear({ options }: Pick<Deps, 'options'>, chain: readonly BlobRef[]): void {
  const clear = options.allowUnencrypted ? undefined : chain.find(({ encrypted }) => !encrypted);
  if (clear === undefined) return;
  throw new ServiceError(
    'integrity_error',
    `A blob of ${clear.backupId} is not encrypted, and this deployment takes none that are not.`,
    { extra: { backupId: clear.backupId, blobId: clear.blobId } },
  );
}

function faulty(fault: string | undefined): { fault?: string } {
  return fault === undefined ? {} : { fault };
}
