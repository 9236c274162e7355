// The backups of a resource, a page at a time, newest first, with what keeps each.

import { useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { useKeys } from '../app/keys.ts';
import { ask, go, linkTo } from '../app/router.ts';
import { mayDo, serviceNow } from '../app/session.ts';
import { bytes, day, time, zoneName } from '../app/words.ts';
import { Ago, Deltas, Empty } from '../parts/common.tsx';
import { useRows } from '../parts/rows.ts';
import { BackupMenu } from './backup-menu.tsx';

type Backup = Answer<'Backup'>;

interface BackupsProps {
  id: string;
  backups: readonly Backup[];
  /** Of the page behind. */
  next: string | undefined;
  chosen: Backup | undefined;
  isFirst: boolean;
  reload: () => void;
  restore: () => void;
}

export function Backups({ id, backups, next, chosen, isFirst, reload, restore }: BackupsProps) {
  const [marked, setMarked] = useState<string | undefined>(undefined);
  const rows = useRows(backups.length);
  const here = Math.max(
    0,
    backups.findIndex((one) => one.id === chosen?.id),
  );
  const choose = (i: number): void => {
    const backup = backups[Math.max(0, Math.min(backups.length - 1, i))];
    if (backup !== undefined) ask({ at: backup.id }, { replaces: true });
  };
  const mark = (): void => {
    const focused = document.activeElement?.closest<HTMLElement>('[data-row]')?.dataset.row;
    const backup = backups[focused === undefined ? here : Number(focused)];
    if (backup === undefined) return;
    if (marked === undefined || marked === backup.id) {
      setMarked(marked === backup.id ? undefined : backup.id);
      return;
    }
    const [from, to] = [marked, backup.id].sort(
      (a, b) => backups.findIndex((one) => one.id === b) - backups.findIndex((one) => one.id === a),
    );
    go(linkTo('compare', { id, from, to }));
  };
  useKeys('Backups', [
    ...rows.keys,
    { key: 'ArrowLeft', about: 'backup before', run: () => choose(here + 1), isShown: true },
    { key: 'ArrowRight', about: 'backup after', run: () => choose(here - 1), isShown: true },
    { key: 'x', about: 'mark A, then B', run: mark, isShown: true },
    {
      key: 's',
      about: 'open state',
      run: () => go(linkTo('state', { id, ...(chosen === undefined ? {} : { at: chosen.id }) })),
    },
    {
      key: 'd',
      about: 'compare',
      run: () => go(linkTo('compare', { id, ...(chosen === undefined ? {} : { to: chosen.id }) })),
    },
    { key: 'r', about: 'restore', run: restore },
  ]);
  if (backups.length === 0)
    return (
      <Empty title="No live backup">
        What was deleted or has expired is in the <a href={linkTo('trash')}>trash</a> for a while.
      </Empty>
    );
  return (
    <section class="sec" aria-labelledby="bk">
      <div class="tools">
        <h2 id="bk">Backups</h2>
        {marked && (
          <span class="tag">
            A is {marked}: mark B with <kbd>x</kbd>
          </span>
        )}
        <span class="push faint wide">
          {zoneName()}, newest first
          {mayDo.value('policy:manage') && (
            <>
              {' '}
              · <a href={linkTo('retention', { id })}>what is kept, and why</a>
            </>
          )}
        </span>
      </div>
      <table class="tbl tight" ref={rows.table}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col" class="lo">
              Backup
            </th>
            <th scope="col" class="lo lo3">
              Type
            </th>
            <th scope="col">Changes</th>
            <th scope="col" class="num lo">
              State
            </th>
            <th scope="col" class="num lo lo3">
              Stored
            </th>
            <th scope="col" class="num lo lo2">
              Proof age
            </th>
            <th scope="col" class="lo lo2">
              Expires
            </th>
            <th scope="col">
              <span class="sr">More</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {backups.map((one, i) => (
            <tr key={one.id} {...rows.row(i)} class={one.id === chosen?.id ? 'sel' : undefined}>
              <th scope="row" class="nw">
                <a href={linkTo('state', { id, at: one.id })}>
                  <span class="faint">{day(one.createdAt)}</span> {time(one.createdAt, { seconds: true })}
                </a>
                <span class="sub">
                  {one.id} · {one.type}
                </span>
              </th>
              <td class="lo mono nw">{one.id}</td>
              <td class="lo lo3 dim">{one.type}</td>
              <td>
                <Deltas counts={one.changes} />
              </td>
              <td class="num lo">{bytes(one.size)}</td>
              <td class="num lo lo3">{bytes(one.compressedSize)}</td>
              <td class="num lo lo2 faint">
                <Ago iso={one.verifiedAt ?? one.completedAt} />
              </td>
              <td class="lo lo2 dim">
                <Kept backup={one} />
              </td>
              <td>
                <span class="rowacts">
                  <BackupMenu backup={one} reload={reload} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="more">
        <span>
          {isFirst ? (
            ''
          ) : (
            <button type="button" class="btn sm" onClick={() => ask({ cursor: undefined })}>
              Newest
            </button>
          )}
        </span>
        {next && (
          <button type="button" class="btn sm" onClick={() => ask({ cursor: next, at: undefined })}>
            Older
          </button>
        )}
      </div>
    </section>
  );
}

function Kept({ backup }: { backup: Backup }) {
  const { legalHold, lockedUntil, expiresAt, damaged, unusual } = backup;
  return (
    <>
      {damaged && <span class="tag bad">damaged</span>} {unusual && <span class="tag late">unusual</span>}{' '}
      {legalHold && <span class="tag held">held</span>}{' '}
      {lockedUntil && <span class="tag held">locked until {day(lockedUntil)}</span>}{' '}
      {!legalHold &&
        !lockedUntil &&
        (expiresAt === undefined
          ? 'never by itself'
          : Date.parse(expiresAt) < serviceNow()
            ? 'has expired, kept for others or by policy'
            : `${day(expiresAt)}`)}
    </>
  );
}
