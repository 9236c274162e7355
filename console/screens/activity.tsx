// Activity: what is running, what failed, what do I do? Running first, with numbers; then what has ended; then the service's own work.

import type { Answer } from '../../lib/client/contract.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { client, mayDo, serviceNow } from '../app/session.ts';
import { counted, moment, number, span } from '../app/words.ts';
import { Ago, At, Empty, faultOf, Head, Notice, Rid, resourceLink, Show, Term } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';
import { useRows } from '../parts/rows.ts';
import { tell } from '../parts/toast.tsx';

type Operation = Answer<'Operation'>;
type Pending = Answer<'BackupRequest'>;

const EVERY_MS = 2000;
const ENDED_MAX = 50;

interface Now {
  running: Operation[];
  making: Pending[];
  ended: Operation[];
  failed: Pending[];
  upkeep: Answer<'Upkeep'> | undefined;
}

async function load(signal: AbortSignal): Promise<Now> {
  const of = (status: 'pending' | 'in_progress' | 'failed') =>
    client.call('listBackups', { query: { status, limit: 100 } }, { signal });
  const [operations, pending, making, failed, upkeep] = await Promise.all([
    mayDo.value('data:read')
      ? client.call('listOperations', { query: { limit: ENDED_MAX } }, { signal })
      : { operations: [] },
    of('pending'),
    of('in_progress'),
    of('failed'),
    mayDo.value('admin') ? client.call('getUpkeep', {}, { signal }) : undefined,
  ]);
  const isOver = ({ status }: Operation): boolean => status === 'completed' || status === 'failed';
  return {
    running: operations.operations.filter((one) => !isOver(one)),
    ended: operations.operations.filter(isOver),
    making: [...making.backups, ...pending.backups] as Pending[],
    failed: failed.backups as Pending[],
    upkeep,
  };
}

export function Activity() {
  const loaded = useLoad(load, [], { everyMs: EVERY_MS });
  const { value } = loaded;
  return (
    <>
      <Head title="Activity" answer={value && <Answered now={value} />} />
      <Show loaded={loaded} what="What is going on could not be read">
        {(now) => (
          <>
            {now.failed.map((one) => (
              <Failed key={one.id} backup={one} reload={loaded.reload} />
            ))}
            {now.running.length + now.making.length > 0 && (
              <section class="sec" aria-labelledby="run">
                <div class="sec-h">
                  <h2 id="run">Running</h2>
                </div>
                <ul class="panel">
                  {now.running.map((one) => (
                    <Job
                      key={one.id}
                      icon="restore"
                      title={`Restore ${one.backupId} into ${one.targetResourceId}`}
                      about={`by ${one.createdBy}, begun ${moment(one.createdAt)}`}
                      progress={one.progress}
                      word={one.status.replace('_', ' ')}
                    />
                  ))}
                  {now.making.map((one) => (
                    <Job
                      key={one.id}
                      icon="upload"
                      title={`Back up ${one.resourceId}`}
                      about={`${one.id}, accepted ${moment(one.createdAt)}`}
                      progress={one.progress}
                      word={one.waiting?.detail ?? one.status.replace('_', ' ')}
                    />
                  ))}
                </ul>
              </section>
            )}
            <Ended operations={now.ended} />
            {now.upkeep && <Upkeep upkeep={now.upkeep} />}
          </>
        )}
      </Show>
      <Term name="Activity" command="brs operations" keys={[]} />
    </>
  );
}

function Answered({ now }: { now: Now }) {
  const running = now.running.length + now.making.length;
  const failed = now.failed.length;
  return (
    <>
      {failed > 0 && <b>{counted(failed, 'backup')} could not be made. </b>}
      {running === 0 ? (
        'Nothing is under way.'
      ) : (
        <>
          <b>{counted(running, 'piece of work', 'pieces of work')}</b> {running === 1 ? 'is' : 'are'} under
          way.
        </>
      )}
    </>
  );
}

function Failed({ backup, reload }: { backup: Pending; reload: () => void }) {
  const { id, resourceId, failure, createdAt } = backup;
  const dismiss = (): void => {
    client.remove(id).then(reload, (error: unknown) => tell(faultOf(error).detail));
  };
  return (
    <Notice
      tone="bad"
      acts={
        mayDo.value('backup:delete') && (
          <button type="button" class="btn sm" onClick={dismiss}>
            Take off the list
          </button>
        )
      }
    >
      <b>
        {id} of{' '}
        <a href={resourceLink(resourceId)}>
          <bdi>{resourceId}</bdi>
        </a>{' '}
        could not be made.
      </b>{' '}
      {failure?.detail} Nothing else is touched; send the state again.{' '}
      <span class="mono faint">
        {failure?.code} · {moment(createdAt)}
      </span>
    </Notice>
  );
}

function Job({
  icon,
  title,
  about,
  progress,
  word,
}: {
  icon: 'restore' | 'upload';
  title: string;
  about: string;
  progress: number;
  word: string;
}) {
  return (
    <li class="job">
      <Icon name={icon} />
      <div>
        <b>
          <bdi>{title}</bdi>
        </b>
        <br />
        <span class="faint">{about}</span>
      </div>
      <div class="bar">
        <progress max="100" value={progress} aria-label={title} />
        <span>
          {word}
          <span>{progress} %</span>
        </span>
      </div>
    </li>
  );
}

function Ended({ operations }: { operations: readonly Operation[] }) {
  const rows = useRows(operations.length);
  useKeys('Restores', rows.keys);
  if (operations.length === 0) return null;
  return (
    <section class="sec" aria-labelledby="done">
      <div class="sec-h">
        <h2 id="done">Restores</h2>
      </div>
      <table class="tbl" ref={rows.table}>
        <thead>
          <tr>
            <th scope="col">Of</th>
            <th scope="col">How it ended</th>
            <th scope="col" class="lo">
              Into
            </th>
            <th scope="col" class="lo">
              By
            </th>
            <th scope="col" class="lo">
              When
            </th>
            <th scope="col" class="num lo lo2">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {operations.map((one, i) => (
            <tr key={one.id} {...rows.row(i)}>
              <th scope="row">
                <span class="mono">{one.backupId}</span>
                {one.path && <span class="faint mono"> {one.path}</span>}
                <span class="sub">{one.targetResourceId}</span>
              </th>
              <td>
                {one.status === 'failed' ? (
                  <span class="st bad pill">
                    <Icon name="broken" small />
                    {one.validationErrors.join(' ') || 'failed'}
                  </span>
                ) : (
                  <span class="st ok">
                    <Icon name="check" small />
                    {one.validated ? 'Given back, proven' : 'Given back, not validated'}
                  </span>
                )}
              </td>
              <td class="lo cell-id">
                <Rid id={one.targetResourceId} />
              </td>
              <td class="lo dim">{one.createdBy}</td>
              <td class="lo nw">
                <At iso={one.createdAt} />
              </td>
              <td class="num lo lo2 faint">
                {one.completedAt && `${number(Date.parse(one.completedAt) - Date.parse(one.createdAt))} ms`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Upkeep({ upkeep }: { upkeep: Answer<'Upkeep'> }) {
  return (
    <section class="sec" aria-labelledby="upk">
      <div class="sec-h">
        <h2 id="upk">The service's own work</h2>
      </div>
      {upkeep.notices.map((one) => (
        <Notice key={one.code} tone={one.severity === 'critical' ? 'bad' : 'late'}>
          <b>{one.detail ?? one.code}</b> <span class="faint">since {moment(one.since)}</span>
        </Notice>
      ))}
      {upkeep.tasks.length === 0 ? (
        <Empty title="None" />
      ) : (
        <table class="tbl tight">
          <thead>
            <tr>
              <th scope="col">Task</th>
              <th scope="col">State</th>
              <th scope="col" class="lo">
                Last run
              </th>
              <th scope="col" class="lo">
                Next
              </th>
            </tr>
          </thead>
          <tbody>
            {upkeep.tasks.map((task) => (
              <tr key={task.name}>
                <th scope="row">
                  <span class="mono">{task.name}</span> <span class="faint wide">{task.about}</span>
                </th>
                <td>
                  {task.lastFault && (task.lastSucceededAt ?? '') < task.lastFault.at ? (
                    <span class="st bad pill">
                      <Icon name="broken" small />
                      {task.lastFault.code}
                    </span>
                  ) : task.running ? (
                    'running'
                  ) : task.lastSucceededAt === undefined ? (
                    <span class="faint">has not run</span>
                  ) : (
                    <span class="st ok">
                      <Icon name="check" small />
                      well
                    </span>
                  )}
                </td>
                <td class="lo nw">
                  {task.lastSucceededAt && (
                    <>
                      <Ago iso={task.lastSucceededAt} /> <span class="faint">ago</span>
                    </>
                  )}
                </td>
                <td class="lo nw faint">
                  {task.nextAt && Date.parse(task.nextAt) > serviceNow()
                    ? `in ${span(Date.parse(task.nextAt) - serviceNow())}`
                    : ''}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
