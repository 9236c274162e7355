// The pane beside the tree.

import { useEffect, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { useLoad } from '../app/load.ts';
import { linkTo } from '../app/router.ts';
import { client, mayDo } from '../app/session.ts';
import { bytes, counted, moment, number, shortSum } from '../app/words.ts';
import { Show } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';
import type { Asking } from '../parts/tree.tsx';
import { Value } from '../parts/value.tsx';

const SHOWN_MAX = 100;
const LOOKED_MAX = 200;
const PAGES_MAX = 5;

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

/** What is selected in the tree: its kind, its changes, its own text, and what can be done with it. */
export function Selected({
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
