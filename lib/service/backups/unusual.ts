// Compares a state with the one before it, where the owner of the resource wants to hear of rows that have gone: whatever the type
// of the backup, for who loses a table mostly makes fulls.

import { unpack } from '../../core/bytes/packed.ts';
import { isPacked, type ScannedState, sizeOf } from '../../core/json/state-sink.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import type { BaseRef } from '../../core/records/model.ts';
import type { ResourceSettings, ShrinkRule } from '../../core/records/settings.ts';
import { judgeRows, judgeSize, type Unusual } from '../../core/records/unusual.ts';
import type { ChainSource } from '../chains/blobs.ts';
import { takeRoom } from '../chains/readers.ts';
import { type LoadedState, loadBase } from '../chains/state.ts';
import type { Deps } from '../contract/deps.ts';

export interface Judged {
  unusual?: Unusual;
  /** What it was compared with and, if that was loaded, its state: it may be what the new one is built on. */
  latest?: BaseRef & ChainSource;
  before?: LoadedState;
  /** The head has moved on: all is to be looked at anew. */
  isStale?: true;
}

/**
 * What is unusual about a state that follows on `before`. Throws ServiceError `unusual_change` where it is to be refused, unless that is
 * accepted, and `too_many_requests` if there is no room for both states.
 */
export async function judgeChange(
  deps: Deps,
  { shrink, identity }: ResourceSettings,
  before: (BaseRef & ChainSource) | undefined,
  state: ScannedState,
  isAccepted: boolean,
  isStale: () => Promise<boolean>,
): Promise<Judged> {
  if (shrink === undefined || before === undefined || before.checksum === state.checksum) return {};
  const judged = await judge(deps, shrink, identity, before, state, isStale);
  const { unusual } = judged;
  if (unusual === undefined || shrink.action === 'warn') return judged;
  if (isAccepted) return { ...judged, unusual: { ...unusual, accepted: true } };
  giveBack(deps, before, judged.before);
  const { code: reason, detail, ...numbers } = unusual;
  throw new ServiceError(
    'unusual_change',
    `${detail} Nothing was stored; if that is meant, say "acceptUnusual": true.`,
    { extra: { unusual: { code: reason, ...numbers } } },
  );
}

async function judge(
  deps: Deps,
  shrink: ShrinkRule,
  identity: ResourceSettings['identity'],
  before: BaseRef & ChainSource,
  state: ScannedState,
  isStale: () => Promise<boolean>,
): Promise<Judged> {
  const bySize = (): Judged => {
    const unusual = judgeSize(shrink, before.size, sizeOf(state));
    return unusual === undefined ? {} : { unusual };
  };
  if (Math.max(before.size, sizeOf(state)) > deps.options.memory.deltaStateBytesMax) return bySize();
  // A text that came as text has its room already, and room for what it is compared with, as a delta has.
  const room = isPacked(state) ? await takeRoom(deps, before, 2) : undefined;
  try {
    const loaded = await loadBase(deps, before);
    const text = isPacked(state) ? await unpack(state) : state;
    const losses = await deps.texts.rowsGone(loaded.state, text, identity);
    const unusual = losses === undefined ? bySize().unusual : judgeRows(shrink, losses);
    return { ...(unusual === undefined ? {} : { unusual }), latest: before, before: loaded };
  } catch (error) {
    // Rebased since the head was read, and its old bytes swept: then there is a newer head.
    if (hasCode(error, 'broken_chain') && (await isStale())) return { isStale: true };
    // Old damage is no reason to refuse what is whole, nor to let it pass unseen.
    if (hasCode(error, 'integrity_error', 'broken_chain')) return bySize();
    throw error;
  } finally {
    room?.free();
  }
}

/** What was taken out of memory for the comparison, and is not built on, is kept for the next one. */
export function giveBack(
  { bases }: Pick<Deps, 'bases'>,
  { resourceId, chain }: ChainSource,
  loaded: LoadedState | undefined,
): void {
  const tip = chain.at(-1);
  if (loaded !== undefined && tip !== undefined) bases?.keep(resourceId, tip.blobId, loaded.state);
}
