// Trash: what can still come back, and until when? What leaves first stands on top. Nothing empties it: what is here leaves by itself.

import { useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { pagesOf } from '../app/pages.ts';
import { client, mayDo, serviceNow } from '../app/session.ts';
import { bytes, counted, moment, number, span } from '../app/words.ts';
import { At, Empty, faultOf, Head, More, Rid, resourceLink, Show, Term } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';
import { useRows } from '../parts/rows.ts';
import { tell } from '../parts/toast.tsx';

type Backup = Answer<'Backup'>;

const PAGE = 200;

interface Page {
  backups: Backup[];
  hasMore: boolean;
}

async function load(count: number, signal: AbortSignal): Promise<Page> {
  const query = { deleted: 'true' as const, limit: PAGE };
  const { pages, hasMore } = await pagesOf(count, (cursor) =>
    client.call('listBackups', { query: { ...query, ...cursor } }, { signal }),
  );
  const leaves = ({ restorableUntil = '9' }: Backup): string => restorableUntil;
  const backups = pages.flatMap((page) => page.backups as Backup[]);
  return { backups: backups.sort((a, b) => (leaves(a) < leaves(b) ? -1 : 1)), hasMore };
}

export function Trash() {
  const [pages, setPages] = useState(1);
  const loaded = useLoad((signal) => load(pages, signal), [pages], { everyMs: 10_000 });
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const { backups = [], hasMore = false } = loaded.value ?? {};
  const rows = useRows(backups.length);
  const mark = (id: string): void => {
    const next = new Set(marked);
    if (!next.delete(id)) next.add(id);
    setMarked(next);
  };
  const focused = (): string | undefined => {
    const row = document.activeElement?.closest<HTMLElement>('[data-row]')?.dataset.row;
    return row === undefined ? undefined : backups[Number(row)]?.id;
  };
  const undelete = async (ids: readonly string[]): Promise<void> => {
    let done = 0;
    try {
      for (const id of ids) {
        await client.undelete(id);
        done++;
      }
      tell(`${counted(done, 'backup')} came back`);
    } catch (error) {
      tell(`${done > 0 ? `${counted(done, 'backup')} came back; ` : ''}${faultOf(error).detail}`);
    }
    setMarked(new Set());
    loaded.reload();
  };
  useKeys('Trash', [
    ...rows.keys,
    { key: 'x', about: 'select', run: () => focused() !== undefined && mark(focused()!), isShown: true },
    {
      key: 'u',
      about: 'undelete',
      run: () => void undelete(marked.size > 0 ? [...marked] : focused() === undefined ? [] : [focused()!]),
      isShown: true,
    },
  ]);
  const first = backups[0];
  return (
    <>
      <Head
        title="Trash"
        acts={
          marked.size > 0 &&
          mayDo.value('backup:delete') && (
            <button type="button" class="btn pri" onClick={() => void undelete([...marked])}>
              <Icon name="undo" />
              Undelete {number(marked.size)}
            </button>
          )
        }
        answer={
          loaded.value &&
          (first === undefined ? (
            'Nothing is hidden.'
          ) : (
            <>
              <b>
                {counted(backups.length, 'backup')}
                {hasMore ? ' or more' : ''} can still come back.
              </b>
              {first.restorableUntil && (
                <> The first to leave does so in {span(Date.parse(first.restorableUntil) - serviceNow())}.</>
              )}
            </>
          ))
        }
      />
      <Show loaded={loaded} what="The trash could not be read">
        {() =>
          backups.length === 0 ? (
            <Empty title="Nothing is hidden">
              What is deleted or expires is listed here for a while before its bytes are removed.
            </Empty>
          ) : (
            <table class="tbl" ref={rows.table}>
              <thead>
                <tr>
                  <th scope="col">
                    <span class="sr">Select</span>
                  </th>
                  <th scope="col">Backup</th>
                  <th scope="col" class="lo">
                    Resource
                  </th>
                  <th scope="col" class="lo lo2">
                    State of
                  </th>
                  <th scope="col" class="lo">
                    Why
                  </th>
                  <th scope="col" class="num lo lo3">
                    Stored
                  </th>
                  <th scope="col">Leaves</th>
                  <th scope="col">
                    <span class="sr">Undelete</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {backups.map((one, i) => (
                  <tr key={one.id} {...rows.row(i)} aria-selected={marked.has(one.id)}>
                    <td>
                      <input
                        type="checkbox"
                        aria-label={`Select ${one.id}`}
                        checked={marked.has(one.id)}
                        onChange={() => mark(one.id)}
                      />
                    </td>
                    <th scope="row" class="mono nw">
                      {one.id}
                      <span class="sub">
                        {one.resourceId} · {one.deletedReason}
                      </span>
                    </th>
                    <td class="lo cell-id">
                      <Rid id={one.resourceId} href={resourceLink(one.resourceId)} />
                    </td>
                    <td class="lo lo2 nw">
                      <At iso={one.createdAt} />
                    </td>
                    <td class="lo dim">
                      {one.deletedReason === 'expired' ? 'expired' : 'deleted'}{' '}
                      {one.deletedAt && moment(one.deletedAt, { seconds: false })}
                    </td>
                    <td class="num lo lo3">{bytes(one.compressedSize)}</td>
                    <td class="nw">{one.restorableUntil && <Leaves iso={one.restorableUntil} />}</td>
                    <td>
                      <span class="rowacts">
                        {mayDo.value('backup:delete') && (
                          <button type="button" class="btn sm" onClick={() => void undelete([one.id])}>
                            Undelete
                          </button>
                        )}
                      </span>
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
          shown={`${number(backups.length)} shown`}
          text={`Show ${PAGE} more`}
          onMore={() => setPages(pages + 1)}
        />
      )}
      <p class="hint more">
        An undeleted backup keeps its id, time and proof. There is no “empty trash”: what is here leaves by
        itself, and only then are bytes removed.
      </p>
      <Term
        name="The trash"
        command={marked.size > 0 ? `brs undelete ${[...marked].join(' ')}` : 'brs trash'}
        keys={[]}
      />
    </>
  );
}

const SOON_MS = 86_400_000;

function Leaves({ iso }: { iso: string }) {
  const left = Date.parse(iso) - serviceNow();
  return (
    <time dateTime={iso} title={moment(iso)} class={left < SOON_MS ? 'late' : undefined}>
      {left <= 0 ? 'now' : `in ${span(left)}`}
    </time>
  );
}
