// Compare: what differs between A and B? Counts by table first; then entry by entry, side by side, one sign each.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { type DiffEntry, elementsOf, entriesOf, kindOf, membersOf } from '../app/exact.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { ask, go, linkTo } from '../app/router.ts';
import { client } from '../app/session.ts';
import { bytes, counted, lastStep, number, parentOf, quoted, shortSum } from '../app/words.ts';
import { Empty, Head, Show, Term } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';
import { Found, InstantField } from '../parts/instant.tsx';
import { copy } from '../parts/toast.tsx';
import { Long, Mask, wasAndIs } from '../parts/value.tsx';
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
  const move = (by: number): void => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>('article') ?? [])];
    const here = items.findIndex((one) => one.contains(document.activeElement));
    const next = items[Math.max(0, Math.min(items.length - 1, here < 0 ? 0 : here + by))];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
  };
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
                <Entries
                  id={id}
                  page={page}
                  restore={(pointer) => setRestoring({ at: page.diff.from.backupId, path: pointer })}
                />
              )}
              {page.next !== undefined && (
                <div class="more">
                  <span>
                    {number(page.entries.length)} of {number(total(page.diff.counts))} shown; the counts are
                    exact
                  </span>
                  <button type="button" class="btn sm" onClick={() => setPages(pages + 2)}>
                    Show {2 * PAGE} more
                  </button>
                </div>
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
      <td class={of.additions > 0 ? 'num add' : 'num faint'}>
        {of.additions > 0 ? `+${number(of.additions)}` : '·'}
      </td>
      <td class={of.changes + of.moves > 0 ? 'num chg' : 'num faint'}>
        {of.changes + of.moves > 0 ? `~${number(of.changes + of.moves)}` : '·'}
      </td>
      <td class={of.deletions > 0 ? 'num rem' : 'num faint'}>
        {of.deletions > 0 ? `−${number(of.deletions)}` : '·'}
      </td>
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

interface Group {
  pointer: string;
  sign: DiffEntry['sign'];
  entries: DiffEntry[];
}

/** Members of one row that changed stand together. */
function grouped(entries: readonly DiffEntry[]): Group[] {
  const groups: Group[] = [];
  for (const entry of entries) {
    const path = entry.row ?? entry.pointer;
    const parent = entry.sign === '~' ? parentOf(path) : path;
    const last = groups.at(-1);
    if (entry.sign === '~' && last?.sign === '~' && last.pointer === parent) last.entries.push(entry);
    else groups.push({ pointer: parent, sign: entry.sign, entries: [entry] });
  }
  return groups;
}

function Entries({ id, page, restore }: { id: string; page: Page; restore: (pointer: string) => void }) {
  return (
    <>
      <div class="dcols wide" aria-hidden="true">
        <span>Member</span>
        <span>
          <b>A</b> · {page.diff.from.backupId}
        </span>
        <span>
          <b>B</b> · {page.diff.to.backupId}
        </span>
      </div>
      {grouped(page.entries).map((group) => (
        <Article
          key={`${group.sign}${group.pointer}`}
          id={id}
          group={group}
          diff={page.diff}
          restore={restore}
        />
      ))}
    </>
  );
}

const TONES = { '+': 'add', '~': 'chg', '−': 'rem', '→': 'chg' } as const;
const SIGN_WORDS = { '+': 'added', '~': 'changed', '−': 'removed', '→': 'moved' } as const;

function Article({
  id,
  group,
  diff,
  restore,
}: {
  id: string;
  group: Group;
  diff: Diff;
  restore: (pointer: string) => void;
}) {
  const { pointer, sign, entries } = group;
  const at = sign === '−' ? diff.from.backupId : diff.to.backupId;
  return (
    <article
      class="dg in-focus"
      aria-label={`${SIGN_WORDS[sign]}: ${pointer}`}
      tabIndex={-1}
      data-pointer={pointer}
    >
      <div class="dh">
        <span class={`sign ${TONES[sign]}`} aria-hidden="true">
          {sign}
        </span>
        <code>
          <a href={linkTo('state', { id, at, path: pointer })}>
            <bdi>{pointer === '' ? '(the whole state)' : pointer}</bdi>
          </a>
        </code>
        <span class="push">
          <a
            class="btn quiet sm icon"
            href={linkTo('history', { id, path: pointer })}
            aria-label={`History of ${pointer}`}
            title={`History of ${pointer}`}
          >
            <Icon name="history" />
          </a>
          <button
            type="button"
            class="btn quiet sm icon"
            aria-label={`Copy pointer ${pointer}`}
            title={`Copy pointer ${pointer}`}
            onClick={() => copy(pointer, 'The pointer')}
          >
            <Icon name="copy" />
          </button>
          {sign !== '+' && sign !== '→' && (
            <button
              type="button"
              class="btn quiet sm icon"
              aria-label={`Restore ${pointer} as in A`}
              title={`Restore ${pointer} as in A`}
              onClick={() => restore(pointer)}
            >
              <Icon name="undo" />
            </button>
          )}
        </span>
      </div>
      <table class="dd">
        <tbody>{entries.flatMap((entry) => rowsOf(entry))}</tbody>
      </table>
    </article>
  );
}

/** Of a change one row; of what was added or removed whole a row for each member. */
function rowsOf(entry: DiffEntry) {
  const { sign, pointer, row, old, now, oldBytes, nowBytes, to, isMasked } = entry;
  const name = lastStep(row ?? pointer);
  if (sign === '→')
    return [
      <tr key={pointer}>
        <th scope="row">moved</th>
        <td colSpan={2}>
          to <code>{to}</code>
        </td>
      </tr>,
    ];
  if (sign === '~') {
    const marked =
      old !== undefined && now !== undefined && kindOf(old) === kindOf(now) ? wasAndIs(old, now) : undefined;
    return [
      <tr key={pointer}>
        <th scope="row">
          <bdi>{name}</bdi>
        </th>
        <td class="o">{side(marked?.old, old, oldBytes, isMasked)}</td>
        <td class="w">{side(marked?.now, now, nowBytes, isMasked)}</td>
      </tr>,
    ];
  }
  const isNew = sign === '+';
  const text = isNew ? now : old;
  const size = isNew ? nowBytes : oldBytes;
  const parts = text === undefined ? undefined : partsOf(text);
  const rows: [name: string, text: string | undefined][] = parts ?? [[name, text]];
  return rows.map(([member, value], i) => {
    const none =
      i === 0 ? (
        <td rowSpan={rows.length} class="none">
          <span class="sr">not there</span>
        </td>
      ) : undefined;
    const cell = <td class={isNew ? 'w' : 'o'}>{side(undefined, value, size, isMasked)}</td>;
    return (
      <tr key={`${pointer} ${member}`}>
        <th scope="row">
          <bdi>{member}</bdi>
        </th>
        {isNew ? (
          <>
            {none}
            {cell}
          </>
        ) : (
          <>
            {cell}
            {none}
          </>
        )}
      </tr>
    );
  });
}

const PARTS_MAX = 50;

function partsOf(text: string): [string, string][] | undefined {
  const kind = kindOf(text);
  if (kind === 'object') {
    const members = Object.entries(membersOf(text));
    return members.length === 0 || members.length > PARTS_MAX ? undefined : members;
  }
  if (kind !== 'array') return undefined;
  const elements = elementsOf(text).map((one, i): [string, string] => [String(i), one]);
  return elements.length === 0 || elements.length > PARTS_MAX ? undefined : elements;
}

function side(
  marked: preact.ComponentChildren,
  text: string | undefined,
  size: number | undefined,
  isMasked: boolean | undefined,
) {
  // As the service writes what it hides.
  if (isMasked && text === '"[masked]"') return <Mask />;
  if (text === undefined)
    return size === undefined ? (
      isMasked ? (
        <Mask />
      ) : (
        <span class="faint">not there</span>
      )
    ) : (
      <span class="faint">{bytes(size)}, too long for this list</span>
    );
  return marked !== undefined && text.length < 600 ? marked : <Long text={text} />;
}
