// Notifications: who is told, and does it arrive? Those that fail first; a test takes the way of all that is told.

import { outcomeOf, WEIGHT, whereOf } from '../app/channels.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { go, linkTo } from '../app/router.ts';
import { mayDo } from '../app/session.ts';
import { channelsTold, type Told } from '../app/told.ts';
import { counted, number } from '../app/words.ts';
import { Ago, Empty, Head, Rid, Show, StateWord, Term } from '../parts/common.tsx';
import { useRows } from '../parts/rows.ts';
import { Channel } from './channel.tsx';
import { ChannelForm } from './channel-form.tsx';
import { TestButton, TestTold, useTest } from './channel-test.tsx';

const EVERY_MS = 5000;

export function Notifications({ asked }: { asked: Record<string, string> }) {
  const { id, make, edit } = asked;
  if (make !== undefined) return <ChannelForm />;
  if (edit !== undefined) return <ChannelForm id={edit} />;
  return id === undefined ? <Channels /> : <Channel id={id} asked={asked} />;
}

function Channels() {
  const loaded = useLoad(channelsTold, [], { everyMs: EVERY_MS });
  const test = useTest(loaded.reload);
  return (
    <>
      <Head
        title="Notifications"
        acts={
          mayDo.value('notify:manage') && (
            <a class="btn pri" href={linkTo('notifications', { make: 'yes' })}>
              New channel
            </a>
          )
        }
        answer={loaded.value && <Answered all={loaded.value} />}
      />
      <TestTold test={test} />
      <Show loaded={loaded} what="The channels could not be read">
        {(all) =>
          all.length === 0 ? (
            <Empty title="Nobody is told of anything yet">
              A failed backup is of use only to who hears of it. A channel is a webhook, a chat, a ping or an
              address: <code>brs notify add ops --webhook https://… --secret env:OPS_SECRET</code>
            </Empty>
          ) : (
            <List all={all} test={test} />
          )
        }
      </Show>
      <Term name="Notifications" command="brs notify ls" keys={[]} />
    </>
  );
}

function Answered({ all }: { all: readonly Told[] }) {
  const ill = all.filter(({ standing }) => WEIGHT.indexOf(standing.state) < 2);
  const waiting = all.reduce((sum, one) => sum + one.waiting, 0);
  if (all.length === 0) return <>There is no channel.</>;
  return (
    <>
      {ill.length === 0 ? (
        <>
          <b>{counted(all.length, 'channel')}</b> {all.length === 1 ? 'is' : 'are'} told, and none fails.
        </>
      ) : (
        <b>
          {ill.length} of {counted(all.length, 'channel')} {ill.length === 1 ? 'does' : 'do'} not arrive.
        </b>
      )}{' '}
      {waiting === 0
        ? 'Nothing waits.'
        : `${counted(waiting, 'delivery waits', 'deliveries wait')} to be taken.`}
    </>
  );
}

function List({ all, test }: { all: readonly Told[]; test: ReturnType<typeof useTest> }) {
  const rows = useRows(all.length, (i) => go(linkTo('notifications', { id: all[i]!.channel.id })));
  useKeys('Channels', rows.keys);
  return (
    <table class="tbl" ref={rows.table}>
      <thead>
        <tr>
          <th scope="col">Channel</th>
          <th scope="col" class="lo lo3">
            Where
          </th>
          <th scope="col">State</th>
          <th scope="col" class="lo">
            Last attempt
          </th>
          <th scope="col" class="num lo">
            Waits
          </th>
          <th scope="col" class="lo lo2">
            For
          </th>
          <th scope="col">
            <span class="sr">Test</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {all.map(({ channel, standing, newest, waiting }, i) => (
          <tr key={channel.id} {...rows.row(i)}>
            <th scope="row" class="cell-id">
              <Rid id={channel.id} href={linkTo('notifications', { id: channel.id })} />
              <span class="sub">
                {channel.target.kind} ·{' '}
                {waiting === 0 ? 'nothing waits' : `${number(waiting)} ${waiting === 1 ? 'waits' : 'wait'}`}
              </span>
            </th>
            <td class="lo lo3 wrap dim">
              {channel.target.kind} <span class="mono faint">{whereOf(channel)}</span>
            </td>
            <td>
              <StateWord state={standing.state} />
            </td>
            <td class="lo nw">
              {standing.lastAt === undefined ? (
                <span class="faint">none yet</span>
              ) : (
                <>
                  <Ago iso={standing.lastAt} />{' '}
                  <span class="faint">ago{lastWord(newest) && `, ${lastWord(newest)}`}</span>
                </>
              )}
            </td>
            <td class="num lo">{waiting === 0 ? <span class="faint">0</span> : number(waiting)}</td>
            <td class="lo lo2 wrap faint">{channel.resources?.join(', ') ?? 'all resources'}</td>
            <td>
              <span class="rowacts">
                <TestButton id={channel.id} test={test} small />
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What was told last, and what came of that. */
function lastWord(newest: Told['newest']): string | undefined {
  const attempt = newest.find(({ attempts }) => attempts.length > 0)?.attempts.at(-1);
  return attempt && outcomeOf({ ...attempt, detail: '' });
}
