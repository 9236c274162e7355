// Audit: who did what? Refused calls and looks at states stand out; no values are told.

import { useRef, useState } from 'preact/hooks';
import type { Answer, CallInput } from '../../lib/client/contract.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { pagesOf } from '../app/pages.ts';
import { ask } from '../app/router.ts';
import { client } from '../app/session.ts';
import { day, moment, number, quoted } from '../app/words.ts';
import { At, Empty, Head, More, Rid, resourceLink, Show, Term } from '../parts/common.tsx';
import { useRows } from '../parts/rows.ts';

type Event = Answer<'AuditEvent'>;

/** Those that one looks for; the service knows more. */
const ACTIONS = [
  'access.refused',
  'state.read',
  'restore.completed',
  'restore.failed',
  'result.read',
  'backup.created',
  'backup.unusual',
  'backup.deleted',
  'backup.undeleted',
  'backup.expired',
  'backup.protection_changed',
  'policy.changed',
  'settings.changed',
  'token.created',
  'token.revoked',
  'session.opened',
] as const;
const PAGE = 50;

interface Page {
  events: Event[];
  completeSince: string | undefined;
  hasMore: boolean;
}

async function load(
  query: { resourceId?: string; action?: string },
  count: number,
  signal: AbortSignal,
): Promise<Page> {
  // The action comes from the URL: what is none is refused, and that is shown.
  const asked = { ...query, limit: PAGE } as NonNullable<CallInput<'listEvents'>['query']>;
  const { pages, hasMore } = await pagesOf(count, (cursor) =>
    client.call('listEvents', { query: { ...asked, ...cursor } }, { signal }),
  );
  const events = pages.flatMap((page) => page.events);
  return { events, completeSince: pages.at(-1)?.completeSince, hasMore };
}

export function Audit({ asked }: { asked: Record<string, string> }) {
  const { resource, action } = asked;
  const [pages, setPages] = useState(1);
  const query = {
    ...(resource === undefined ? {} : { resourceId: resource }),
    ...(action === undefined ? {} : { action }),
  };
  const loaded = useLoad((signal) => load(query, pages, signal), [query, pages], { everyMs: 10_000 });
  const { events = [], completeSince, hasMore = false } = loaded.value ?? {};
  const rows = useRows(events.length);
  const field = useRef<HTMLInputElement>(null);
  useKeys('Audit', [
    ...rows.keys,
    { key: 'f', about: 'filter', run: () => field.current?.focus(), isShown: true },
    { key: 'm', about: 'more', run: () => hasMore && setPages(pages + 1) },
  ]);
  const refused = events.filter(({ action: what }) => what === 'access.refused').length;
  return (
    <>
      <Head
        title="Audit"
        answer={
          loaded.value && (
            <>
              {refused > 0 ? (
                <b>
                  {number(refused)} of the {number(events.length)} newest are refused calls.{' '}
                </b>
              ) : (
                'No refused call among the newest. '
              )}
              {completeSince &&
                `Complete here since ${day(completeSince)}; what is older stands in the trail beside the blobs.`}
            </>
          )
        }
      />
      <div class="tools">
        <input
          ref={field}
          type="search"
          aria-label="Of the resource"
          placeholder="Resource, its whole id"
          defaultValue={resource}
          spellcheck={false}
          onChange={(event) => ask({ resource: event.currentTarget.value })}
        />
        <select
          aria-label="Action"
          value={action ?? ''}
          onChange={(event) => ask({ action: event.currentTarget.value })}
        >
          <option value="">Every action</option>
          {ACTIONS.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </div>
      <Show loaded={loaded} what="The trail could not be read">
        {() =>
          events.length === 0 ? (
            <Empty
              title="Nothing of that is in the trail"
              act={
                <button
                  type="button"
                  class="btn"
                  onClick={() => ask({ resource: undefined, action: undefined })}
                >
                  Clear the filter
                </button>
              }
            />
          ) : (
            <table class="tbl tight" ref={rows.table}>
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Action</th>
                  <th scope="col" class="lo">
                    By
                  </th>
                  <th scope="col" class="lo lo2">
                    From
                  </th>
                  <th scope="col" class="lo">
                    Resource
                  </th>
                  <th scope="col" class="lo lo3">
                    Of
                  </th>
                  <th scope="col" class="lo">
                    Detail
                  </th>
                </tr>
              </thead>
              <tbody>
                {events.map((one, i) => (
                  <tr key={one.id} {...rows.row(i)}>
                    <th scope="row" class="nw">
                      <At iso={one.at} />
                      <span class="sub">
                        {one.actor}
                        {one.resourceId && ` · ${one.resourceId}`}
                      </span>
                    </th>
                    <td class="nw">
                      {one.action === 'access.refused' ? (
                        <span class="tag bad">refused</span>
                      ) : one.action === 'state.read' ? (
                        <span class="tag">looked at</span>
                      ) : (
                        one.action
                      )}
                    </td>
                    <td class="lo">{one.actor}</td>
                    <td class="lo lo2 faint mono">{one.address}</td>
                    <td class="lo cell-id">
                      {one.resourceId && <Rid id={one.resourceId} href={resourceLink(one.resourceId)} />}
                    </td>
                    <td class="lo lo3 mono faint nw">{one.backupId ?? one.operationId}</td>
                    <td class="lo dim wrap">
                      <Detail event={one} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Show>
      {hasMore && (
        <More
          shown={`${number(events.length)} shown`}
          text={`Show ${PAGE} more`}
          onMore={() => setPages(pages + 1)}
        />
      )}
      <Term
        name="The trail"
        command={`brs audit${resource === undefined ? '' : ` --resource ${quoted(resource)}`}${action === undefined ? '' : ` --action ${action}`}`}
        keys={[]}
      />
    </>
  );
}

function Detail({ event }: { event: Event }) {
  const told = Object.entries(event.detail ?? {});
  if (told.length === 0) return null;
  return (
    <span class="mono">
      {told
        .map(
          ([name, value]) =>
            `${name} ${typeof value === 'string' ? (/^\d{4}-\d\d-\d\dT/.test(value) ? moment(value) : value || '/') : JSON.stringify(value)}`,
        )
        .join(' · ')}
    </span>
  );
}
