// One schedule: does it run, and why not now? What comes, what ran and how, what did not run, and what can be done about it.

import { useId, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { NO_FAULTS } from '../app/forms.ts';
import { useLoad } from '../app/load.ts';
import { pagesOf } from '../app/pages.ts';
import { go, linkTo } from '../app/router.ts';
import { drilled, marksOf, offsetOf, standingOf, wallOf, whenInWords } from '../app/runs.ts';
import { client, mayDo } from '../app/session.ts';
import { bytes, counted, number, quoted, span, utc } from '../app/words.ts';
import { Empty, faultOf, Head, Notice, resourceLink, Said, Show, StateWord, Term } from '../parts/common.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { RemoveDialog, TextField } from '../parts/form.tsx';
import { Icon } from '../parts/icon.tsx';
import { Strip } from '../parts/strip.tsx';
import { tell } from '../parts/toast.tsx';
import { Drills } from './drills.tsx';
import { Runs, Skips } from './schedule-runs.tsx';
import { soon } from './schedules.tsx';

type One = Answer<'Schedule'>;

const PAGE = 50;
const EVERY_MS = 2000;

interface Page {
  schedule: One;
  runs: Answer<'Run'>[];
  drills: Answer<'Drill'>[];
  hasMore: boolean;
}

async function load(id: string, count: number, signal: AbortSignal): Promise<Page> {
  const query = { scheduleId: id };
  const [schedule, { pages, hasMore }, { drills }] = await Promise.all([
    client.call('getSchedule', { params: { id } }, { signal }),
    pagesOf(count, (cursor) =>
      client.call('listRuns', { query: { ...query, limit: PAGE, ...cursor } }, { signal }),
    ),
    client.call('listDrills', { query: { ...query, limit: 5 } }, { signal }),
  ]);
  return { schedule, drills, hasMore, runs: pages.flatMap(({ runs }) => runs) };
}

export function Schedule({ id }: { id: string }) {
  const [pages, setPages] = useState(1);
  const loaded = useLoad((signal) => load(id, pages, signal), [id, pages], { everyMs: EVERY_MS });
  const [isBusy, setBusy] = useState(false);
  const [asking, setAsking] = useState<'pause' | 'remove' | undefined>(undefined);
  const { schedule } = loaded.value ?? {};
  const act = async (what: () => Promise<string>): Promise<void> => {
    setBusy(true);
    try {
      tell(await what());
    } catch (error) {
      tell(faultOf(error).detail);
    }
    setBusy(false);
    loaded.reload();
  };
  const params = { id };
  const run = () => act(async () => `${(await client.call('runSchedule', { params })).id} is queued`);
  const drill = () =>
    act(async () => {
      const one = await client.call('runDrill', { params });
      return `${one.backupId} ${one.passed ? 'came back' : 'did not come back'}: ${drilled(one, bytes)}`;
    });
  const resume = () =>
    act(async () => {
      await client.call('resumeSchedule', { params });
      return 'It goes on; nothing runs because of that';
    });
  const pause = (reason: string) =>
    act(async () => {
      await client.call('pauseSchedule', { params, body: reason === '' ? {} : { reason } });
      return 'It is paused: each slot that passes is skipped';
    });
  const standing = schedule && standingOf(schedule);
  return (
    <>
      <Head
        title={id}
        crumbs={[{ text: 'Schedules', href: linkTo('schedules') }, { text: id }]}
        mark={standing && <StateWord state={standing.state} word={standing.word ?? ''} />}
        acts={
          schedule &&
          mayDo.value('schedule:manage') && (
            <>
              <button type="button" class="btn" onClick={() => setAsking('remove')}>
                Remove…
              </button>
              <a class="btn" href={linkTo('schedules', { edit: id })}>
                Change
              </a>
              <button
                type="button"
                class="btn"
                disabled={isBusy}
                onClick={() => (schedule.paused ? void resume() : setAsking('pause'))}
              >
                {schedule.paused ? 'Resume' : 'Pause…'}
              </button>
              <button
                type="button"
                class="btn"
                disabled={isBusy || schedule.lastSuccessAt === undefined}
                onClick={() => void drill()}
              >
                <Icon name="proof" />
                Drill now
              </button>
              <button
                type="button"
                class="btn pri"
                disabled={isBusy || schedule.running !== undefined}
                onClick={() => void run()}
              >
                Run now
              </button>
            </>
          )
        }
        answer={schedule && <Said text={schedule.why} />}
      />
      <Show loaded={loaded} what="The schedule could not be read">
        {(page) => (
          <>
            {page.schedule.warnings.map((text) => (
              <Notice key={text} tone="late">
                {text}
              </Notice>
            ))}
            <Running schedule={page.schedule} />
            <Facts page={page} />
            <Coming schedule={page.schedule} />
            <Runs runs={page.runs} hasMore={page.hasMore} onMore={() => setPages(pages + 1)} />
            <Skips schedule={page.schedule} />
            {page.drills.length > 0 && (
              <section class="sec" aria-labelledby="drl">
                <div class="sec-h">
                  <h2 id="drl">Drills</h2>
                </div>
                <Drills drills={page.drills} isOfOne />
              </section>
            )}
          </>
        )}
      </Show>
      {asking === 'pause' && (
        <PauseDialog
          id={id}
          close={() => setAsking(undefined)}
          pause={(reason) => {
            setAsking(undefined);
            void pause(reason);
          }}
        />
      )}
      {asking === 'remove' && (
        <RemoveDialog
          what="the schedule"
          name={id}
          close={() => setAsking(undefined)}
          remove={async () => {
            await client.call('removeSchedule', { params });
            tell(`${id} is removed`);
            go(linkTo('schedules'));
          }}
        >
          Nothing of it runs any more. Its backups and runs stay, and so does its source.
        </RemoveDialog>
      )}
      <Term name="Schedule" command={`brs schedule next ${quoted(id)}`} keys={[]} />
    </>
  );
}

function PauseDialog({
  id,
  close,
  pause,
}: {
  id: string;
  close: () => void;
  pause: (reason: string) => void;
}) {
  const [reason, setReason] = useState('');
  const form = useId();
  return (
    <Dialog
      title={`Pause ${id}`}
      close={close}
      isSmall
      footer={
        <>
          <button type="button" class="btn" onClick={close}>
            Cancel
          </button>
          <button type="submit" form={form} class="btn pri">
            Pause
          </button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault();
          pause(reason.trim());
        }}
      >
        <p>Each slot that passes is skipped, with an event; what is under way goes on.</p>
        <div class="gap8" />
        <TextField
          label="Why"
          hint="told to whoever asks why it does not run, and in the trail"
          at="/reason"
          faults={NO_FAULTS}
          value={reason}
          set={setReason}
        />
      </form>
    </Dialog>
  );
}

function Running({ schedule: { running } }: { schedule: One }) {
  if (running === undefined) return null;
  const { id, status, progress, bytes: read, log } = running;
  return (
    <div class="panel sec">
      <div class="job">
        <Icon name="upload" />
        <div>
          <b>{id}</b>
          <br />
          <span class="faint">{log.at(-1)?.text}</span>
        </div>
        <div class="bar">
          <progress max="100" value={progress} aria-label={id} />
          <span>
            {status}
            <span>
              {read !== undefined && `${bytes(read)} · `}
              {progress} %
            </span>
          </span>
        </div>
      </div>
    </div>
  );
}

function Facts({ page: { schedule, runs } }: { page: Page }) {
  const {
    resourceId,
    sourceId,
    when,
    zone,
    type,
    retentionDays,
    catchUp,
    jitterSeconds,
    drillEvery,
    missed,
  } = schedule;
  return (
    <dl class="kv kv-top">
      <dt>Reads</dt>
      <dd>
        <a href={linkTo('schedules', { show: 'sources' })}>{sourceId}</a> <span class="faint">into</span>{' '}
        <a href={resourceLink(resourceId)}>
          <bdi>{resourceId}</bdi>
        </a>
      </dd>
      <dt>When</dt>
      <dd>
        {whenInWords(when)}, {zone} <span class="mono faint">{when}</span>
        {jitterSeconds > 0 && <span class="faint"> · up to {span(jitterSeconds * 1000)} later</span>}
      </dd>
      <dt>Makes</dt>
      <dd>
        {type} backups, kept {retentionDays === 0 ? 'for ever' : counted(retentionDays, 'day')}
        <span class="faint"> · a missed one {catchUp === 'one' ? 'runs late' : 'is left out'}</span>
      </dd>
      <dt>Drill</dt>
      <dd>
        {drillEvery === 0 ? (
          <span class="faint">never by itself</span>
        ) : (
          `after every ${counted(drillEvery, 'good run')}`
        )}
        {schedule.drillInto !== undefined && <span class="faint"> · put into {schedule.drillInto}</span>}
      </dd>
      <dt>Last runs</dt>
      <dd class="row">
        <span class="faint">
          {missed === 0 ? 'none was missed' : `${counted(missed, 'slot was', 'slots were')} missed`}
        </span>
        <Strip marks={marksOf(runs, schedule.skips)} />
      </dd>
    </dl>
  );
}

function Coming({ schedule: { next, zone, paused } }: { schedule: One }) {
  if (next.length === 0) return <Empty title="No slot of it comes any more" />;
  return (
    <section class="sec" aria-labelledby="nxt">
      <div class="sec-h">
        <h2 id="nxt">The next {number(next.length)}</h2>
        {paused && <span class="faint">skipped as long as it is paused</span>}
      </div>
      <table class="tbl tight">
        <thead>
          <tr>
            <th scope="col">{zone}</th>
            <th scope="col">UTC</th>
            <th scope="col" class="lo">
              Begins
            </th>
          </tr>
        </thead>
        <tbody>
          {next.map(({ slot, local, dueAt }) => (
            <tr key={slot}>
              <th scope="row">
                {wallOf(local)} <span class="faint">{offsetOf(local)}</span>
              </th>
              <td class="mono dim">{utc(slot)}</td>
              <td class="lo faint" title={utc(dueAt)}>
                {paused ? 'not' : soon(dueAt)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
