// Resource: what happened, and what is kept? The sentence, the facts, the timeline, the table of its backups.

import { useRef, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { ask, go, linkTo } from '../app/router.ts';
import { client, mayDo, serviceNow } from '../app/session.ts';
import { bytes, counted, day, moment, number, quoted, span, time, zoneName } from '../app/words.ts';
import {
  Ago,
  At,
  CopyButton,
  Deltas,
  Empty,
  faultOf,
  Head,
  Notice,
  Show,
  StateWord,
  Term,
} from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';
import { type Bucket, Legend, Plot } from '../parts/plot.tsx';
import { useRows } from '../parts/rows.ts';
import { tell } from '../parts/toast.tsx';
import { BackupMenu } from './backup-menu.tsx';
import { Restore } from './restore.tsx';

type Backup = Answer<'Backup'>;

const DAY_MS = 86_400_000;
const WINDOWS = { '24 h': DAY_MS, '7 d': 7 * DAY_MS, '30 d': 30 * DAY_MS, All: undefined } as const;
type Window = keyof typeof WINDOWS;
const COLUMN_PX = 8;
const PAGE = 50;
const EVERY_MS = 5000;

interface Page {
  resource: Answer<'Resource'>;
  backups: Backup[];
  next?: string;
}

async function load(id: string, cursor: string | undefined, signal: AbortSignal): Promise<Page | undefined> {
  const query = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
  const [{ resources }, page] = await Promise.all([
    client.call('listResources', { query: { prefix: id, limit: 1 } }, { signal }),
    client.call('listResourceBackups', { params: { resourceId: id }, query }, { signal }),
  ]);
  // The first id that begins like that is the id itself, if it is there.
  const resource = resources.find((one) => one.id === id);
  if (resource === undefined) return undefined;
  const backups = page.backups as Backup[];
  return { resource, backups, ...(page.nextCursor === undefined ? {} : { next: page.nextCursor }) };
}

export function Resource({ asked }: { asked: Record<string, string> }) {
  const { id = '', window = 'All', at, cursor } = asked;
  const loaded = useLoad((signal) => load(id, cursor, signal), [id, cursor], { everyMs: EVERY_MS });
  const [restoring, setRestoring] = useState(false);
  const { value } = loaded;
  if (value === undefined && loaded.error === undefined && !loaded.isOld) {
    return (
      <Empty
        title={`There is no resource “${id}”`}
        act={
          <a class="btn" href={linkTo('overview')}>
            All resources
          </a>
        }
      />
    );
  }
  const { resource, backups = [] } = value ?? {};
  const isElsewhere = at !== undefined && backups.every((one) => one.id !== at);
  // One that the timeline leads to may stand on another page of the table.
  const other = useLoad(
    async () => (isElsewhere ? ((await client.backup(at)) as Backup) : undefined),
    [at, isElsewhere],
  );
  const chosen = backups.find((one) => one.id === at) ?? other.value ?? backups[0];
  return (
    <>
      <Head
        title={id}
        crumbs={[{ text: 'Overview', href: linkTo('overview') }, { text: id }]}
        mark={resource?.health && <StateWord state={resource.health.state} />}
        acts={
          mayDo.value('data:read') && (
            <>
              <a class="btn" href={linkTo('state', { id })}>
                <Icon name="tree" />
                Open state <kbd class="wide">s</kbd>
              </a>
              <a class="btn" href={linkTo('compare', { id })}>
                <Icon name="diff" />
                Compare <kbd class="wide">d</kbd>
              </a>
              <button type="button" class="btn pri" onClick={() => setRestoring(true)}>
                <Icon name="restore" />
                Restore
              </button>
            </>
          )
        }
        answer={resource && <Answered resource={resource} />}
      />
      <Show loaded={loaded} what="The resource could not be read">
        {(page) =>
          page === undefined ? null : (
            <>
              <Fault page={page} />
              <Facts resource={page.resource} />
              <Timeline
                id={id}
                window={(window in WINDOWS ? window : 'All') as Window}
                chosen={chosen}
                newest={page.resource.newest?.backupId}
              />
              <Backups
                id={id}
                page={page}
                chosen={chosen}
                isFirst={cursor === undefined}
                reload={loaded.reload}
                restore={() => setRestoring(true)}
              />
            </>
          )
        }
      </Show>
      {restoring && (
        <Restore id={id} at={chosen?.id} close={() => setRestoring(false)} done={loaded.reload} />
      )}
      <Term name="Resource" command={`brs ls ${quoted(id)}`} keys={[]} />
    </>
  );
}

function Answered({ resource }: { resource: Answer<'Resource'> }) {
  const { newest, oldestAt, lastSuccessAt, live } = resource;
  if (newest === undefined || lastSuccessAt === undefined)
    return (
      <>
        No live backup: nothing of it can be restored but what is in the <a href={linkTo('trash')}>trash</a>.
      </>
    );
  return (
    <>
      Last success{' '}
      <b>
        <Ago iso={lastSuccessAt} /> ago
      </b>
      {newest.damaged ? (
        <>
          , and the <b>last proof of it failed</b>
        </>
      ) : (
        ', proven'
      )}
      .{' '}
      {live === 1 || oldestAt === undefined
        ? 'There is one moment to go back to.'
        : `${number(live)} moments since ${moment(oldestAt, { seconds: false })} can be restored.`}
    </>
  );
}

/** What is wrong, with the one act that helps. */
function Fault({ page: { resource, backups } }: { page: Page }) {
  const { id, health } = resource;
  if (health === undefined || health.state === 'healthy' || health.state === 'held') return null;
  const unusual = backups.find((one) => one.unusual !== undefined);
  const before = unusual?.baseBackupId ?? backups[backups.indexOf(unusual!) + 1]?.id;
  const hold = async (): Promise<void> => {
    try {
      await client.protect(before!, { legalHold: true });
      tell(
        `${before} is held: nobody removes it until that is lifted`,
        () => void client.protect(before!, { legalHold: false }),
      );
    } catch (error) {
      tell(faultOf(error).detail);
    }
  };
  if (health.state === 'unusual' && unusual !== undefined) {
    return (
      <Notice
        tone="late"
        acts={
          <>
            {before !== undefined && mayDo.value('hold:manage') && (
              <button type="button" class="btn sm" onClick={() => void hold()}>
                <Icon name="hold" />
                Hold {before}
              </button>
            )}
            {mayDo.value('data:read') && (
              <a
                class="btn sm"
                href={linkTo('compare', {
                  id,
                  ...(before === undefined ? {} : { from: before }),
                  to: unusual.id,
                })}
              >
                See what changed
              </a>
            )}
          </>
        }
      >
        <b>{unusual.id}:</b> {unusual.unusual?.detail ?? health.reason}
        {before !== undefined && ` Nothing is lost: ${before} has what was there before.`}
      </Notice>
    );
  }
  return (
    <Notice tone={health.state === 'damaged' ? 'bad' : 'late'}>
      <b>{health.reason}</b>
    </Notice>
  );
}

function Facts({ resource }: { resource: Answer<'Resource'> }) {
  const { resourceType, expectEverySeconds, live, oldestAt, bytes: stored, newest } = resource;
  return (
    <dl class="facts f-top">
      <div>
        <dt>Type</dt>
        <dd>{resourceType}</dd>
      </div>
      {expectEverySeconds !== undefined && (
        <div>
          <dt>Expected</dt>
          <dd>every {span(expectEverySeconds * 1000)}</dd>
        </div>
      )}
      <div>
        <dt>Live backups</dt>
        <dd>
          {number(live)} {oldestAt && <span class="faint">since {day(oldestAt)}</span>}
        </dd>
      </div>
      <div>
        <dt>Stored</dt>
        <dd>
          {bytes(stored)} {newest && <span class="faint">state {bytes(newest.size)}</span>}
        </dd>
      </div>
      {newest && (
        <div>
          <dt>Chain now</dt>
          <dd>
            {number(newest.chainLength)} <span class="faint">{bytes(newest.chainBytes)} to read</span>
          </dd>
        </div>
      )}
      {newest && (
        <div>
          <dt>Newest proven</dt>
          <dd>
            <Ago iso={newest.provenAt} /> <span class="faint">ago</span>
          </dd>
        </div>
      )}
      {newest && (newest.legalHold || newest.lockedUntil) && (
        <div>
          <dt>Held, locked</dt>
          <dd>
            {newest.legalHold ? 'held' : ''} {newest.lockedUntil && `locked until ${day(newest.lockedUntil)}`}
          </dd>
        </div>
      )}
    </dl>
  );
}

function Timeline({
  id,
  window,
  chosen,
  newest,
}: {
  id: string;
  window: Window;
  chosen: Backup | undefined;
  newest: string | undefined;
}) {
  const box = useRef<HTMLElement>(null);
  const buckets = Math.max(
    20,
    Math.min(140, Math.floor((box.current?.clientWidth ?? innerWidth - 300) / COLUMN_PX)),
  );
  const width = WINDOWS[window];
  const loaded = useLoad(
    (signal) => {
      const query = { buckets, ...(width === undefined ? {} : { from: `-${width / 3_600_000}h` }) };
      return client.call('getTimeline', { params: { resourceId: id }, query }, { signal });
    },
    [id, window, newest],
  );
  const choose = (bucket: Bucket): void => ask({ at: bucket.last }, { replaces: true });
  const open = (bucket: Bucket): void => go(linkTo('state', { id, at: bucket.last }));
  const { value } = loaded;
  return (
    <section class="panel sec" aria-label="Timeline" ref={box}>
      <div class="plot-h">
        <h2>Timeline</h2>
        <div class="seg" role="group" aria-label="Window">
          {(Object.keys(WINDOWS) as Window[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === window}
              onClick={() => ask({ window: name === 'All' ? undefined : name }, { replaces: true })}
            >
              {name}
            </button>
          ))}
        </div>
        {value && (
          <span class="faint wide">
            {counted(value.totals.backups, 'backup')} · {moment(value.from, { seconds: false })} to{' '}
            {moment(value.to, { seconds: false })} {zoneName(value.to)}
          </span>
        )}
        <div class="acts push wide">
          <CopyButton text={location.href} label="Copy link to this window" />
        </div>
      </div>
      <Show loaded={loaded} what="The timeline could not be read">
        {(timeline) =>
          timeline.buckets.length === 0 ? (
            <Empty title="No backup in this window" />
          ) : (
            <figure>
              <Plot
                from={Date.parse(timeline.from)}
                to={Date.parse(timeline.to)}
                buckets={timeline.buckets}
                chosen={bucketOf(timeline.buckets, chosen)?.last}
                onChoose={choose}
                onOpen={open}
              />
            </figure>
          )
        }
      </Show>
      {chosen && <Readout id={id} backup={chosen} />}
      <Legend />
    </section>
  );
}

/** The bucket that a backup lies in. */
function bucketOf(buckets: readonly Bucket[], backup: Backup | undefined): Bucket | undefined {
  return buckets.find(
    ({ from, to }) => backup !== undefined && from <= backup.createdAt && backup.createdAt <= to,
  );
}

function Readout({ id, backup }: { id: string; backup: Backup }) {
  const { changes, createdAt, size, compressedSize, type, completedAt, verifiedAt, damaged, baseBackupId } =
    backup;
  return (
    <div class="readout">
      <b>{backup.id}</b>
      <span>
        <At iso={createdAt} /> {zoneName(createdAt)}
      </span>
      <span class="dim">{type}</span>
      <Deltas counts={changes} />
      <span class="dim">
        {bytes(size)}, stored {bytes(compressedSize)}
      </span>
      {damaged ? (
        <StateWord state="damaged" />
      ) : (
        <span class="st ok">
          <Icon name="proof" small />
          proven {moment(verifiedAt ?? completedAt)}
        </span>
      )}
      {mayDo.value('data:read') && (
        <div class="acts">
          <a class="btn sm" href={linkTo('state', { id, at: backup.id })}>
            <Icon name="tree" />
            Open state
          </a>
          {baseBackupId && (
            <a class="btn sm" href={linkTo('compare', { id, from: baseBackupId, to: backup.id })}>
              <Icon name="diff" />
              Compare with {baseBackupId}
            </a>
          )}
        </div>
      )}
    </div>
  );
}

interface BackupsProps {
  id: string;
  page: Page;
  chosen: Backup | undefined;
  isFirst: boolean;
  reload: () => void;
  restore: () => void;
}

function Backups({ id, page, chosen, isFirst, reload, restore }: BackupsProps) {
  const { backups, next } = page;
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
