// Drills: does what is kept come back? Restores that were tried, with what was compared.

import type { Answer } from '../../lib/client/contract.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { linkTo } from '../app/router.ts';
import { drilled } from '../app/runs.ts';
import { client } from '../app/session.ts';
import { bytes, counted, moment, took } from '../app/words.ts';
import { At, Empty, Head, Rid, resourceLink, Show, StateWord, Term } from '../parts/common.tsx';
import { useRows } from '../parts/rows.ts';
import { Views } from './schedules.tsx';

type Drill = Answer<'Drill'>;

const DRILLS_MAX = 100;

export function DrillsScreen() {
  const loaded = useLoad(
    (signal) => client.call('listDrills', { query: { limit: DRILLS_MAX } }, { signal }),
    [],
  );
  const { drills = [] } = loaded.value ?? {};
  const failed = drills.filter(({ passed }) => !passed).length;
  return (
    <>
      <Head
        title="Drills"
        acts={<Views here="drills" />}
        answer={
          loaded.value &&
          (drills.length === 0 ? (
            'No restore was tried yet.'
          ) : (
            <>
              <b>
                {failed === 0
                  ? `${counted(drills.length, 'restore was', 'restores were')} tried, and came back whole.`
                  : `${failed} of ${counted(drills.length, 'restore')} did not come back.`}
              </b>{' '}
              Each is kept as evidence for 400 days.
            </>
          ))
        }
      />
      <Show loaded={loaded} what="The drills could not be read">
        {() =>
          drills.length === 0 ? (
            <Empty title="Nothing to show yet">
              A schedule tries its newest backup after every few runs with{' '}
              <code>brs schedule add … --drill-every 7</code>, or now with{' '}
              <code>brs schedule drill nightly</code>
            </Empty>
          ) : (
            <Drills drills={drills} />
          )
        }
      </Show>
      <Term name="Drills" command="brs drills" keys={[]} />
    </>
  );
}

export function Drills({ drills, isOfOne = false }: { drills: readonly Drill[]; isOfOne?: boolean }) {
  const rows = useRows(drills.length);
  useKeys('Drills', isOfOne ? [] : rows.keys);
  return (
    <table class="tbl" ref={rows.table}>
      <thead>
        <tr>
          <th scope="col">Backup</th>
          <th scope="col">What came of it</th>
          {!isOfOne && (
            <th scope="col" class="lo">
              Resource
            </th>
          )}
          <th scope="col" class="lo">
            When
          </th>
          <th scope="col" class="num lo lo2">
            Took
          </th>
        </tr>
      </thead>
      <tbody>
        {drills.map((one, i) => (
          <tr key={one.id} {...rows.row(i)}>
            <th scope="row">
              <a class="mono" href={linkTo('resource', { id: one.resourceId, at: one.backupId })}>
                {one.backupId}
              </a>
              <span class="sub">
                {one.resourceId} · {moment(one.startedAt, { seconds: false })}
              </span>
            </th>
            <td class="wrap">
              <StateWord
                state={one.passed ? 'healthy' : 'drill'}
                word={one.passed ? 'Came back' : 'Failed'}
              />{' '}
              <span class="dim">· {drilled(one, bytes)}</span>
              {one.notes.length > 0 && <span class="faint"> {one.notes.join(' ')}</span>}
            </td>
            {!isOfOne && (
              <td class="lo cell-id">
                <Rid id={one.resourceId} href={resourceLink(one.resourceId)} />
              </td>
            )}
            <td class="lo nw">
              <At iso={one.startedAt} />
            </td>
            <td class="num lo lo2 faint">{took(one.startedAt, one.finishedAt)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
