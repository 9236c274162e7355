// What is stored of a new backup: the whole state, or the delta to what it builds on.

import { keyContextOf } from '../../core/blob/key-context.ts';
import type { ChainKey } from '../../core/blob/open.ts';
import { unpack } from '../../core/bytes/packed.ts';
import type { CanonicalText } from '../../core/bytes/text.ts';
import type { KeyFault } from '../../core/delta/compare/row-keys.ts';
import { isPacked, type ScannedState, sizeOf } from '../../core/json/state-sink.ts';
import type { BackupPlan } from '../../core/records/chain.ts';
import type { BaseRef, ChangeCounts, WrappedKey } from '../../core/records/model.ts';
import type { RowIdentity } from '../../core/records/settings.ts';
import { type ChainSource, openKey } from '../chains/blobs.ts';
import { type LoadedState, loadBase } from '../chains/state.ts';
import type { BlobContent, Draft } from '../chains/write-blob.ts';
import type { CreateBackupInput } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';

/** What is to be stored of a new backup. */
export interface Built {
  content: BlobContent;
  changes?: ChangeCounts;
  /** Rows that were not told apart by what is said of them. */
  keyFaults?: KeyFault[];
  /** The chain's key, whether or not this backup uses it. */
  key?: WrappedKey;
  /** What it is put together of, for its layout. */
  sources?: Uint8Array;
  /** The state as text, if it is one: the next delta will ask for it. */
  text?: CanonicalText;
}

/** What is there already when a backup is built. */
export interface Ready {
  /** A full's, which begins a chain of its own. */
  earlyKey?: ChainKey | undefined;
  identity?: RowIdentity | undefined;
  /** What it builds on, if that has been loaded. */
  before?: LoadedState | undefined;
}

/** Either the whole state, or the delta to the base with what it needs. */
export async function build(
  deps: Deps,
  plan: BackupPlan,
  draft: Draft,
  input: CreateBackupInput,
  { earlyKey, identity, before }: Ready,
): Promise<Built> {
  const { state, encrypt } = input;
  const { base } = plan;
  const needsKey = encrypt && earlyKey === undefined && base?.key === undefined;
  const [loaded, freshKey] = await Promise.all([
    base === undefined
      ? undefined
      : (before ?? openBaseOf(deps, { resourceId: draft.resourceId, ...base }, state)),
    needsKey ? newKey(deps, draft) : earlyKey,
  ]);
  const key = base?.key ?? freshKey?.key;
  const dataKey = loaded?.dataKey ?? freshKey?.dataKey;
  const encryption = encrypt ? { key: key!, dataKey: dataKey! } : 'none';
  const keyed = key === undefined ? {} : { key };
  const held = isPacked(state) ? {} : { text: state };
  const whole: Built = { content: { state, prefix: [], encryption }, ...held, ...keyed };
  if (base === undefined || loaded?.state === undefined) return whole;
  const text = isPacked(state) ? await unpack(state) : state;
  const wanted = !plan.checkpoint;
  const {
    counts: changes,
    chunks,
    keyFaults,
    sources,
  } = await deps.texts.makeDelta(loaded.state, text, wanted, identity, deps.layouts !== undefined);
  const told = { changes, ...(keyFaults === undefined ? {} : { keyFaults }) };
  // What was changed is counted whether or not the delta pays: people watch how much goes.
  if (chunks === undefined || plan.checkpoint) return { ...whole, text, ...told };
  const delta = { chunks, base: loaded.state };
  const laidOut = sources === undefined ? {} : { sources };
  return {
    content: { state: text, delta, prefix: base.chain, encryption },
    text,
    ...told,
    ...keyed,
    ...laidOut,
  };
}

/** A delta is made in memory, with both texts in it. What is longer is stored whole, and needs but the chain's key. */
async function openBaseOf(
  deps: Deps,
  base: BaseRef & ChainSource,
  state: ScannedState,
): Promise<Partial<LoadedState>> {
  if (Math.max(base.size, sizeOf(state)) <= deps.options.memory.deltaStateBytesMax)
    return loadBase(deps, base);
  return base.key === undefined ? {} : { dataKey: await openKey(deps, base.key, base) };
}

/** Of a chain that begins. */
export function newKey({ keyring }: Deps, about: Pick<Draft, 'resourceId' | 'chainId'>): Promise<ChainKey> {
  return keyring.generate(keyContextOf(about));
}
