// The timeline of a resource.

import { useRef } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { useLoad } from '../app/load.ts';
import { ask, go, linkTo } from '../app/router.ts';
import { client, mayDo } from '../app/session.ts';
import { bytes, counted, moment, zoneName } from '../app/words.ts';
import { At, CopyButton, Deltas, Empty, Show, StateWord } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';
import { type Bucket, Legend, Plot } from '../parts/plot.tsx';

type Backup = Answer<'Backup'>;

const DAY_MS = 86_400_000;
export const WINDOWS = { '24 h': DAY_MS, '7 d': 7 * DAY_MS, '30 d': 30 * DAY_MS, All: undefined } as const;
export type Window = keyof typeof WINDOWS;
const COLUMN_PX = 8;

/** What happened, to be walked through: the plot, what is chosen in it in one line, and what its marks mean. */
export function Timeline({
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
