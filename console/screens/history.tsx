// History of a path: when did this change, from what to what? Each change, newest first; between which two kept backups it lies.

import { useRef, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { pagesOf } from '../app/pages.ts';
import { ask, go, linkTo } from '../app/router.ts';
import { client, serviceNow } from '../app/session.ts';
import { counted, day, lastStep, moment, number, parentOf, pointerOf, quoted, span } from '../app/words.ts';
import { Empty, Head, More, Show, Term } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';
import { step } from '../parts/rows.ts';
import { copy } from '../parts/toast.tsx';
import { Mask, Value, wasAndIs } from '../parts/value.tsx';
import { Restore } from './restore.tsx';

type Change = Answer<'PathChange'>;

const PAGE = 200;

interface Page {
  changes: Change[];
  backups: number;
  oldest: { backupId: string; createdAt: string } | undefined;
  hasMore: boolean;
}

async function load(
  id: string,
  path: string,
  isRevealed: boolean,
  count: number,
  signal: AbortSignal,
): Promise<Page> {
  const query = { path, limit: PAGE, textBytes: 2048, ...(isRevealed ? {} : { mask: '@resource' }) };
  const { pages, hasMore } = await pagesOf(count, (cursor) =>
    client.call('getHistory', { params: { resourceId: id }, query: { ...query, ...cursor } }, { signal }),
  );
  return {
    changes: pages.flatMap(({ changes }) => changes),
    backups: pages.reduce((sum, { looked }) => sum + looked.backups, 0),
    oldest: pages.at(-1)?.looked.oldest,
    hasMore,
  };
}

export function History({ asked }: { asked: Record<string, string> }) {
  const { id = '', path = '' } = asked;
  const [pages, setPages] = useState(1);
  const [isRevealed, setRevealed] = useState(false);
  const [restoring, setRestoring] = useState<string | undefined>(undefined);
  const loaded = useLoad(
    (signal) => load(id, path, isRevealed, pages, signal),
    [id, path, pages, isRevealed],
  );
  const list = useRef<HTMLOListElement>(null);
  const move = (by: number): void =>
    step(list.current, 'li', by)?.querySelector<HTMLElement>('a, button')?.focus();
  useKeys('History', [
    { key: 'v', about: isRevealed ? 'hide' : 'reveal', run: () => setRevealed(!isRevealed) },
    { key: 'c', about: 'copy pointer', run: () => copy(path, 'The pointer') },
    { key: 's', about: 'open state', run: () => go(linkTo('state', { id, path })) },
  ]);
  const { value } = loaded;
  return (
    <>
      <Head
        title={path === '' ? `History of ${id}` : `History of ${lastStep(path)}`}
        crumbs={[
          { text: 'Overview', href: linkTo('overview') },
          { text: id, href: linkTo('resource', { id }) },
          { text: 'History' },
        ]}
        acts={
          <>
            <a class="btn" href={linkTo('state', { id, path })}>
              <Icon name="tree" />
              Open state <kbd class="wide">s</kbd>
            </a>
            <button
              type="button"
              class="btn"
              aria-pressed={isRevealed}
              onClick={() => setRevealed(!isRevealed)}
            >
              <Icon name="eye" />
              {isRevealed ? 'Hide again' : 'Reveal'} <kbd class="wide">v</kbd>
            </button>
          </>
        }
        answer={value && <Answered page={value} />}
      />
      <PathForm id={id} path={path} />
      <Show
        loaded={loaded}
        what={path === '' ? 'The history could not be read' : `The history of ${path} could not be read`}
      >
        {(page) => (
          <section class="sec panel" aria-label="Changes">
            {page.changes.length === 0 ? (
              <Empty title={!page.hasMore ? 'It was never there' : 'No change yet'}>
                {!page.hasMore
                  ? `None of ${counted(page.backups, 'backup')} has anything at this path.`
                  : `${counted(page.backups, 'backup')} were looked through, and there are older ones.`}
              </Empty>
            ) : (
              <ol class="hist" ref={list}>
                {page.changes.map((change, i) => (
                  <Entry
                    key={change.backupId}
                    id={id}
                    path={path}
                    change={change}
                    isFirst={i === 0}
                    restore={setRestoring}
                  />
                ))}
              </ol>
            )}
            {page.hasMore && (
              <More
                shown={`${number(page.backups)} backups looked through${page.oldest === undefined ? '' : `, back to ${day(page.oldest.createdAt)}`}`}
                text="Look further back"
                onMore={() => setPages(pages + 1)}
              />
            )}
          </section>
        )}
      </Show>
      <p class="hint">
        The further back, the coarser: a change between two kept backups is told with both. No number or text
        was parsed on the way here.
      </p>
      {restoring && (
        <Restore
          id={id}
          at={restoring}
          path={path}
          close={() => setRestoring(undefined)}
          done={loaded.reload}
        />
      )}
      <Term
        name="Changes"
        command={`brs log ${quoted(id)} --path ${quoted(path)}`}
        keys={[
          { key: 'j', about: 'next change', run: () => move(1), isShown: true },
          { key: 'k', about: 'previous', run: () => move(-1), isShown: true },
          { key: 'u', about: 'parent path', run: () => ask({ path: parentOf(path) }), isShown: true },
        ]}
      />
    </>
  );
}

function PathForm({ id, path }: { id: string; path: string }) {
  const take = (text: string): void => ask({ path: pointerOf(text) });
  return (
    <form
      class="pathbar"
      onSubmit={(event) => {
        event.preventDefault();
        take(new FormData(event.currentTarget).get('path') as string);
      }}
    >
      <label class="sr" for="path">
        Path in {id}: a JSON Pointer
      </label>
      <input
        key={path}
        id="path"
        name="path"
        type="text"
        class="mono"
        defaultValue={path}
        spellcheck={false}
        placeholder="/tables/users/id=42/email"
      />
      <button type="submit" class="btn">
        Show
      </button>
      <button type="button" class="btn" onClick={() => copy(path, 'The pointer')}>
        <Icon name="copy" />
        Copy pointer <kbd class="wide">c</kbd>
      </button>
    </form>
  );
}

function Answered({ page }: { page: Page }) {
  const changes = page.changes.filter(({ change }) => change !== 'first');
  const [newest] = changes;
  const within = !page.hasMore ? '' : ` in the newest ${number(page.backups)} backups`;
  if (newest === undefined)
    return page.changes.length === 0 ? null : (
      <>
        <b>Never changed</b>
        {within}: {counted(page.backups, 'backup')} have the same value.
      </>
    );
  return (
    <>
      Changed{' '}
      <b>
        {changes.length === 1 ? 'once' : changes.length === 2 ? 'twice' : `${number(changes.length)} times`}
      </b>
      {within}, last <b>{span(serviceNow() - Date.parse(newest.createdAt))} ago</b>
      {newest.change === 'gone' ? ', when it went' : ''}.
    </>
  );
}

const WORDS: Record<Change['change'], string> = {
  first: 'There in the oldest kept backup,',
  appeared: 'Appeared in',
  changed: 'Changed in',
  gone: 'Went in',
  ambiguous: 'Several rows are called like that from',
};

interface EntryProps {
  id: string;
  path: string;
  change: Change;
  isFirst: boolean;
  restore: (backupId: string) => void;
}

function Entry({ id, path, change, isFirst, restore }: EntryProps) {
  const { backupId, createdAt, previous, change: how, old } = change;
  return (
    <li>
      <div class="when">
        <b>{moment(createdAt)}</b>
        <span class="faint">{span(serviceNow() - Date.parse(createdAt))} ago</span>
      </div>
      <div class="rail">
        <span class={isFirst ? 'dot on' : 'dot'} />
      </div>
      <div class="what">
        <p>
          {WORDS[how]}{' '}
          <a class="mono nw" href={linkTo('state', { id, at: backupId, path })}>
            {backupId}
          </a>{' '}
          {previous && <span class="tag">between {moment(previous.createdAt)} and then</span>}
        </p>
        <Values change={change} />
      </div>
      <div class="do">
        {previous && old && (
          <button type="button" class="btn sm" onClick={() => restore(previous.backupId)}>
            <Icon name="undo" />
            Restore the old value
          </button>
        )}
        {previous && (
          <a
            class="btn quiet sm icon"
            href={linkTo('compare', { id, from: previous.backupId, to: backupId })}
            aria-label={`All changes of ${backupId}`}
            title={`All changes of ${backupId}`}
          >
            <Icon name="diff" />
          </a>
        )}
      </div>
    </li>
  );
}

function Values({ change: { old, new: now } }: { change: Change }) {
  if (old?.masked && now?.masked)
    return (
      <div class="ft">
        <span class="o">was</span>
        <code class="o">
          <Mask kind={old.kind} />
        </code>
        <span class="w">is</span>
        <code class="w">
          <Mask kind={now.kind} /> <span class="faint">differs</span>
        </code>
      </div>
    );
  const marked =
    old?.text !== undefined && now?.text !== undefined && !old.cut && !now.cut
      ? wasAndIs(old.text, now.text)
      : undefined;
  return (
    <div class="ft">
      {old && (
        <>
          <span class="o">was</span>
          <code class="o">{marked?.old ?? <Value of={old} />}</code>
        </>
      )}
      {now && (
        <>
          <span class="w">is</span>
          <code class="w">{marked?.now ?? <Value of={now} />}</code>
        </>
      )}
    </div>
  );
}
