// A commit is one DynamoDB transaction: all of its conditions hold and all is written, or nothing is.

import {
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Change } from '../../ports/change.ts';
import { checkChanges } from '../../ports/checks.ts';
import { PortError } from '../../ports/errors.ts';
import { type Random, randomUuid } from '../../ports/random.ts';
import { backOff, call } from '../calls/call.ts';
import { awsNameOf } from '../calls/failures.ts';
import { conflict, createPreparer } from './catalog-steps.ts';
import type { Known } from './stored-chain.ts';
import type { TableClient } from './table-client.ts';

/** Of one transaction. */
const ITEMS_MAX = 100;
/** Others who write the same items are done in milliseconds; after so many tries we let the caller come again. */
const ATTEMPTS_MAX = 10;

/** Reasons that say nothing about our conditions: somebody else was writing, or there were too many of us. */
const PASSING_REASONS = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/** `Catalog.commit` on a table. Throws RangeError if the changes come to more items than a transaction holds. */
export function createCommit(
  table: TableClient,
  stamp: () => string,
  random: Random,
  known: Known,
): (changes: Change[]) => Promise<void> {
  const prepare = createPreparer(table.name, stamp, known);

  return async (changes) => {
    checkChanges(changes);
    // Serialised now, because the caller may go on with its records before they are sent.
    const steps = prepare(changes);
    if (steps.length === 0) return;
    const attempt = async (looksBack: boolean): Promise<void> => {
      const planned = await Promise.all(
        steps.map(async ({ kind, before, former, writes }) => {
          const read = before ?? (looksBack ? former : undefined);
          return { kind, items: writes(read === undefined ? undefined : await table.get(read)) };
        }),
      );
      const items = planned.flatMap((step) => step.items);
      if (items.length > ITEMS_MAX) {
        throw new RangeError(`a commit of ${items.length} items; a transaction holds ${ITEMS_MAX}`);
      }
      const kinds = planned.flatMap((step) => step.items.map(() => step.kind));
      await write(table, items, kinds, randomUuid(random));
    };
    try {
      await attempt(false);
    } catch (error) {
      // What stands where it stood in tables of before was not found: it moves now, or the refusal was right.
      const isRefused = error instanceof PortError && error.code === 'conflict';
      if (!isRefused || steps.every(({ former }) => former === undefined)) throw error;
      await attempt(true);
    }
  };
}

/** `kinds` tells for each item which kind of change it belongs to; `token` names the transaction, whichever attempt it is. */
async function write(
  table: TableClient,
  items: TransactWriteItem[],
  kinds: Change['kind'][],
  token: string,
): Promise<void> {
  // With one token for all attempts, one that has succeeded unseen makes the next succeed without doing anything.
  const command = () => new TransactWriteItemsCommand({ TransactItems: items, ClientRequestToken: token });
  for (let n = 0; ; n += 1) {
    try {
      await call('the catalog cannot be written', (options) => table.dynamoDb.send(command(), options));
      return;
    } catch (error) {
      const refused = refusedChange(error, kinds);
      if (refused !== undefined) throw conflict(refused, error);
      if (!mayPass(error)) throw error;
      if (n + 1 >= ATTEMPTS_MAX) {
        throw new PortError('unavailable', 'the catalog is busy with other writers', { cause: error });
      }
    }
    await backOff(n);
  }
}

function refusedChange(error: unknown, kinds: Change['kind'][]): Change['kind'] | undefined {
  return kinds[reasonsOf(error).indexOf('ConditionalCheckFailed')];
}

function mayPass(error: unknown): boolean {
  // The same transaction, still under way after its answer was lost.
  if (awsNameOf(error) === 'TransactionInProgressException') return true;
  const reasons = reasonsOf(error).filter((reason) => reason !== 'None');
  return reasons.length > 0 && reasons.every((reason) => PASSING_REASONS.has(reason));
}

function reasonsOf(error: unknown): string[] {
  if (!(error instanceof TransactionCanceledException)) return [];
  return (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None');
}
