// What two states differ by, entry by entry: old and new as they are stored, one sign each.

import type { Answer } from '../../lib/client/contract.ts';
import { type DiffEntry, elementsOf, kindOf, membersOf } from '../app/exact.ts';
import { linkTo } from '../app/router.ts';
import { bytes, lastStep, parentOf } from '../app/words.ts';
import { Icon } from '../parts/icon.tsx';
import { copy } from '../parts/toast.tsx';
import { Long, Mask, wasAndIs } from '../parts/value.tsx';

type Diff = Answer<'Diff'>;

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

/** Entry by entry, side by side; members of one row together. */
export function Differences({
  id,
  diff,
  entries,
  restore,
}: {
  id: string;
  diff: Diff;
  entries: readonly DiffEntry[];
  restore: (pointer: string) => void;
}) {
  return (
    <>
      <div class="dcols wide" aria-hidden="true">
        <span>Member</span>
        <span>
          <b>A</b> · {diff.from.backupId}
        </span>
        <span>
          <b>B</b> · {diff.to.backupId}
        </span>
      </div>
      {grouped(entries).map((group) => (
        <Article key={`${group.sign}${group.pointer}`} id={id} group={group} diff={diff} restore={restore} />
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
