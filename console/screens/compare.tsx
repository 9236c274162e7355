// Compare: what differs between A and B? Counts by table first; then entry by entry, side by side, one sign each.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { type DiffEntry, entriesOf } from '../app/exact.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { ask, go, linkTo } from '../app/router.ts';
import { client } from '../app/session.ts';
import { bytes, counted, lastStep, number, quoted, shortSum } from '../app/words.ts';
import { CountCells, Empty, Head, More, Show, Term } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';
import { Found, InstantField } from '../parts/instant.tsx';
import { step } from '../parts/rows.ts';
import { copy } from '../parts/toast.tsx';
import { Differences } from './differences.tsx';
import { Restore } from './restore.tsx';

type Diff = Answer<'Diff'>;

const PAGE = 50;
const VALUE_BYTES = 4096;

interface Page {
  diff: Diff;
  entries: DiffEntry[];
  next?: number;
}

async function load(
  id: string,
  asked: { from?: string; to?: string; path?: string },
  isRevealed: boolean,
  pages: number,
  signal: AbortSignal,
): Promise<Page> {
  const query = {
    ...asked,
    limit: PAGE,
    valueBytes: VALUE_BYTES,
    ...(isRevealed ? {} : { mask: '@resource' }),
  };
  let found: Page | undefined;
  for (let n = 0; n < pages && (found === undefined || found.next !== undefined); n++) {
    const after = found?.next === undefined ? {} : { after: found.next };
    const text = await (
      await client.raw('getDiff', { params: { resourceId: id }, query: { ...query, ...after } }, { signal })
    ).text();
    // Its counts and places are ours to read; the values are taken from the text.
    const diff = JSON.parse(text) as Diff;
    const entries: DiffEntry[] = [...(found?.entries ?? []), ...entriesOf(text)];
    found = { diff: found?.diff ?? diff, entries, ...(diff.next === undefined ? {} : { next: diff.next }) };
  }
  return found!;
}

export function Compare({ asked }: { asked: Record<string, string> }) {
  const { id = '', from, to = 'latest', path } = asked;
  const [pages, setPages] = useState(1);
  const [isRevealed, setRevealed] = useState(false);
  const [restoring, setRestoring] = useState<{ at: string; path: string } | undefined>(undefined);
  const where = { ...(from === undefined ? {} : { from }), to, ...(path === undefined ? {} : { path }) };
  useEffect(() => setPages(1), [id, from, to, path]);
  const loaded = useLoad(
    (signal) => load(id, where, isRevealed, pages, signal),
    [id, where, isRevealed, pages],
  );
  // All of both states, so that the tables beside stay where they are while one of them is looked at.
  const whole = useLoad(
    async (signal) =>
      client.call(
        'getDiff',
        {
          params: { resourceId: id },
          query: { ...(from === undefined ? {} : { from }), to, format: 'stat' },
        },
        { signal },
      ),
    [id, from, to],
  );
  const list = useRef<HTMLDivElement>(null);
  const move = (by: number): void => step(list.current, 'article', by)?.focus();
  const { value } = loaded;
  const swap = (): void => {
    if (value !== undefined) ask({ from: value.diff.to.backupId, to: value.diff.from.backupId });
  };
  const tables = whole.value?.tables ?? [];
  const nextTable = (): void => {
    const here = tables.findIndex(({ pointer }) => pointer === path);
    ask({ path: tables[here + 1]?.pointer }, { replaces: true });
  };
  const atFocus = (then: (pointer: string) => void) => (): void => {
    const pointer = (document.activeElement?.closest('article') as HTMLElement | null)?.dataset.pointer;
    if (pointer !== undefined) then(pointer);
  };
  useKeys('Compare', [
    { key: 'n', about: 'next change', run: () => move(1), isShown: true },
    { key: 'p', about: 'change before', run: () => move(-1), isShown: true },
    { key: 't', about: 'next table', run: nextTable, isShown: true },
    { key: 'w', about: 'swap A and B', run: swap, isShown: true },
    {
      key: 'h',
      about: 'history of this path',
      run: atFocus((pointer) => go(linkTo('history', { id, path: pointer }))),
    },
    { key: 'c', about: 'copy pointer', run: atFocus((pointer) => copy(pointer, 'The pointer')) },
    { key: 'v', about: isRevealed ? 'hide' : 'reveal', run: () => setRevealed(!isRevealed) },
  ]);
  return (
    <>
      <Head
        title={`Compare ${id}`}
        crumbs={[
          { text: 'Overview', href: linkTo('overview') },
          { text: id, href: linkTo('resource', { id }) },
          { text: 'Compare' },
        ]}
        acts={
          <button
            type="button"
            class="btn"
            aria-pressed={isRevealed}
            onClick={() => setRevealed(!isRevealed)}
          >
            <Icon name="eye" />
            {isRevealed ? 'Hide again' : 'Reveal'} <kbd class="wide">v</kbd>
          </button>
        }
        answer={whole.value && <Answered diff={whole.value as Diff} />}
      />
      <div class="duo">
        <Side
          letter="A"
          value={from ?? '-1'}
          found={value?.diff.from}
          onChange={(next) => ask({ from: next })}
        />
        <button
          type="button"
          class="btn swap icon"
          aria-label="Swap A and B"
          title="Swap A and B"
          onClick={swap}
        >
          <Icon name="swap" />
        </button>
        <Side letter="B" value={to} found={value?.diff.to} onChange={(next) => ask({ to: next })} />
      </div>
      <Show loaded={loaded} what="The two could not be compared">
        {(page) => (
          <div class="dsplit">
            <Summary tables={tables} counts={whole.value?.counts} others={whole.value?.others} path={path} />
            <div ref={list}>
              {page.entries.length === 0 ? (
                <Equal diff={page.diff} path={path} />
              ) : (
                <Differences
                  id={id}
                  diff={page.diff}
                  entries={page.entries}
                  restore={(pointer) => setRestoring({ at: page.diff.from.backupId, path: pointer })}
                />
              )}
              {page.next !== undefined && (
                <More
                  shown={`${number(page.entries.length)} of ${number(total(page.diff.counts))} shown; the counts are exact`}
                  text={`Show ${2 * PAGE} more`}
                  onMore={() => setPages(pages + 2)}
                />
              )}
            </div>
          </div>
        )}
      </Show>
      {restoring && (
        <Restore
          id={id}
          at={restoring.at}
          path={restoring.path}
          close={() => setRestoring(undefined)}
          done={loaded.reload}
        />
      )}
      <Term name="Two states" command={commandOf(id, from, to, path)} keys={[]} />
    </>
  );
}

function commandOf(id: string, from: string | undefined, to: string, path: string | undefined): string {
  const place = path === undefined ? '' : ` --path ${quoted(path)}`;
  if (from === undefined && to === 'latest') return `brs diff ${quoted(id)}${place}`;
  return `brs diff ${quoted(`${id}@${from ?? '-1'}`)} ${quoted(`${id}@${to}`)}${place}`;
}

type Counts = Diff['counts'];
const total = ({ additions, changes, deletions, moves }: Counts): number =>
  additions + changes + deletions + moves;

function Answered({ diff }: { diff: Diff }) {
  const { counts, tables, others } = diff;
  if (total(counts) === 0)
    return (
      <>
        <b>Equal, byte for byte.</b> {shortSum(diff.from.checksum)}
      </>
    );
  const said = [
    counts.additions > 0 ? `${number(counts.additions)} added` : '',
    counts.changes > 0 ? `${number(counts.changes)} changed` : '',
    counts.deletions > 0 ? `${number(counts.deletions)} removed` : '',
    counts.moves > 0 ? `${number(counts.moves)} moved` : '',
  ].filter((one) => one !== '');
  return (
    <>
      <b>{said.join(', ')}</b> in{' '}
      {others === undefined
        ? counted(tables.length, 'place')
        : `more than ${counted(tables.length, 'place')}`}
      .
    </>
  );
}

function Side({
  letter,
  value,
  found,
  onChange,
}: {
  letter: 'A' | 'B';
  value: string;
  found: Answer<'FoundState'> | undefined;
  onChange: (next: string) => void;
}) {
  return (
    <div class="side-i">
      <div class="row">
        <span class="ab">{letter}</span>
        <InstantField label={`Instant ${letter}`} value={value} onChange={onChange} />
      </div>
      <p class="dim">
        {found && (
          <>
            <Found state={found} /> · {bytes(found.size)}
          </>
        )}
      </p>
    </div>
  );
}

function Equal({ diff, path }: { diff: Diff; path: string | undefined }) {
  if (path !== undefined)
    return (
      <Empty
        title={`Nothing differs at ${path}`}
        act={
          <button type="button" class="btn" onClick={() => ask({ path: undefined })}>
            All changes
          </button>
        }
      />
    );
  return (
    <Empty title="Equal, byte for byte">
      <span class="mono">{diff.from.checksum}</span>
    </Empty>
  );
}

function Summary({
  tables,
  counts,
  others,
  path,
}: {
  tables: Diff['tables'];
  counts: Counts | undefined;
  others: Counts | undefined;
  path: string | undefined;
}) {
  const row = (name: string, of: Counts, to: string | undefined, isTop = false) => (
    <tr key={name} class={to === path && !isTop ? 'sel' : undefined}>
      <th scope="row">
        {isTop ? (
          name
        ) : (
          <button type="button" class="lnk" onClick={() => ask({ path: to }, { replaces: true })} title={to}>
            <bdi>{name}</bdi>
          </button>
        )}
      </th>
      <CountCells counts={of} />
    </tr>
  );
  return (
    <section class="sum" aria-label="Summary by table">
      <table class="tbl tight">
        <thead>
          <tr>
            <th scope="col">Table</th>
            <th scope="col" class="num">
              Add
            </th>
            <th scope="col" class="num">
              Chg
            </th>
            <th scope="col" class="num">
              Rem
            </th>
          </tr>
        </thead>
        <tbody>
          {counts && row('All changes', counts, undefined)}
          {tables.map((table) =>
            row(
              table.pointer === '' ? 'at the top' : lastStep(table.pointer),
              table,
              table.pointer === '' ? undefined : table.pointer,
              table.pointer === '',
            ),
          )}
          {others && (
            <tr>
              <th scope="row" class="faint">
                others
              </th>
              <td class="num add">{number(others.additions)}</td>
              <td class="num chg">{number(others.changes)}</td>
              <td class="num rem">{number(others.deletions)}</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}
