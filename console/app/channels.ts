// How a channel of notifications stands, out of what it was told last and what still waits.

import type { Answer } from '../../lib/client/contract.ts';
import { counted } from './numbers.ts';

type Channel = Answer<'Channel'>;
type Delivery = Answer<'Delivery'>;

export interface Standing {
  /** As the words of states have it, the worst first: see `WEIGHT`. */
  state: 'disabled' | 'failing' | 'gave_up' | 'healthy' | 'untold';
  /** In a sentence. */
  reason: string;
  /** When an attempt was last made. */
  lastAt?: string;
}

export const WEIGHT: readonly Standing['state'][] = ['disabled', 'failing', 'gave_up', 'healthy', 'untold'];

/** Of what it was told newest first, what waits, and what was given up. */
export function standingOf(
  channel: Pick<Channel, 'status'>,
  {
    newest,
    waiting,
    failed,
  }: { newest: readonly Delivery[]; waiting: readonly Delivery[]; failed: readonly Delivery[] },
): Standing {
  const tried = [...newest, ...waiting]
    .flatMap((delivery) => delivery.attempts.slice(-1))
    .sort((a, b) => b.at.localeCompare(a.at))[0];
  const last = tried === undefined ? {} : { lastAt: tried.at };
  if (channel.status === 'disabled') {
    return {
      state: 'disabled',
      reason: 'Its receiver has said that it wants no more. It is told nothing until it is put anew.',
      ...last,
    };
  }
  if (tried === undefined)
    return { state: 'untold', reason: 'It was told nothing yet; a test shows whether that works.' };
  if (tried.outcome !== 'delivered') {
    const wait =
      waiting.length === 0 ? '' : ` ${counted(waiting.length, 'delivery waits', 'deliveries wait')}.`;
    return {
      state: 'failing',
      reason: `The last attempt was not taken: ${outcomeOf(tried)}.${wait}`,
      ...last,
    };
  }
  if (failed.length > 0) {
    const were = counted(failed.length, 'delivery was', 'deliveries were');
    return { state: 'gave_up', reason: `What comes is taken, but ${were} given up before that.`, ...last };
  }
  return { state: 'healthy', reason: 'The last attempt was taken.', ...last };
}

/** `it answered 503`, `timeout`: what came of an attempt, to stand within a sentence. */
export function outcomeOf({ outcome, status, detail = '' }: Delivery['attempts'][number]): string {
  if (outcome === 'delivered') return status === undefined ? 'taken' : `taken with ${status}`;
  if (detail !== '')
    return detail.replace(/\.$/, '').replace(/^[A-Z](?=[a-z ])/, (first) => first.toLowerCase());
  return status === undefined ? outcome.replaceAll('_', ' ') : `it answered ${status}`;
}

/** Where it leads, as it may be shown: a URL that is a secret is a reference. */
export function whereOf({ target }: Pick<Channel, 'target'>): string {
  if ('url' in target) return target.url;
  return 'topicArn' in target ? target.topicArn : `${target.to.join(', ')} by ${target.server}`;
}
