// State at an instant: what was there? Asked and found first; the tree at the left, what is selected at the right.

import { useEffect, useRef, useState } from 'preact/hooks';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { ask, go, linkTo, SERVICE_URL } from '../app/router.ts';
import { client } from '../app/session.ts';
import { bytes, counted, parentOf, pointerOf, quoted } from '../app/words.ts';
import { faultOf, Head, Show, Term } from '../parts/common.tsx';
import { Crumbs } from '../parts/crumbs.tsx';
import { Icon } from '../parts/icon.tsx';
import { Found, InstantField } from '../parts/instant.tsx';
import { copy, tell } from '../parts/toast.tsx';
import { type Asking, openTree, Tree, type TreeState, treeKeys } from '../parts/tree.tsx';
import { Value } from '../parts/value.tsx';
import { Restore } from './restore.tsx';
import { Selected } from './state-selected.tsx';

/** What is revealed is hidden again after that. */
const REVEALED_MS = 5 * 60_000;

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
