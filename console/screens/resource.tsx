// Resource: what happened, and what is kept? The sentence, the facts, the timeline, the table of its backups.

import { useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { useLoad } from '../app/load.ts';
import { linkTo } from '../app/router.ts';
import { drilled } from '../app/runs.ts';
import { client, mayDo } from '../app/session.ts';
import { bytes, day, moment, number, quoted, span } from '../app/words.ts';
import { Ago, Empty, faultOf, Head, Notice, Show, StateWord, Term } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';
import { tell } from '../parts/toast.tsx';
import { Backups } from './resource-backups.tsx';
import { Timeline, WINDOWS, type Window } from './resource-timeline.tsx';
import { Restore } from './restore.tsx';

type Backup = Answer<'Backup'>;

const PAGE = 50;
const EVERY_MS = 5000;

interface Page {
  resource: Answer<'Resource'>;
  backups: Backup[];
  next?: string;
  /** The newest restore of it that was tried. */
  drill?: Answer<'Drill'>;
}

async function load(id: string, cursor: string | undefined, signal: AbortSignal): Promise<Page | undefined> {
  const query = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
  const [{ resources }, page, { drills }] = await Promise.all([
    client.call('listResources', { query: { prefix: id, limit: 1 } }, { signal }),
    client.call('listResourceBackups', { params: { resourceId: id }, query }, { signal }),
    mayDo.value('schedule:read')
      ? client.call('listDrills', { query: { resourceId: id, limit: 1 } }, { signal })
      : { drills: [] },
  ]);
  // The first id that begins like that is the id itself, if it is there.
  const resource = resources.find((one) => one.id === id);
  if (resource === undefined) return undefined;
  const backups = page.backups as Backup[];
  const [drill] = drills;
  return {
    resource,
    backups,
    ...(drill && { drill }),
    ...(page.nextCursor === undefined ? {} : { next: page.nextCursor }),
  };
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
              {page.drill && <Drilled drill={page.drill} />}
              <Timeline
                id={id}
                window={(window in WINDOWS ? window : 'All') as Window}
                chosen={chosen}
                newest={page.resource.newest?.backupId}
              />
              <Backups
                id={id}
                backups={page.backups}
                next={page.next}
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

/** That what is kept comes back was tried, and what was compared. */
function Drilled({ drill }: { drill: Answer<'Drill'> }) {
  const { passed, backupId, startedAt } = drill;
  if (!passed) {
    return (
      <Notice tone="bad">
        <b>
          The restore of {backupId} that was tried {moment(startedAt, { seconds: false })} failed:
        </b>{' '}
        {drilled(drill, bytes)}
      </Notice>
    );
  }
  return (
    <p class="st ok sec">
      <Icon name="proof" small />
      <a href={linkTo('schedules', { show: 'drills' })}>
        Restored and compared {moment(startedAt, { seconds: false })}: {backupId}, {drilled(drill, bytes)}
      </a>
    </p>
  );
}

function Facts({ resource }: { resource: Answer<'Resource'> }) {
  const {
    resourceType,
    expectEverySeconds,
    live,
    oldestAt,
    bytes: stored,
    newest,
    schedules = [],
  } = resource;
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
      {schedules.length > 0 && mayDo.value('schedule:read') && (
        <div>
          <dt>Read by</dt>
          <dd>
            {schedules.map((name, i) => (
              <>
                {i > 0 && ', '}
                <a href={linkTo('schedules', { id: name })}>{name}</a>
              </>
            ))}
          </dd>
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
