// One channel: what was it told, and what came of that? Each delivery with its attempts, and again by hand.

import { useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { outcomeOf, whereOf } from '../app/channels.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { pagesOf } from '../app/pages.ts';
import { ask, go, linkTo } from '../app/router.ts';
import { client, serviceNow } from '../app/session.ts';
import { type Told, toldOf } from '../app/told.ts';
import { counted, day, moment, number, quoted, span } from '../app/words.ts';
import { At, Empty, faultOf, Head, More, Notice, Show, StateWord, Term } from '../parts/common.tsx';
import { RemoveDialog } from '../parts/form.tsx';
import { Icon } from '../parts/icon.tsx';
import { useRows } from '../parts/rows.ts';
import { tell } from '../parts/toast.tsx';
import { TestButton, TestTold, useTest } from './channel-test.tsx';

type Delivery = Answer<'Delivery'>;

const PAGE = 50;
const EVERY_MS = 5000;
const SHOWN = { all: 'All', pending: 'Waiting', failed: 'Given up' } as const;

interface Page {
  told: Told;
  deliveries: Delivery[];
  hasMore: boolean;
}

async function load(
  id: string,
  state: string,
  count: number,
  signal: AbortSignal,
): Promise<Page | undefined> {
  const { channels } = await client.call('listChannels', {}, { signal });
  const channel = channels.find((one) => one.id === id);
  if (channel === undefined) return undefined;
  const query = {
    limit: PAGE,
    ...(state === 'pending' || state === 'failed' ? { state: state as 'pending' | 'failed' } : {}),
  };
  const params = { channelId: id };
  const [told, { pages, hasMore }] = await Promise.all([
    toldOf(channel, signal),
    pagesOf(count, (cursor) =>
      client.call('listDeliveries', { params, query: { ...query, ...cursor } }, { signal }),
    ),
  ]);
  return { told, hasMore, deliveries: pages.flatMap(({ deliveries }) => deliveries) };
}

export function Channel({ id, asked }: { id: string; asked: Record<string, string> }) {
  const { state = 'all' } = asked;
  const [pages, setPages] = useState(1);
  const loaded = useLoad((signal) => load(id, state, pages, signal), [id, state, pages], {
    everyMs: EVERY_MS,
  });
  const test = useTest(loaded.reload);
  const [isRemoving, setRemoving] = useState(false);
  const { told } = loaded.value ?? {};
  const replay = async (deliveryId?: string): Promise<void> => {
    const body = deliveryId === undefined ? {} : { deliveryId };
    try {
      const { replayed } = await client.call('replayDeliveries', { params: { channelId: id }, body });
      tell(`${counted(replayed, 'delivery is', 'deliveries are')} on the way again`);
      loaded.reload();
    } catch (error) {
      tell(faultOf(error).detail);
    }
  };
  return (
    <>
      <Head
        title={id}
        crumbs={[{ text: 'Notifications', href: linkTo('notifications') }, { text: id }]}
        mark={told && <StateWord state={told.standing.state} />}
        acts={
          told && (
            <>
              {told.failed > 0 && (
                <button type="button" class="btn" onClick={() => void replay()}>
                  <Icon name="undo" />
                  Send again what was given up
                </button>
              )}
              <button type="button" class="btn" onClick={() => setRemoving(true)}>
                Remove…
              </button>
              <a class="btn" href={linkTo('notifications', { edit: id })}>
                Change
              </a>
              <TestButton id={id} test={test} />
            </>
          )
        }
        answer={told?.standing.reason}
      />
      <TestTold test={test} />
      <Show loaded={loaded} what="The channel could not be read">
        {(page) =>
          page === undefined ? (
            <Empty title={`There is no channel “${id}”`} />
          ) : (
            <>
              <Facts told={page.told} />
              <section class="sec" aria-labelledby="del">
                <div class="tools">
                  <h2 id="del">Deliveries</h2>
                  <div class="seg" role="group" aria-label="Which deliveries">
                    {Object.entries(SHOWN).map(([word, text]) => (
                      <button
                        type="button"
                        key={word}
                        aria-pressed={word === state}
                        onClick={() => ask({ state: word === 'all' ? undefined : word }, { replaces: true })}
                      >
                        {text}
                      </button>
                    ))}
                  </div>
                </div>
                {page.deliveries.length === 0 ? (
                  <Empty
                    title={state === 'all' ? 'It was told nothing in 30 days' : 'There is none of these'}
                  />
                ) : (
                  <List deliveries={page.deliveries} replay={(one) => void replay(one)} />
                )}
                {page.hasMore && (
                  <More
                    shown={`${number(page.deliveries.length)} shown, there are more`}
                    text={`Show ${PAGE} more`}
                    onMore={() => setPages(pages + 1)}
                  />
                )}
              </section>
            </>
          )
        }
      </Show>
      {isRemoving && (
        <RemoveDialog
          what="the channel"
          name={id}
          close={() => setRemoving(false)}
          remove={async () => {
            await client.call('removeChannel', { params: { channelId: id } });
            tell(`${id} is removed`);
            go(linkTo('notifications'));
          }}
        >
          It is told nothing any more, nor what it was still to be told.
        </RemoveDialog>
      )}
      <Term name="Channel" command={`brs notify deliveries ${quoted(id)}`} keys={[]} />
    </>
  );
}

function Facts({ told: { channel, waiting, failed } }: { told: Told }) {
  const { target, events, resources, updatedAt } = channel;
  return (
    <dl class="kv kv-top">
      <dt>Where</dt>
      <dd>
        {target.kind} <span class="mono">{whereOf(channel)}</span>
        {'secrets' in target && (
          <>
            {' '}
            <span class="faint">signed by</span> <span class="mono">{target.secrets.join(', ')}</span>
          </>
        )}
      </dd>
      <dt>Told of</dt>
      <dd class="mono">{events.join(', ')}</dd>
      <dt>Resources</dt>
      <dd>{resources === undefined ? 'all' : <span class="mono">{resources.join(', ')}</span>}</dd>
      <dt>Waits, given up</dt>
      <dd>
        {number(waiting)} <span class="faint">and</span> {number(failed)}{' '}
        <span class="faint">· set {day(updatedAt)}</span>
      </dd>
    </dl>
  );
}

function List({ deliveries, replay }: { deliveries: readonly Delivery[]; replay: (id: string) => void }) {
  const [open, setOpen] = useState<string | undefined>(undefined);
  const rows = useRows(deliveries.length);
  useKeys('Deliveries', rows.keys);
  return (
    <table class="tbl" ref={rows.table}>
      <thead>
        <tr>
          <th scope="col">Event</th>
          <th scope="col" class="lo">
            Resource
          </th>
          <th scope="col">What came of it</th>
          <th scope="col" class="num lo">
            Attempts
          </th>
          <th scope="col" class="lo">
            When
          </th>
          <th scope="col">
            <span class="sr">Again</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((one, i) => (
          <>
            <tr key={one.id} {...rows.row(i)}>
              <th scope="row">
                <button
                  type="button"
                  class="lnk mono"
                  aria-expanded={open === one.id}
                  onClick={() => setOpen(open === one.id ? undefined : one.id)}
                >
                  {one.event.action}
                </button>
                <span class="sub">
                  {one.event.resourceId ?? 'no resource'} · {moment(one.createdAt)}
                </span>
              </th>
              <td class="lo cell-id">
                {one.event.resourceId === undefined ? (
                  <span class="faint">none</span>
                ) : (
                  <bdi>{one.event.resourceId}</bdi>
                )}
              </td>
              <td>
                <Came delivery={one} />
              </td>
              <td class="num lo">{number(one.tries)}</td>
              <td class="lo nw">
                <At iso={one.createdAt} />
              </td>
              <td>
                <span class="rowacts">
                  {one.state !== 'pending' && (
                    <button
                      type="button"
                      class="btn sm"
                      aria-label={`Send ${one.event.action} again`}
                      onClick={() => replay(one.id)}
                    >
                      Replay
                    </button>
                  )}
                </span>
              </td>
            </tr>
            {open === one.id && (
              <tr key={`${one.id} more`} class="openrow">
                <td colSpan={6}>
                  <Attempts delivery={one} />
                </td>
              </tr>
            )}
          </>
        ))}
      </tbody>
    </table>
  );
}

function Came({ delivery: { state, attempts, nextAttemptAt } }: { delivery: Delivery }) {
  const last = attempts.at(-1);
  const code = last?.status === undefined ? '' : `, ${last.status}`;
  if (state === 'delivered') return <StateWord state="healthy" word={`Taken${code}`} />;
  if (state === 'failed') return <StateWord state="failing" word={`Given up${code}`} />;
  if (last === undefined) return <StateWord state="late" word="Waits" />;
  return (
    <>
      <StateWord state="late" word={`Not taken${code}`} />{' '}
      <span class="faint">
        {nextAttemptAt === undefined
          ? 'behind another'
          : `again in ${span(Math.max(0, Date.parse(nextAttemptAt) - serviceNow()))}`}
      </span>
    </>
  );
}

function Attempts({ delivery: { event, attempts, tries, replayOf } }: { delivery: Delivery }) {
  const detail = Object.entries(event.detail ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  return (
    <>
      <p class="faint">
        Event <span class="mono">{event.id}</span> by {event.actor}
        {detail.length > 0 && `, ${detail.join(', ')}`}
        {replayOf !== undefined && ', sent again by hand'}
      </p>
      {attempts.length === 0 ? (
        <p class="dim">No attempt has ended yet.</p>
      ) : (
        <ol class="log">
          {attempts.map((attempt) => (
            <li key={attempt.at}>
              <At iso={attempt.at} />
              <span>
                {outcomeOf(attempt)} <span class="faint">after {number(attempt.tookMs)} ms</span>
              </span>
            </li>
          ))}
        </ol>
      )}
      {tries > attempts.length && attempts.length > 0 && (
        <Notice tone="info">
          The last {number(attempts.length)} of {number(tries)} attempts are kept.
        </Notice>
      )}
    </>
  );
}
