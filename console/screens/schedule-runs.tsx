// The runs of a schedule, each with its log, and the slots that did not run, with the reason.

import { useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { useKeys } from '../app/keys.ts';
import { linkTo } from '../app/router.ts';
import { bytes, counted, number, took } from '../app/words.ts';
import { At, Empty, More, StateWord } from '../parts/common.tsx';
import { useRows } from '../parts/rows.ts';

type Run = Answer<'Run'>;
type Schedule = Answer<'Schedule'>;

const ENDS: Readonly<Record<Run['status'], { state: string; word: string }>> = {
  queued: { state: 'running', word: 'Queued' },
  running: { state: 'running', word: 'Running' },
  completed: { state: 'healthy', word: 'Backed up' },
  unchanged: { state: 'healthy', word: 'Unchanged' },
  failed: { state: 'failing', word: 'Failed' },
};
const TRIGGERS: Readonly<Record<Run['trigger'], string>> = {
  schedule: 'in time',
  catch_up: 'late, for one that was missed',
  manual: 'by hand',
};
export function Runs({
  runs,
  hasMore,
  onMore,
}: {
  runs: readonly Run[];
  hasMore: boolean;
  onMore: () => void;
}) {
  const [open, setOpen] = useState<string | undefined>(undefined);
  const rows = useRows(runs.length);
  useKeys('Runs', rows.keys);
  return (
    <section class="sec" aria-labelledby="runs">
      <div class="sec-h">
        <h2 id="runs">Runs</h2>
      </div>
      {runs.length === 0 ? (
        <Empty title="It has not run yet" />
      ) : (
        <table class="tbl" ref={rows.table}>
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col">How it ended</th>
              <th scope="col" class="lo">
                How it began
              </th>
              <th scope="col" class="num lo lo2">
                Read
              </th>
              <th scope="col" class="num lo">
                Took
              </th>
              <th scope="col" class="lo">
                Backup
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map((one, i) => (
              <>
                <tr key={one.id} {...rows.row(i)}>
                  <th scope="row">
                    <button
                      type="button"
                      class="lnk"
                      aria-expanded={open === one.id}
                      onClick={() => setOpen(open === one.id ? undefined : one.id)}
                    >
                      <At iso={one.slot} />
                    </button>
                    <span class="sub">{TRIGGERS[one.trigger]}</span>
                  </th>
                  <td class="wrap">
                    <StateWord {...ENDS[one.status]} /> <span class="dim">{one.failure?.detail}</span>
                  </td>
                  <td class="lo dim">{TRIGGERS[one.trigger]}</td>
                  <td class="num lo lo2">{one.bytes !== undefined && bytes(one.bytes)}</td>
                  <td class="num lo faint">
                    {one.finishedAt && took(one.startedAt ?? one.queuedAt, one.finishedAt)}
                  </td>
                  <td class="lo">
                    {one.backupId && (
                      <a class="mono" href={linkTo('resource', { id: one.resourceId, at: one.backupId })}>
                        {one.backupId}
                      </a>
                    )}
                  </td>
                </tr>
                {open === one.id && (
                  <tr key={`${one.id} log`} class="openrow">
                    <td colSpan={6}>
                      <Log run={one} />
                    </td>
                  </tr>
                )}
              </>
            ))}
          </tbody>
        </table>
      )}
      {hasMore && (
        <More shown={`${number(runs.length)} shown, there are more`} text="Show 50 more" onMore={onMore} />
      )}
    </section>
  );
}

function Log({ run: { id, attempt, requestedBy, failure, warnings, log } }: { run: Run }) {
  return (
    <>
      <p class="faint">
        <span class="mono">{id}</span> for {requestedBy}, {counted(attempt, 'attempt')}
        {failure && (
          <>
            {' '}
            · <span class="mono">{failure.code}</span>
          </>
        )}
      </p>
      {warnings.map((text) => (
        <p key={text} class="late">
          {text}
        </p>
      ))}
      <ol class="log">
        {log.map(({ at, text }, i) => (
          <li key={i}>
            <At iso={at} />
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

export function Skips({ schedule: { skips } }: { schedule: Schedule }) {
  if (skips.length === 0) return null;
  return (
    <section class="sec" aria-labelledby="skp">
      <div class="sec-h">
        <h2 id="skp">What did not run</h2>
      </div>
      <table class="tbl tight">
        <thead>
          <tr>
            <th scope="col">Slots</th>
            <th scope="col">Why</th>
            <th scope="col" class="num">
              Count
            </th>
          </tr>
        </thead>
        <tbody>
          {skips.map(({ from, to, why, count, isMore, decidedAt }) => (
            <tr key={`${from} ${decidedAt}`}>
              <th scope="row">
                <At iso={from} />
                {to !== from && (
                  <>
                    {' '}
                    <span class="faint">to</span> <At iso={to} />
                  </>
                )}
              </th>
              <td class="wrap dim">{sentence(why)}</td>
              <td class="num">
                {number(count)}
                {isMore && ' and more'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}
