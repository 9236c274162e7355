// A resource's backups in the order of sequences. One that came with its head, the latest by time so far, stands by time alone
// (`alone`): among such ones the order of times is that of sequences. All others stand by sequence, too.

import type { ResourceHead } from '../../core/records/model.ts';
import {
  FIRST,
  HIDDEN_PREFIX,
  headKey,
  LAST,
  LIVE_PREFIX,
  padded,
  placeOf,
  resourcePartition,
  SEQUENCE_PREFIX,
  upTo,
} from './catalog-keys.ts';
import { type Item, recordOf, textOf } from './item.ts';
import type { TableClient } from './table-client.ts';

/** An entry that names a backup, and where it stands. */
export interface Step {
  sequence: number;
  /** Undefined for one of the release before. */
  createdAt: number | undefined;
  item: Item;
}

export interface Walk {
  resourceId: string;
  isLive: boolean;
  direction: 'rising' | 'falling';
  /** Behind which place it begins; the place itself is not among them. */
  after?: { sequence: number; createdAt?: number | undefined };
  pageItems: number;
}

/** So few are passed over sooner than they are searched. */
const SKIPPED_MAX = 200;
const GUESSES_MAX = 8;

/** The entries of a walk, as they are asked for. Throws PortError. */
export async function* inSequence(table: TableClient, walk: Walk): AsyncGenerator<Step> {
  const head = await table.get(headKey(walk.resourceId));
  const { disorder } = (head && recordOf<ResourceHead>(head)) ?? {};
  const isBehind = isBehindOf(walk);
  // Where times rise with sequences the places by time are all there is to be read.
  const isInLine = head !== undefined && disorder === undefined;
  const steps = isInLine
    ? byTime(table, walk, await boundOf(table, walk), () => true)
    : merged(
        bySequence(table, walk),
        byTime(table, walk, boundIn(walk, disorder?.to), ({ alone }) => alone !== undefined),
        walk.direction,
      );
  for await (const step of steps) if (isBehind(step)) yield step;
}

function isBehindOf({ direction, after }: Walk): (step: Step) => boolean {
  if (after === undefined) return () => true;
  return ({ sequence }) => (direction === 'rising' ? sequence > after.sequence : sequence < after.sequence);
}

async function* bySequence(table: TableClient, { resourceId, isLive, direction, after, pageItems }: Walk) {
  const rising = direction === 'rising';
  const edge = after === undefined ? undefined : `${SEQUENCE_PREFIX}${padded(after.sequence)}`;
  const found = table.query({
    pk: resourcePartition(resourceId),
    from: rising && edge !== undefined ? edge : `${SEQUENCE_PREFIX}${FIRST}`,
    to: !rising && edge !== undefined ? edge : `${SEQUENCE_PREFIX}${LAST}`,
    direction,
    pageItems,
  });
  for await (const item of found) {
    if ((item.live?.BOOL === true) !== isLive) continue;
    const sequence = Number(textOf(item, 'sk').slice(SEQUENCE_PREFIX.length));
    yield { sequence, createdAt: item.at?.N === undefined ? undefined : Number(item.at.N), item };
  }
}

async function* byTime(
  table: TableClient,
  { resourceId, isLive, direction, pageItems }: Walk,
  bound: string | undefined,
  accepts: (item: Item) => boolean,
): AsyncGenerator<Step> {
  const prefix = isLive ? LIVE_PREFIX : HIDDEN_PREFIX;
  const rising = direction === 'rising';
  const found = table.query({
    pk: resourcePartition(resourceId),
    from: `${prefix}${(rising ? bound : undefined) ?? FIRST}`,
    to: `${prefix}${(rising ? undefined : bound) ?? LAST}`,
    direction,
    pageItems,
  });
  for await (const item of found) {
    if (accepts(item)) yield { ...placeOf(prefix, textOf(item, 'sk')), item };
  }
}

/** By sequence; they share none. */
async function* merged(
  one: AsyncGenerator<Step>,
  other: AsyncGenerator<Step>,
  direction: 'rising' | 'falling',
): AsyncGenerator<Step> {
  const sign = direction === 'rising' ? 1 : -1;
  let [a, b] = await Promise.all([one.next(), other.next()]);
  while (!a.done || !b.done) {
    if (b.done || (!a.done && sign * (a.value.sequence - b.value.sequence) < 0)) {
      yield a.value as Step;
      a = await one.next();
    } else {
      yield b.value;
      b = await other.next();
    }
  }
}

/**
 * Of those that stand alone, each has the latest time of all before it: what comes behind a place is not earlier, and what came before
 * it is not later than all times that are out of order.
 */
function boundIn({ direction, after }: Walk, latest: number | undefined): string | undefined {
  if (after?.createdAt === undefined) return undefined;
  if (direction === 'rising') return padded(after.createdAt);
  return latest === undefined ? undefined : upTo(Math.max(latest, after.createdAt));
}

/** In line a place by time is one by sequence; where only the sequence is known it is searched between the ends. */
async function boundOf(table: TableClient, walk: Walk): Promise<string | undefined> {
  const { after, direction } = walk;
  if (after === undefined) return undefined;
  if (after.createdAt !== undefined) return `${padded(after.createdAt)}#${padded(after.sequence)}`;
  const end = (from: 'rising' | 'falling', bound?: string) =>
    firstOf(byTime(table, { ...walk, direction: from, pageItems: 1 }, bound, () => true));
  let [low, high] = await Promise.all([end('rising'), end('falling')]);
  if (low === undefined || high === undefined) return undefined;
  for (let n = 0; n < GUESSES_MAX && high.sequence - low.sequence > SKIPPED_MAX; n++) {
    const share = (after.sequence - low.sequence) / (high.sequence - low.sequence);
    if (share <= 0 || share >= 1) break;
    const guess = low.createdAt! + (high.createdAt! - low.createdAt!) * share;
    const found = await end('rising', padded(guess));
    if (found === undefined || found.sequence === high.sequence || found.sequence === low.sequence) break;
    if (found.sequence >= after.sequence) high = found;
    else low = found;
  }
  const edge = direction === 'rising' ? low : high;
  const isBeyond = direction === 'rising' ? edge.sequence > after.sequence : edge.sequence < after.sequence;
  return isBeyond ? undefined : `${padded(edge.createdAt!)}#${padded(edge.sequence)}`;
}

async function firstOf(steps: AsyncGenerator<Step>): Promise<Step | undefined> {
  for await (const step of steps) return step;
  return undefined;
}
