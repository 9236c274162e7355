// Overview: does anything need me? Those that do, worst first; then all resources, by id, so that rows keep their place.

import { useRef, useState } from 'preact/hooks';
import { BackupError } from '../../lib/client/client.ts';
import type { Answer } from '../../lib/client/contract.ts';
import { type ByItself, loadByItself } from '../app/by-itself.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { pagesOf } from '../app/pages.ts';
import { ask, go, linkTo } from '../app/router.ts';
import { standingOf } from '../app/runs.ts';
import { client, mayDo, serviceNow } from '../app/session.ts';
import { bytes, counted, day, number, quoted, span } from '../app/words.ts';
import {
  Ago,
  Empty,
  Head,
  More,
  Notice,
  Rid,
  resourceLink,
  Said,
  Show,
  StateWord,
  Term,
} from '../parts/common.tsx';
import { useRows } from '../parts/rows.ts';
import { Strip } from '../parts/strip.tsx';
import { FirstRun } from './first-run.tsx';

type Resource = Answer<'Resource'>;

const PAGE = 100;
const EVERY_MS = 5000;
const WEIGHT = ['damaged', 'late', 'unusual'];

interface Page {
  resources: Resource[];
  hasMore: boolean;
  health: Health;
  itself: ByItself;
}

async function load(prefix: string, count: number, signal: AbortSignal): Promise<Page> {
  const query = { limit: PAGE, ...(prefix === '' ? {} : { prefix }) };
  const [{ pages, hasMore }, health, itself] = await Promise.all([
    pagesOf(count, (cursor) => client.call('listResources', { query: { ...query, ...cursor } }, { signal })),
    healthOf(signal),
    loadByItself(signal),
  ]);
  return { resources: pages.flatMap(({ resources }) => resources), hasMore, health, itself };
}

interface Health {
  notices: Answer<'Notice'>[];
  /** What does not answer, in words. */
  fault?: string;
}

/** A service that is not well says so by an error, with what it knows: that is the answer, and is not asked for again at once. */
async function healthOf(signal: AbortSignal): Promise<Health> {
  try {
    const { notices = [] } = await client.call('getHealth', {}, { signal, isSafe: false });
    return { notices };
  } catch (error) {
    if (!(error instanceof BackupError && error.status === 503)) throw error;
    return { notices: (error.problem.notices as Answer<'Notice'>[] | undefined) ?? [], fault: error.message };
  }
}

export function Overview({ asked }: { asked: Record<string, string> }) {
  const { prefix = '' } = asked;
  const [pages, setPages] = useState(1);
  const loaded = useLoad((signal) => load(prefix, pages, signal), [prefix, pages], { everyMs: EVERY_MS });
  const filter = useRef<HTMLInputElement>(null);
  const { value } = loaded;
  const isEmpty = value !== undefined && value.resources.length === 0 && prefix === '';
  // Before the first backup a schedule that fails is what one wants to hear of.
  if (isEmpty && value.itself.schedules.length === 0) return <FirstRun />;

  const needing = (value?.resources ?? [])
    .filter(({ health }) => health !== undefined && WEIGHT.includes(health.state))
    .sort((a, b) => WEIGHT.indexOf(a.health!.state) - WEIGHT.indexOf(b.health!.state));
  return (
    <>
      <Head title="Overview" answer={value && <Answered page={value} needing={needing.length} />} />
      <Show loaded={loaded} what="The resources could not be read">
        {({ resources, hasMore, health: { notices, fault }, itself }) => (
          <>
            {fault !== undefined && (
              <Notice tone="bad">
                <b>The service is not well:</b> {fault}
              </Notice>
            )}
            {notices.map(({ code, detail, severity, since }) => (
              <Notice key={code} tone={severity === 'critical' ? 'bad' : 'late'}>
                <b>{detail ?? code}</b>{' '}
                <span class="faint">since {span(serviceNow() - Date.parse(since))}</span>
              </Notice>
            ))}
            {needing.length + itself.schedules.length + itself.channels.length > 0 && (
              <ul class="needs" aria-label="Needs you">
                {needing.map((resource) => (
                  <Needs key={resource.id} resource={resource} />
                ))}
                <NeedsByItself itself={itself} />
              </ul>
            )}
            <section class="sec" aria-labelledby="res">
              <div class="tools">
                <h2 id="res">Resources</h2>
                <input
                  ref={filter}
                  type="search"
                  aria-label="Resources whose ids begin with"
                  placeholder="Ids that begin with"
                  value={prefix}
                  onInput={(event) => ask({ prefix: event.currentTarget.value }, { replaces: true })}
                />
                <Totals resources={resources} isAll={!hasMore} />
              </div>
              {resources.length === 0 ? (
                <Empty
                  title={`No id begins with “${prefix}”`}
                  act={
                    <button type="button" class="btn" onClick={() => ask({ prefix: undefined })}>
                      Clear the filter
                    </button>
                  }
                />
              ) : (
                <List resources={resources} itself={itself} focusFilter={() => filter.current?.focus()} />
              )}
              {hasMore && (
                <More
                  shown={`${number(resources.length)} shown, there are more`}
                  text={`Show ${PAGE} more`}
                  onMore={() => setPages(pages + 1)}
                />
              )}
            </section>
          </>
        )}
      </Show>
      <Term
        name="Overview"
        command={prefix === '' ? 'brs resources' : `brs resources --prefix ${quoted(prefix)}`}
        keys={[]}
      />
    </>
  );
}

function Answered({ page, needing }: { page: Page; needing: number }) {
  const { resources, hasMore, health, itself } = page;
  const { length } = resources;
  const shown = hasMore ? `the first ${number(length)} resources` : counted(length, 'resource');
  const well = length - needing;
  const others = itself.schedules.length + itself.channels.length;
  if (health.fault !== undefined || health.notices.length > 0) {
    return (
      <>
        <b>The service itself needs you</b>
        {needing > 0 && `, and so ${needing === 1 ? 'does' : 'do'} ${number(needing)} of ${shown}`}.
      </>
    );
  }
  if (others > 0) {
    const ill = [
      ...(needing === 0 ? [] : [`${number(needing)} of ${shown}`]),
      ...(itself.schedules.length === 0 ? [] : [counted(itself.schedules.length, 'schedule')]),
      ...(itself.channels.length === 0 ? [] : [counted(itself.channels.length, 'channel')]),
    ];
    return (
      <>
        <b>
          {ill.length > 1 ? `${ill.slice(0, -1).join(', ')} and ${ill.at(-1)}` : ill[0]}{' '}
          {needing + others === 1 ? 'needs' : 'need'} you.
        </b>{' '}
        {well > 0 && `${number(well)} ${well === 1 ? 'resource is' : 'resources are'} well.`}
      </>
    );
  }
  if (needing === 0 && hasMore) return <b>None of {shown} needs you.</b>;
  if (needing === 0) {
    return (
      <>
        <b>Nothing needs you.</b> {shown} {length === 1 ? 'restores as it should' : 'restore as they should'}.
      </>
    );
  }
  return (
    <>
      <b>
        {needing} of {shown} {needing === 1 ? 'needs' : 'need'} you.
      </b>{' '}
      {well > 0 &&
        `The other ${number(well)} ${well === 1 ? 'is' : 'are'} well: each newest backup restores.`}
    </>
  );
}

function Totals({ resources, isAll }: { resources: readonly Resource[]; isAll: boolean }) {
  const live = resources.reduce((sum, one) => sum + one.live, 0);
  const stored = resources.reduce((sum, one) => sum + one.bytes, 0);
  const oldest = resources.map(({ oldestAt }) => oldestAt ?? '9').sort()[0] ?? '9';
  return (
    <span class="push faint wide">
      {counted(live, 'backup')} in {bytes(stored)}
      {!isAll && ' of those shown'}
      {oldest !== '9' && ` · oldest instant ${day(oldest)}`}
    </span>
  );
}

function Needs({ resource }: { resource: Resource }) {
  const { id, health, newest } = resource;
  const act =
    health!.state === 'unusual' && mayDo.value('data:read')
      ? {
          text: 'See what changed',
          href: linkTo('compare', { id, ...(newest === undefined ? {} : { to: newest.backupId }) }),
        }
      : { text: 'Open', href: resourceLink(id) };
  return (
    <li>
      <StateWord state={health!.state} />
      <Rid id={id} href={resourceLink(id)} />
      <p>{health!.reason}</p>
      <a class="btn sm" href={act.href}>
        {act.text}
      </a>
    </li>
  );
}

/** What fails of what should run by itself, and who is not reached. */
function NeedsByItself({ itself: { schedules, channels } }: { itself: ByItself }) {
  const line = (state: string, word: string | undefined, id: string, href: string, why: string) => (
    <li key={href}>
      <StateWord state={state} {...(word === undefined ? {} : { word })} />
      <Rid id={id} href={href} />
      <p>
        <Said text={why} />
      </p>
      <a class="btn sm" href={href} aria-label={`Open ${id}`}>
        Open
      </a>
    </li>
  );
  return (
    <>
      {schedules.map((one) => {
        const { state, word } = standingOf(one);
        return line(state, word, one.id, linkTo('schedules', { id: one.id }), one.why);
      })}
      {channels.map(({ channel: { id }, standing: { state, reason } }) =>
        line(state, undefined, id, linkTo('notifications', { id }), reason),
      )}
    </>
  );
}

function List({
  resources,
  itself: { ofResource },
  focusFilter,
}: {
  resources: readonly Resource[];
  itself: ByItself;
  focusFilter: () => void;
}) {
  const rows = useRows(resources.length, (i) => go(resourceLink(resources[i]!.id)));
  useKeys('Resources', [...rows.keys, { key: 'f', about: 'filter', run: focusFilter, isShown: true }]);
  return (
    <table class="tbl" ref={rows.table}>
      <thead>
        <tr>
          <th scope="col">Resource</th>
          <th scope="col" class="xl">
            Type
          </th>
          <th scope="col">State</th>
          <th scope="col" class="lo">
            Last success
          </th>
          <th scope="col" class="lo lo2">
            Next
          </th>
          {ofResource.size > 0 && (
            <th scope="col" class="lo lo3">
              Runs
            </th>
          )}
          <th scope="col" class="num lo lo3">
            State size
          </th>
          <th scope="col" class="num lo lo3">
            Backups
          </th>
          <th scope="col" class="num lo">
            Stored
          </th>
          <th scope="col" class="num lo lo2">
            Proof age
          </th>
        </tr>
      </thead>
      <tbody>
        {resources.map((one, i) => (
          <tr key={one.id} {...rows.row(i)}>
            <th scope="row" class="cell-id">
              <Rid id={one.id} href={resourceLink(one.id)} />
              <span class="sub">
                {one.lastSuccessAt === undefined ? (
                  'no state yet'
                ) : (
                  <>
                    <Ago iso={one.lastSuccessAt} /> ago
                  </>
                )}{' '}
                · {counted(one.live, 'backup')}
              </span>
            </th>
            <td class="xl faint">{one.resourceType}</td>
            <td>{one.health && <StateWord state={one.health.state} />}</td>
            <td class="lo nw">
              {one.lastSuccessAt && (
                <>
                  <Ago iso={one.lastSuccessAt} /> <span class="faint">ago</span>
                </>
              )}
            </td>
            <td class="lo lo2 faint nw">
              <Next resource={one} dueAt={ofResource.get(one.id)?.nextDueAt} />
            </td>
            {ofResource.size > 0 && (
              <td class="lo lo3">
                {ofResource.has(one.id) && <Strip marks={ofResource.get(one.id)!.marks} />}
              </td>
            )}
            <td class="num lo lo3">{one.newest && bytes(one.newest.size)}</td>
            <td class="num lo lo3">{number(one.live)}</td>
            <td class="num lo">{bytes(one.bytes)}</td>
            <td class="num lo lo2 faint">{one.newest && <Ago iso={one.newest.provenAt} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** When it is read next; where nothing reads it by itself, how often a state is expected. */
function Next({ resource, dueAt }: { resource: Resource; dueAt: string | undefined }) {
  const { expectEverySeconds } = resource;
  if (dueAt !== undefined) {
    const ms = Date.parse(dueAt) - serviceNow();
    return <time dateTime={dueAt}>{ms > 0 ? `in ${span(ms)}` : 'due now'}</time>;
  }
  return <>{expectEverySeconds === undefined ? '' : `every ${span(expectEverySeconds * 1000)}`}</>;
}
