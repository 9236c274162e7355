// What runs by itself: does it, and when next? Schedules, those that fail first; the sources that they read; restores that were tried.

import type { Answer } from '../../lib/client/contract.ts';
import { allSchedules, lastRuns } from '../app/by-itself.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { go, linkTo } from '../app/router.ts';
import { byNeed, type Mark, marksOf, NEEDING, standingOf, wallOf, whenInWords } from '../app/runs.ts';
import { mayDo, serviceNow } from '../app/session.ts';
import { counted, span, utc } from '../app/words.ts';
import { Ago, Empty, Head, Rid, resourceLink, Show, StateWord, Term } from '../parts/common.tsx';
import { useRows } from '../parts/rows.ts';
import { Strip } from '../parts/strip.tsx';
import { DrillsScreen } from './drills.tsx';
import { Schedule } from './schedule.tsx';
import { ScheduleForm } from './schedule-form.tsx';
import { Sources } from './sources.tsx';

type One = Answer<'Schedule'>;

const EVERY_MS = 5000;
const SHOWN = { schedules: 'Schedules', sources: 'Sources', drills: 'Drills' } as const;

async function load(signal: AbortSignal): Promise<{ schedules: One[]; marks: Map<string, Mark[]> }> {
  const schedules = byNeed(await allSchedules(signal));
  const runs = await lastRuns(schedules, signal);
  const marks = new Map(schedules.map(({ id, skips }) => [id, marksOf(runs.get(id) ?? [], skips)]));
  return { schedules, marks };
}

export function Schedules({ asked }: { asked: Record<string, string> }) {
  const { id, show, make, edit } = asked;
  if (show === 'sources') return <Sources asked={asked} />;
  if (make !== undefined) return <ScheduleForm />;
  if (edit !== undefined) return <ScheduleForm id={edit} />;
  if (id !== undefined) return <Schedule id={id} />;
  return show === 'drills' ? <DrillsScreen /> : <List />;
}

/** The three views of one screen. */
export function Views({ here }: { here: keyof typeof SHOWN }) {
  return (
    <nav class="seg" aria-label="What runs by itself">
      {Object.entries(SHOWN).map(([show, text]) => (
        <a
          key={show}
          href={linkTo('schedules', { show: show === 'schedules' ? undefined : show })}
          aria-current={show === here ? 'true' : undefined}
        >
          {text}
        </a>
      ))}
    </nav>
  );
}

function List() {
  const loaded = useLoad(load, [], { everyMs: EVERY_MS });
  const { value } = loaded;
  return (
    <>
      <Head
        title="Schedules"
        acts={
          <>
            <Views here="schedules" />
            {mayDo.value('schedule:manage') && (
              <a class="btn pri" href={linkTo('schedules', { make: 'yes' })}>
                New schedule
              </a>
            )}
          </>
        }
        answer={value && <Answered schedules={value.schedules} />}
      />
      <Show loaded={loaded} what="The schedules could not be read">
        {({ schedules, marks }) =>
          schedules.length === 0 ? (
            <Empty title="Nothing runs by itself yet">
              A source is added, then a schedule that reads it:{' '}
              <code>brs schedule add nightly --source shop-db --resource shop --when '30 2 * * *'</code>
            </Empty>
          ) : (
            <Rows schedules={schedules} marks={marks} />
          )
        }
      </Show>
      <Term name="Schedules" command="brs schedule ls" keys={[]} />
    </>
  );
}

function Answered({ schedules }: { schedules: readonly One[] }) {
  if (schedules.length === 0) return <>There is no schedule: backups are made by who asks for them.</>;
  const ill = schedules.filter((one) => NEEDING.includes(standingOf(one).state)).length;
  const paused = schedules.filter((one) => one.paused).length;
  const [next] = schedules
    .flatMap((one) =>
      one.next.slice(0, 1).map((slot) => ({ id: one.id, dueAt: slot.dueAt, paused: one.paused })),
    )
    .filter((one) => !one.paused)
    .sort((a, b) => a.dueAt.localeCompare(b.dueAt));
  return (
    <>
      {ill === 0 ? (
        <>
          <b>{counted(schedules.length, 'schedule')}</b>, and none fails.
        </>
      ) : (
        <b>
          {ill} of {counted(schedules.length, 'schedule')} {ill === 1 ? 'needs' : 'need'} you.
        </b>
      )}
      {paused > 0 && ` ${paused} ${paused === 1 ? 'is' : 'are'} paused.`}
      {next !== undefined && (
        <>
          {' '}
          Next is {next.id}, {soon(next.dueAt)}.
        </>
      )}
    </>
  );
}

export function soon(iso: string): string {
  const ms = Date.parse(iso) - serviceNow();
  return ms > 0 ? `in ${span(ms)}` : 'due now';
}

function Rows({ schedules, marks }: { schedules: readonly One[]; marks: ReadonlyMap<string, Mark[]> }) {
  const rows = useRows(schedules.length, (i) => go(linkTo('schedules', { id: schedules[i]!.id })));
  useKeys('Schedules', rows.keys);
  return (
    <table class="tbl two-l" ref={rows.table}>
      <thead>
        <tr>
          <th scope="col">Schedule</th>
          <th scope="col" class="lo">
            Resource
          </th>
          <th scope="col" class="lo lo2">
            Source
          </th>
          <th scope="col" class="lo lo3">
            When
          </th>
          <th scope="col">State</th>
          <th scope="col" class="lo">
            Last run
          </th>
          <th scope="col" class="lo">
            Runs
          </th>
          <th scope="col" class="lo">
            Next
          </th>
        </tr>
      </thead>
      <tbody>
        {schedules.map((one, i) => {
          const { state, word } = standingOf(one);
          const [next] = one.next;
          return (
            <tr key={one.id} {...rows.row(i)}>
              <th scope="row" class="cell-id">
                <Rid id={one.id} href={linkTo('schedules', { id: one.id })} />
                <span class="sub">
                  {one.resourceId} · {next === undefined || one.paused ? 'none comes' : soon(next.dueAt)}
                </span>
              </th>
              <td class="lo cell-id">
                <Rid id={one.resourceId} href={resourceLink(one.resourceId)} />
              </td>
              <td class="lo lo2 dim">{one.sourceId}</td>
              <td class="lo lo3">
                <span title={one.when}>{whenInWords(one.when)}</span>
                <br />
                <span class="faint">{one.zone}</span>
              </td>
              <td title={one.why}>
                <StateWord state={state} {...(word === undefined ? {} : { word })} />
              </td>
              <td class="lo nw">
                {one.last === undefined ? (
                  <span class="faint">none yet</span>
                ) : (
                  <>
                    <Ago iso={one.last.finishedAt} /> <span class="faint">ago</span>
                    <br />
                    <span class="faint">{one.last.code ?? one.last.backupId ?? one.last.status}</span>
                  </>
                )}
              </td>
              <td class="lo">
                <Strip marks={marks.get(one.id) ?? []} />
              </td>
              <td class="lo nw">
                {next === undefined || one.paused ? (
                  <span class="faint">{one.paused ? 'paused' : 'none comes'}</span>
                ) : (
                  <>
                    {wallOf(next.local)}
                    <br />
                    <span class="faint" title={utc(next.dueAt)}>
                      {soon(next.dueAt)} · {utc(next.slot).slice(11, 16)} UTC
                    </span>
                  </>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
