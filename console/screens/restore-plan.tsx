// What a restore would read, take, cost and change.

import { BackupError } from '../../lib/client/client.ts';
import type { Answer } from '../../lib/client/contract.ts';
import { client } from '../app/session.ts';
import { bytes, counted, span, time } from '../app/words.ts';
import { Ago, CountCells, Notice } from '../parts/common.tsx';

/** Where a restore gives its bytes. */
export type Where = 'file' | 'beside' | 'place';

/** What a restore would do, and what the newest state would become. */
export interface Planned {
  found: Answer<'FoundState'>;
  plan: Answer<'PlannedRestore'>['plan'];
  pointer: string;
  newest: Answer<'FoundState'>;
  /** What would differ of the newest state. */
  counts: Answer<'Diff'>['counts'];
  tables: Answer<'Diff'>['tables'];
  madeAt: string;
}

/** Reads no state: what is compared, the service compares. */
export async function makePlan(id: string, at: string, path: string, signal: AbortSignal): Promise<Planned> {
  const query = { at, path, limit: 1, mask: '@all' };
  const { state: found, path: pointer } = await client.call(
    'getTree',
    { params: { resourceId: id }, query },
    { signal },
  );
  const part = pointer === '' ? {} : { path: pointer };
  const [plan, diff] = await Promise.all([
    client.plan({ backupId: found.backupId, targetResourceId: id, ...part }),
    client
      .call(
        'getDiff',
        {
          params: { resourceId: id },
          query: { from: 'latest', to: found.backupId, format: 'stat', ...part },
        },
        { signal },
      )
      .catch((error: unknown) => {
        // The path may not be there any more: then all of it is new.
        if (error instanceof BackupError && error.code === 'path_not_found') return undefined;
        throw error;
      }),
  ]);
  const newest =
    diff?.from ??
    (
      await client.call(
        'getTree',
        { params: { resourceId: id }, query: { at: 'latest', limit: 1, mask: '@all' } },
        { signal },
      )
    ).state;
  return {
    found,
    plan,
    pointer,
    newest,
    counts: diff?.counts ?? { additions: 1, changes: 0, deletions: 0, moves: 0 },
    tables: diff?.tables ?? [],
    madeAt: new Date().toISOString(),
  };
}

/** The plan, as it is read before anything is done. */
export function PlanView({
  planned,
  id,
  where,
  path,
}: {
  planned: Planned;
  id: string;
  where: Where;
  path: string;
}) {
  const { plan, counts, tables, newest, found, madeAt } = planned;
  const isSame = counts.additions + counts.changes + counts.deletions + counts.moves === 0;
  return (
    <>
      <section aria-label="Plan">
        <h2 class="lbl">Plan</h2>
        <dl class="cost">
          <div>
            <dt>Reads</dt>
            <dd>
              {counted(plan.blobs, 'blob')}, {bytes(plan.bytes)}
            </dd>
          </div>
          <div>
            <dt>Takes about</dt>
            <dd>{plan.seconds < 0.1 ? 'no time' : span(plan.seconds * 1000)}</dd>
          </div>
          {plan.dollars !== undefined && (
            <div>
              <dt>Costs</dt>
              <dd>${plan.dollars.toPrecision(2)}</dd>
            </div>
          )}
          {plan.weakest && (
            <div>
              <dt>Oldest proof</dt>
              <dd>
                {plan.weakest.backupId}{' '}
                <small>
                  <Ago iso={plan.weakest.provenAt} /> ago
                </small>
              </dd>
            </div>
          )}
        </dl>
      </section>
      {plan.damaged.length > 0 && (
        <Notice tone="bad">
          {plan.damaged.join(', ')} did not pass the last proof: this state cannot be restored from here.
        </Notice>
      )}
      {where !== 'beside' && (
        <section aria-label={`What changes in ${id}`}>
          <h2 class="lbl">
            {where === 'place' ? 'What changes in' : 'How it differs from the newest state of'}{' '}
            <bdi>{path === '' ? id : path}</bdi>{' '}
            <span class="faint">
              compared with {newest.backupId} at {time(madeAt, { seconds: true })}
            </span>
          </h2>
          {isSame ? (
            <p class="hint">
              Nothing: {found.backupId} and {newest.backupId} have the same {path === '' ? 'state' : 'value'}{' '}
              there.
            </p>
          ) : (
            <table class="tbl tight">
              <thead>
                <tr>
                  <th scope="col">Table</th>
                  <th scope="col" class="num">
                    Comes back
                  </th>
                  <th scope="col" class="num">
                    Changes
                  </th>
                  <th scope="col" class="num">
                    Goes
                  </th>
                </tr>
              </thead>
              <tbody>
                {(tables.length === 0 ? [{ pointer: path, ...counts }] : tables.slice(0, 8)).map((one) => (
                  <tr key={one.pointer}>
                    <th scope="row" class="mono">
                      <bdi>{one.pointer === '' ? 'at the top' : one.pointer}</bdi>
                    </th>
                    <CountCells counts={one} />
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
      )}
      {where === 'place' && (
        <p class="hint">The state of now stays as {newest.backupId}: that is the way back.</p>
      )}
    </>
  );
}
