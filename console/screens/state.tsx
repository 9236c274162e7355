// State at an instant: what was there? Asked and found first; the tree at the left, what is selected at the right.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { ask, go, linkTo, SERVICE_URL } from '../app/router.ts';
import { client, mayDo } from '../app/session.ts';
import { bytes, counted, moment, number, parentOf, quoted, shortSum, unescapeStep } from '../app/words.ts';
import { faultOf, Head, Show, Term } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';
import { Found, InstantField } from '../parts/instant.tsx';
import { copy, tell } from '../parts/toast.tsx';
import { type Asking, openTree, Tree, type TreeState, treeKeys } from '../parts/tree.tsx';
import { Value } from '../parts/value.tsx';
import { Restore } from './restore.tsx';

/** What is revealed is hidden again after that. */
const REVEALED_MS = 5 * 60_000;
const SHOWN_MAX = 100;
const LOOKED_MAX = 200;
const PAGES_MAX = 5;

export function State({ asked }: { asked: Record<string, string> }) {
  const { id = '', at = 'latest', path = '' } = asked;
  const [revealed, setRevealed] = useState(0);
  const [restoring, setRestoring] = useState<'whole' | 'path' | undefined>(undefined);
  const asking: Asking = { id, at, mask: revealed > 0 ? '' : '@resource' };
  // A path that is reached by the tree is in it already.
  const opened = useRef<TreeState | undefined>(undefined);
  const [wanted, setWanted] = useState(path);
  useEffect(() => {
    if (opened.current === undefined || !hasPath(opened.current, path)) setWanted(path);
  }, [path]);
  const loaded = useLoad((signal) => openTree(asking, wanted, signal), [id, at, wanted, revealed]);
  opened.current = loaded.value;

  useEffect(() => {
    if (revealed === 0) return undefined;
    const hide = setTimeout(() => setRevealed(0), REVEALED_MS);
    return () => clearTimeout(hide);
  }, [revealed]);

  const found = loaded.value?.found;
  const step = (way: 'previous' | 'next'): void => {
    const { backupId } = found ?? {};
    if (backupId === undefined) return;
    void neighbour(id, backupId, way).then((next) =>
      next === undefined
        ? tell(way === 'next' ? 'That is the newest' : 'That is the oldest')
        : ask({ at: next }),
    );
  };
  const pathField = useRef<HTMLInputElement>(null);
  const [isEditing, setEditing] = useState(false);
  const select = (next: string): void => ask({ path: next }, { replaces: true });
  const reveal = (): void => setRevealed(revealed > 0 ? 0 : Date.now());
  const raw = (): void => void copyRaw(id, found?.backupId ?? at, path);

  const command = `brs cat ${quoted(id)}${at === 'latest' ? '' : ` --at ${quoted(at)}`}${path === '' ? '' : ` --path ${quoted(path)}`}`;
  useKeys('State', [
    { key: '[', about: 'older', run: () => step('previous'), isShown: true },
    { key: ']', about: 'newer', run: () => step('next'), isShown: true },
    { key: 'e', about: 'edit the path', run: () => setEditing(true) },
    { key: 'f', about: 'go to a key', run: () => setEditing(true) },
    { key: 'c', about: 'copy pointer', run: () => copy(path, 'The pointer') },
    { key: 'y', about: 'copy raw value', run: raw },
    { key: 'v', about: revealed > 0 ? 'hide' : 'reveal for 5 minutes', run: reveal },
    { key: 'h', about: 'history of this path', run: () => go(linkTo('history', { id, path })) },
    { key: 'u', about: 'parent', run: () => select(parentOf(path)) },
    {
      key: 'd',
      about: 'compare with now',
      run: () => go(linkTo('compare', { id, from: found?.backupId, to: 'latest' })),
    },
    { key: 'r', about: 'restore', run: () => setRestoring('whole') },
  ]);
  useEffect(() => {
    if (isEditing) pathField.current?.select();
  }, [isEditing]);

  return (
    <>
      <Head
        title={`State of ${id}`}
        crumbs={[
          { text: 'Overview', href: linkTo('overview') },
          { text: id, href: linkTo('resource', { id }) },
          { text: 'State' },
        ]}
        acts={
          <>
            <a class="btn" href={linkTo('compare', { id, from: found?.backupId, to: 'latest' })}>
              <Icon name="diff" />
              Compare with now <kbd class="wide">d</kbd>
            </a>
            <a
              class="btn"
              href={`${SERVICE_URL}/resources/${encodeURIComponent(id)}/state?at=${encodeURIComponent(found?.backupId ?? at)}`}
              download={`${id.replaceAll('/', '_')}.json`}
            >
              <Icon name="download" />
              Download raw
            </a>
            <button type="button" class="btn pri" onClick={() => setRestoring('whole')}>
              <Icon name="restore" />
              Restore <kbd class="wide">r</kbd>
            </button>
          </>
        }
      />
      <div class="instant">
        <span class="asked">
          <span class="dim">At</span>
          <InstantField label="At" value={at} onChange={(next) => ask({ at: next })} />
        </span>
        <span class="found">
          {found && (
            <>
              <Found state={found} /> <span class="faint">· {bytes(found.size)}</span>
            </>
          )}
        </span>
        <span class="push">
          <button
            type="button"
            class="btn icon"
            aria-label="Older state"
            title="Older state"
            onClick={() => step('previous')}
          >
            <Icon name="left" />
          </button>
          <button
            type="button"
            class="btn icon"
            aria-label="Newer state"
            title="Newer state"
            onClick={() => step('next')}
          >
            <Icon name="right" />
          </button>
        </span>
      </div>
      <div class="pathbar">
        {isEditing ? (
          <input
            ref={pathField}
            class="mono path-edit"
            type="text"
            aria-label="Path: a JSON Pointer"
            defaultValue={path}
            spellcheck={false}
            placeholder="/tables/users/id=42"
            onBlur={() => setEditing(false)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') select(pointerOf(event.currentTarget.value));
              else if (event.key !== 'Escape') return;
              setEditing(false);
            }}
          />
        ) : (
          <Crumbs id={id} path={path} onSelect={select} onEdit={() => setEditing(true)} />
        )}
        <button type="button" class="btn" onClick={() => copy(path, 'The pointer')}>
          <Icon name="copy" />
          Copy pointer <kbd class="wide">c</kbd>
        </button>
        <button type="button" class="btn" onClick={raw}>
          Copy raw value <kbd class="wide">y</kbd>
        </button>
      </div>
      <Show
        loaded={loaded}
        what={path === '' ? 'The state could not be read' : `${path} is not there at this instant`}
      >
        {(tree) => (
          <div class="split">
            <section class="panel" aria-label="Tree">
              <div class="ph">
                <h2>Tree</h2>
                <span class="faint">
                  {tree.root.shown.kind === 'object'
                    ? counted(tree.root.shown.count ?? 0, 'member')
                    : tree.root.shown.kind === 'array'
                      ? counted(tree.root.shown.count ?? 0, 'item')
                      : tree.root.shown.kind}
                </span>
                <div class="push">
                  <button type="button" class="btn quiet sm" onClick={() => setEditing(true)}>
                    <Icon name="search" />
                    Go to <kbd class="wide">f</kbd>
                  </button>
                  <button type="button" class="btn quiet sm" aria-pressed={revealed > 0} onClick={reveal}>
                    <Icon name="eye" />
                    {revealed > 0 ? 'Hide again' : 'Reveal'} <kbd class="wide">v</kbd>
                  </button>
                </div>
              </div>
              {(tree.root.shown.count ?? 0) === 0 ? (
                <div class="raw">
                  <Value of={tree.root.shown} />
                </div>
              ) : (
                <Tree key={tree.found.backupId} asking={asking} tree={tree} path={path} onSelect={select} />
              )}
              <p class="hint foot">
                {revealed > 0
                  ? 'Everything is shown for 5 minutes, then hidden again by name.'
                  : 'Only what is on the screen is fetched; what is hidden by its name is not sent. Each look is audited.'}
              </p>
            </section>
            <Selected
              asking={{ ...asking, at: tree.found.backupId }}
              found={tree.found}
              path={path}
              restore={() => setRestoring('path')}
            />
          </div>
        )}
      </Show>
      {restoring && (
        <Restore
          id={id}
          at={found?.backupId}
          path={restoring === 'path' ? path : undefined}
          close={() => setRestoring(undefined)}
          done={loaded.reload}
        />
      )}
      <Term name="Tree" command={command} keys={treeKeys} />
    </>
  );
}

function hasPath({ root }: TreeState, path: string): boolean {
  if (path === root.path) return true;
  const look = (node: TreeState['root']): boolean =>
    (node.children ?? []).some((one) => one.path === path || (path.startsWith(`${one.path}/`) && look(one)));
  return look(root);
}

/** What was typed, as a JSON Pointer. */
const pointerOf = (text: string): string => (text === '' || text.startsWith('/') ? text : `/${text}`);

async function neighbour(
  id: string,
  backupId: string,
  way: 'previous' | 'next',
): Promise<string | undefined> {
  let before: string | undefined;
  for await (const one of client.backupsOf(id, { limit: 1000 })) {
    if (before === backupId && way === 'previous') return one.id;
    if (one.id === backupId && way === 'next') return before;
    before = one.id;
  }
  return undefined;
}

async function copyRaw(id: string, at: string, path: string): Promise<void> {
  try {
    const backup = at.startsWith('backup-') ? at : (await client.tree(id, { at, limit: 1 })).state.backupId;
    const { text } = await client.restore(
      backup,
      id,
      path === '' ? {} : { path: await plainPointer(id, backup, path) },
    );
    copy(text, 'The raw value');
  } catch (error) {
    tell(faultOf(error).detail);
  }
}

/** As the state itself has it: restores take no names of rows. */
export async function plainPointer(id: string, at: string, path: string): Promise<string> {
  return (await client.tree(id, { at, path, limit: 1, mask: '@all' })).path;
}

interface CrumbsProps {
  id: string;
  path: string;
  onSelect: (path: string) => void;
  onEdit: () => void;
}

function Crumbs({ id, path, onSelect, onEdit }: CrumbsProps) {
  const steps = path.split('/').slice(1);
  return (
    <nav class="path" aria-label="Path">
      <a
        class="root"
        href={linkTo('state', { id })}
        onClick={(event) => {
          event.preventDefault();
          onSelect('');
        }}
        aria-current={path === '' ? 'location' : undefined}
      >
        <bdi>{id}</bdi>
      </a>
      {steps.map((step, i) => {
        const to = `/${steps.slice(0, i + 1).join('/')}`;
        const isLast = i === steps.length - 1;
        return (
          <>
            <span class="sl">/</span>
            <a
              href={linkTo('state', { id, path: to })}
              class={isLast ? 'last' : undefined}
              aria-current={isLast ? 'location' : undefined}
              onClick={(event) => {
                event.preventDefault();
                onSelect(to);
              }}
            >
              <bdi>{unescapeStep(step)}</bdi>
            </a>
          </>
        );
      })}
      <button type="button" class="end" onClick={onEdit}>
        <kbd>e</kbd> edit
      </button>
    </nav>
  );
}

/** What was found, or how far was looked for it. */
interface Looked {
  change?: Answer<'PathChange'>;
  backups: number;
  isAll: boolean;
}

/** The first change that is wanted, page after page. */
async function look(
  id: string,
  query: { path: string; since?: string },
  isWanted: (change: Answer<'PathChange'>) => boolean,
  signal: AbortSignal,
): Promise<Looked> {
  let backups = 0;
  let cursor: string | undefined;
  for (let n = 0; n < PAGES_MAX; n++) {
    const asked = { ...query, mask: '@all', limit: LOOKED_MAX, ...(cursor === undefined ? {} : { cursor }) };
    const page = await client.call('getHistory', { params: { resourceId: id }, query: asked }, { signal });
    backups += page.looked.backups;
    const change = page.changes.find(isWanted);
    cursor = page.nextCursor;
    if (change !== undefined) return { change, backups, isAll: false };
    if (cursor === undefined) return { backups, isAll: true };
  }
  return { backups, isAll: false };
}

interface Around {
  last: Looked;
  next: Looked;
}

/** The last change up to a state, and the first one after it. */
async function around(
  id: string,
  path: string,
  { backupId, createdAt }: Answer<'FoundState'>,
  signal: AbortSignal,
): Promise<Around> {
  const [last, next] = await Promise.all([
    look(id, { path }, (change) => change.createdAt <= createdAt, signal),
    look(id, { path, since: backupId }, () => true, signal),
  ]);
  return { last, next };
}

function Selected({
  asking,
  found,
  path,
  restore,
}: {
  asking: Asking;
  found: Answer<'FoundState'>;
  path: string;
  restore: () => void;
}) {
  const { id, at, mask } = asking;
  const [shown, setShown] = useState(path);
  // Who moves through the tree by keys is not followed at each step.
  useEffect(() => {
    const timer = setTimeout(() => setShown(path), 150);
    return () => clearTimeout(timer);
  }, [path]);
  const node = useLoad(
    (signal) =>
      client.call(
        'getTree',
        {
          params: { resourceId: id },
          query: { at, path: shown, ...(mask === '' ? {} : { mask }), limit: SHOWN_MAX, textBytes: 65_536 },
        },
        { signal },
      ),
    [id, at, mask, shown],
  );
  const changes = useLoad((signal) => around(id, shown, found, signal), [id, at, shown]);
  return (
    <section class="panel" aria-labelledby="sel">
      <div class="ph">
        <h2 id="sel" class="mono ell">
          <bdi>{shown === '' ? 'the whole state' : shown}</bdi>
        </h2>
      </div>
      <Show loaded={node} what="It could not be read">
        {(tree) => (
          <>
            <div class="pb">
              <dl class="kv">
                <dt>Kind</dt>
                <dd>
                  {tree.kind}
                  {tree.count !== undefined &&
                    `, ${tree.kind === 'object' ? counted(tree.count, 'member') : counted(tree.count, 'item')}`}
                  {tree.bytes !== undefined && `, ${bytes(tree.bytes)}`}
                </dd>
                <Changes changes={changes.value} id={id} />
                {tree.path !== shown && (
                  <>
                    <dt>Pointer</dt>
                    <dd class="mono">{tree.path}</dd>
                  </>
                )}
                {shown === '' && (
                  <>
                    <dt>Checksum</dt>
                    <dd class="mono" title={found.checksum}>
                      {shortSum(found.checksum)}
                    </dd>
                  </>
                )}
              </dl>
            </div>
            <div class="raw" tabIndex={0} role="region" aria-label="Raw value">
              <Pretty tree={tree} />
            </div>
            <div class="pb stack">
              <Hint tree={tree} />
              <div class="acts">
                <a class="btn" href={linkTo('history', { id, path: shown })}>
                  <Icon name="history" />
                  History of this path <kbd class="wide">h</kbd>
                </a>
                {mayDo.value('data:read') && (
                  <button type="button" class="btn" onClick={restore}>
                    <Icon name="restore" />
                    Restore this
                  </button>
                )}
              </div>
            </div>
          </>
        )}
      </Show>
    </section>
  );
}

function Changes({ changes, id }: { changes: Around | undefined; id: string }) {
  if (changes === undefined) return null;
  const { last, next } = changes;
  return (
    <>
      <dt>Last change</dt>
      <dd>
        {last.change === undefined ? (
          last.isAll ? (
            'none'
          ) : (
            `not within the newest ${number(last.backups)} backups`
          )
        ) : (
          <>
            {last.change.change === 'first' && 'as in the oldest kept, '}
            {moment(last.change.createdAt)} in {last.change.backupId}
          </>
        )}
      </dd>
      <dt>After this</dt>
      <dd>
        {next.change === undefined ? (
          next.isAll ? (
            'unchanged since'
          ) : (
            `unchanged in the next ${number(next.backups)} backups`
          )
        ) : (
          <>
            <a
              class="late"
              href={linkTo('compare', {
                id,
                from: next.change.previous?.backupId,
                to: next.change.backupId,
              })}
            >
              {next.change.change === 'gone' ? 'gone' : 'changed'} in {next.change.backupId}
            </a>
            , {moment(next.change.createdAt)}
          </>
        )}
      </dd>
    </>
  );
}

/** Laid out for reading: only white space is added. */
function Pretty({ tree }: { tree: Answer<'Tree'> }) {
  const { kind, children, count = 0 } = tree;
  if (children === undefined || tree.masked) return <Value of={tree} />;
  const [open, close] = kind === 'array' ? ['[', ']'] : ['{', '}'];
  return (
    <>
      <span class="p">{open}</span>
      {children.map((child, i) => (
        <>
          {i > 0 && '\n '}
          {child.name !== undefined && (
            <>
              <bdi>{nameOf(child)}</bdi>:
            </>
          )}
          <Value of={child} />
          {i < children.length - 1 && ','}
        </>
      ))}
      {children.length < count && <span class="p">{`,\n … ${number(count - children.length)} more`}</span>}
      <span class="p">{close}</span>
    </>
  );
}

/** A name is shown as JSON writes it. */
const nameOf = ({ name = '', nameCut }: Answer<'TreeChild'>): string =>
  nameCut ? `${JSON.stringify(name).slice(0, -1)}…` : JSON.stringify(name);

function Hint({ tree }: { tree: Answer<'Tree'> }) {
  const masked = (tree.children ?? []).filter((one) => one.masked).length + (tree.masked ? 1 : 0);
  return (
    <p class="hint">
      Shown as stored, laid out for reading. Copy gives the exact bytes.
      {masked > 0 && ` ${number(masked)} ${masked === 1 ? 'is' : 'are'} hidden by name.`}
    </p>
  );
}
