// Sources: where are states read from, and does that answer?

import { useEffect, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { allSchedules } from '../app/by-itself.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { pagesOf } from '../app/pages.ts';
import { linkTo } from '../app/router.ts';
import { client, mayDo } from '../app/session.ts';
import { counted, day } from '../app/words.ts';
import { Empty, Failure, Head, Notice, Rid, Show, Term } from '../parts/common.tsx';
import { useRows } from '../parts/rows.ts';
import { Views } from './schedules.tsx';
import { SourceForm } from './source-form.tsx';

type Source = Answer<'Source'>;

const PAGES_MAX = 10;

async function load(signal: AbortSignal): Promise<{ sources: Source[]; readers: Map<string, string[]> }> {
  const [{ pages }, schedules] = await Promise.all([
    pagesOf(PAGES_MAX, (cursor) =>
      client.call('listSources', { query: { limit: 100, ...cursor } }, { signal }),
    ),
    allSchedules(signal),
  ]);
  const readers = new Map<string, string[]>();
  for (const { id, sourceId } of schedules) readers.set(sourceId, [...(readers.get(sourceId) ?? []), id]);
  return { sources: pages.flatMap(({ sources }) => sources), readers };
}

/** The list, or the form of one. */
export function Sources({ asked: { make, edit, tried } }: { asked: Record<string, string> }) {
  if (make !== undefined) return <SourceForm />;
  return edit === undefined ? <All {...(tried === undefined ? {} : { tried })} /> : <Change id={edit} />;
}

function Change({ id }: { id: string }) {
  const loaded = useLoad((signal) => client.call('getSource', { params: { id } }, { signal }), [id]);
  return (
    <Show loaded={loaded} what="The source could not be read">
      {({ spec }) => <SourceForm id={id} spec={spec} />}
    </Show>
  );
}

/** `tried`: the one that has just been set. */
function All({ tried }: { tried?: string }) {
  const loaded = useLoad(load, []);
  const count = loaded.value?.sources.length ?? 0;
  return (
    <>
      <Head
        title="Sources"
        acts={
          <>
            <Views here="sources" />
            {mayDo.value('schedule:manage') && (
              <a class="btn pri" href={linkTo('schedules', { show: 'sources', make: 'yes' })}>
                New source
              </a>
            )}
          </>
        }
        answer={
          loaded.value && (
            <>
              <b>{counted(count, 'place')}</b> {count === 1 ? 'is' : 'are'} known to read states from. Secrets
              are named by where they stand, and never shown.
            </>
          )
        }
      />
      <Show loaded={loaded} what="The sources could not be read">
        {({ sources, readers }) =>
          sources.length === 0 ? (
            <Empty title="There is no source yet">
              Databases, files, URLs, objects: <code>brs source add orders-file file:/srv/orders.json</code>
            </Empty>
          ) : (
            <List {...{ sources, readers }} {...(tried === undefined ? {} : { first: tried })} />
          )
        }
      </Show>
      <Term name="Sources" command="brs source ls" keys={[]} />
    </>
  );
}

interface Tried {
  id: string;
  check?: Answer<'SourceCheck'>;
  error?: unknown;
}

function List({
  sources,
  readers,
  first,
}: {
  sources: readonly Source[];
  readers: ReadonlyMap<string, string[]>;
  /** Tried at once. */
  first?: string;
}) {
  const [tried, setTried] = useState<Tried | undefined>(undefined);
  const rows = useRows(sources.length);
  useKeys('Sources', rows.keys);
  const isBusy = tried !== undefined && tried.check === undefined && tried.error === undefined;
  const check = (id: string): void => {
    setTried({ id });
    client.call('checkSource', { params: { id } }).then(
      (answer) => setTried({ id, check: answer }),
      (error: unknown) => setTried({ id, error }),
    );
  };
  useEffect(() => {
    if (first !== undefined) check(first);
  }, [first]);
  return (
    <>
      <Answered tried={tried} />
      <table class="tbl" ref={rows.table}>
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col" class="lo">
              Where
            </th>
            <th scope="col" class="lo">
              Read by
            </th>
            <th scope="col" class="lo lo2">
              Set
            </th>
            <th scope="col">
              <span class="sr">Test, change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sources.map(({ id, spec, shown, updatedAt }, i) => (
            <tr key={id} {...rows.row(i)}>
              <th scope="row" class="cell-id">
                {mayDo.value('schedule:manage') ? (
                  <Rid id={id} href={linkTo('schedules', { show: 'sources', edit: id })} />
                ) : (
                  <b>{id}</b>
                )}
                <span class="sub wrap">{shown}</span>
              </th>
              <td class="lo wrap">
                <span class="wide dim">{spec.scratch ? `${spec.kind}, scratch` : spec.kind} </span>
                <bdi class="mono">{shown}</bdi>
              </td>
              <td class="lo wrap">
                {(readers.get(id) ?? []).map((name, n) => (
                  <>
                    {n > 0 && ', '}
                    <a href={linkTo('schedules', { id: name })}>{name}</a>
                  </>
                ))}
                {!readers.has(id) && <span class="faint">nobody</span>}
              </td>
              <td class="lo lo2 faint nw">{day(updatedAt)}</td>
              <td>
                {mayDo.value('schedule:manage') && (
                  <span class="rowacts">
                    <button
                      type="button"
                      class="btn sm"
                      aria-label={`Test the connection of ${id}`}
                      disabled={isBusy}
                      onClick={() => check(id)}
                    >
                      Test
                    </button>
                    <a
                      class="btn sm lo"
                      href={linkTo('schedules', { show: 'sources', edit: id })}
                      aria-label={`Change ${id}`}
                    >
                      Change
                    </a>
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Answered({ tried }: { tried: Tried | undefined }) {
  if (tried === undefined) return null;
  const { id, check, error } = tried;
  if (error !== undefined) return <Failure error={error} what={`${id} could not be tried`} />;
  if (check === undefined) return <Notice tone="info">{id} is being asked.</Notice>;
  if (!check.ok) {
    return (
      <Notice tone="bad" isAlert>
        <b>{id} does not answer:</b> {check.detail} <span class="mono faint">{check.code}</span>
      </Notice>
    );
  }
  return (
    <Notice tone={check.warnings.length === 0 ? 'info' : 'late'}>
      <b>{id} answers:</b> {check.detail} {check.warnings.join(' ')}
    </Notice>
  );
}
