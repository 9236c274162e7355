// A state as a lazy tree: only what is on the screen is fetched, 200 children at a time, and only the rows in sight are in the page. Raw
// text as it is stored, members in their order.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import type { Key } from '../app/keys.ts';
import { client } from '../app/session.ts';
import { counted, escapeStep, number } from '../app/words.ts';
import { faultOf } from './common.tsx';
import { Value } from './value.tsx';

export interface Node {
  /** By what rows are called, where they are called something: the path that the URL has. */
  path: string;
  name: string;
  level: number;
  shown: Answer<'TreeChild'> | Answer<'Tree'>;
  isOpen: boolean;
  /** Children [first, first + children.length) of all that it has; undefined until they are asked for. */
  children?: Node[];
  first: number;
  /** Why they did not come. */
  fault?: string;
}

export interface TreeState {
  root: Node;
  found: Answer<'FoundState'>;
}

const PAGE = 200;
const ROW_PX = 26;
const SPARE = 12;
/** A member has no number that one could ask for: so many are looked through for it. */
const MEMBERS_MAX = 5000;

export interface Asking {
  id: string;
  at: string;
  mask: string;
}

function ask(
  { id, at, mask }: Asking,
  path: string,
  after: number,
  signal?: AbortSignal,
): Promise<Answer<'Tree'>> {
  const query = { at, path, limit: PAGE, ...(mask === '' ? {} : { mask }), ...(after > 0 ? { after } : {}) };
  return client.call(
    'getTree',
    { params: { resourceId: id }, query },
    signal === undefined ? {} : { signal },
  );
}

function childrenOf(parent: Node, tree: Answer<'Tree'>): Node[] {
  return (tree.children ?? []).map((shown) => {
    const step = shown.row ?? shown.name ?? String(shown.index);
    return {
      path: `${parent.path}/${escapeStep(step)}`,
      name: step,
      level: parent.level + 1,
      shown,
      isOpen: false,
      first: 0,
    };
  });
}

/** The tree with everything open that leads to a path. Throws what the service says of a path that is not there. */
export async function openTree(asking: Asking, path: string, signal: AbortSignal): Promise<TreeState> {
  const top = await ask(asking, '', 0, signal);
  const root: Node = { path: '', name: asking.id, level: 0, shown: top, isOpen: true, first: 0 };
  root.children = childrenOf(root, top);
  // Everything below is asked of the backup that was found, so that all of it is of one state.
  const fixed = { ...asking, at: top.state.backupId };
  if (path !== '') {
    const target = await ask(fixed, path, 0, signal);
    await openTo(fixed, root, path, target, signal);
  }
  return { root, found: top.state };
}

async function openTo(
  asking: Asking,
  root: Node,
  path: string,
  target: Answer<'Tree'>,
  signal: AbortSignal,
): Promise<void> {
  const asked = path.split('/').slice(1);
  const plain = target.path.split('/').slice(1);
  let node = root;
  for (const [i, step] of plain.entries()) {
    const isArray = node.shown.kind === 'array';
    const wanted = isArray ? Number(step) : undefined;
    const find = (): Node | undefined =>
      node.children?.find(({ shown }) =>
        'index' in shown && wanted !== undefined
          ? shown.index === wanted
          : escapeStep(('name' in shown && shown.name) || '') === step,
      );
    if (node.children === undefined || (find() === undefined && wanted !== undefined)) {
      node.first = wanted === undefined ? 0 : Math.max(0, wanted - 20);
      node.children = childrenOf(node, await ask(asking, node.path, node.first, signal));
    }
    while (find() === undefined && node.children.length < Math.min(MEMBERS_MAX, node.shown.count ?? 0)) {
      node.children.push(...childrenOf(node, await ask(asking, node.path, node.children.length, signal)));
    }
    node.isOpen = true;
    const next = find();
    if (next === undefined) return;
    // As it was asked for, so that the URL and the tree name it alike.
    if (asked[i] !== undefined && asked[i] !== step) next.path = `${node.path}/${asked[i]}`;
    node = next;
  }
  if (isContainer(node)) {
    node.children = childrenOf(node, target);
    node.isOpen = true;
  }
}

export const isContainer = ({ shown }: Node): boolean =>
  (shown.kind === 'object' || shown.kind === 'array') && shown.masked !== true;

type Row = { node: Node; place: number } | { before: Node; count: number } | { behind: Node; count: number };

function rowsOf(root: Node): Row[] {
  const rows: Row[] = [];
  const add = (parent: Node): void => {
    const { children = [], first, shown } = parent;
    if (first > 0) rows.push({ before: parent, count: first });
    for (const [i, node] of children.entries()) {
      rows.push({ node, place: first + i });
      if (node.isOpen) add(node);
    }
    const left = (shown.count ?? 0) - first - children.length;
    if (left > 0 && parent.children !== undefined) rows.push({ behind: parent, count: left });
  };
  add(root);
  return rows;
}

export interface TreeProps {
  asking: Asking;
  tree: TreeState;
  path: string;
  onSelect: (path: string) => void;
}

/** The tree itself; its keys are those of the ARIA pattern. */
export function Tree({ asking, tree, path, onSelect }: TreeProps) {
  const box = useRef<HTMLDivElement>(null);
  const [, draw] = useState(0);
  const [top, setTop] = useState(0);
  const rows = rowsOf(tree.root);
  const height = box.current?.clientHeight ?? 640;
  const fixed = { ...asking, at: tree.found.backupId };
  const from = Math.max(0, Math.floor(top / ROW_PX) - SPARE);
  const to = Math.min(rows.length, Math.ceil((top + height) / ROW_PX) + SPARE);
  const at = rows.findIndex((row) => 'node' in row && row.node.path === path);

  const redraw = (): void => draw((n) => n + 1);
  const fetchInto = async (node: Node, after: number): Promise<void> => {
    try {
      const page = childrenOf(node, await ask(fixed, node.path, after));
      if (node.children === undefined) {
        node.children = page;
        node.first = after;
      } else if (after < node.first) {
        node.children = [...page.slice(0, node.first - after), ...node.children];
        node.first = after;
      } else node.children = [...node.children, ...page];
      delete node.fault;
    } catch (error) {
      node.fault = faultOf(error).detail;
    }
    redraw();
  };
  const toggle = (node: Node, open = !node.isOpen): void => {
    if (!isContainer(node)) return;
    node.isOpen = open;
    if (open && node.children === undefined) void fetchInto(node, 0);
    redraw();
  };

  // Where the URL leads is brought into sight.
  useEffect(() => {
    const element = box.current;
    if (element === null || at < 0) return;
    const y = at * ROW_PX;
    if (y < element.scrollTop || y > element.scrollTop + element.clientHeight - ROW_PX)
      element.scrollTop = Math.max(0, y - 120);
  }, [path, tree]);

  const select = (i: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, i))];
    if (row === undefined) return;
    if ('node' in row) {
      onSelect(row.node.path);
      requestAnimationFrame(() =>
        box.current?.querySelector<HTMLElement>('[aria-selected=true]')?.focus({ preventScroll: true }),
      );
    } else if ('behind' in row) void fetchInto(row.behind, row.behind.first + row.behind.children!.length);
    else void fetchInto(row.before, Math.max(0, row.before.first - PAGE));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const row = rows[at];
    const node = row !== undefined && 'node' in row ? row.node : undefined;
    const page = Math.max(1, Math.floor(height / ROW_PX) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page }[event.key];
    if (step !== undefined) select(at + step);
    else if (event.key === 'Home') select(0);
    else if (event.key === 'End') select(rows.length - 1);
    else if (event.key === 'ArrowRight' && node !== undefined) {
      if (isContainer(node) && !node.isOpen) toggle(node, true);
      else select(at + 1);
    } else if (event.key === 'ArrowLeft' && node !== undefined) {
      if (node.isOpen) toggle(node, false);
      else select(rows.findIndex((one) => 'node' in one && one.node.children?.includes(node)));
    } else if ((event.key === 'Enter' || event.key === ' ') && node !== undefined) toggle(node);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={box}
      class="tree"
      role="tree"
      aria-label={`State of ${asking.id}`}
      tabIndex={at < 0 ? 0 : -1}
      onKeyDown={onKeyDown}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div
        class="all"
        ref={(element) => {
          if (element !== null) element.style.blockSize = `${rows.length * ROW_PX}px`;
        }}
      >
        {rows.slice(from, to).map((row, i) => (
          <RowView
            key={
              'node' in row ? row.node.path : 'behind' in row ? `+${row.behind.path}` : `-${row.before.path}`
            }
            row={row}
            y={(from + i) * ROW_PX}
            isSelected={from + i === at}
            onClick={() => {
              select(from + i);
              if ('node' in row && from + i === at) toggle(row.node);
            }}
            onToggle={() => 'node' in row && toggle(row.node)}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  row: Row;
  y: number;
  isSelected: boolean;
  onClick: () => void;
  onToggle: () => void;
}

const LEVELS = 12;

function RowView({ row, y, isSelected, onClick, onToggle }: RowProps) {
  // By the CSSOM: the page's policy takes no style in markup.
  const place = (element: HTMLElement | null): void => {
    if (element !== null) element.style.transform = `translateY(${y}px)`;
  };
  if (!('node' in row)) {
    const isBehind = 'behind' in row;
    const { level } = isBehind ? row.behind : row.before;
    return (
      <div
        ref={place}
        role="treeitem"
        aria-level={level + 1}
        aria-selected={false}
        tabIndex={-1}
        class={`l${Math.min(level + 1, LEVELS)}`}
        onClick={onClick}
      >
        <div class="t">
          <span class="tw" />
          <span class="more-t">
            {isBehind
              ? `${number(row.count)} more: load the next ${PAGE}`
              : `${number(row.count)} before: load ${PAGE}`}
          </span>
        </div>
      </div>
    );
  }
  const { node, place: placeIn } = row;
  const { shown, level, isOpen, name } = node;
  const isOpenable = isContainer(node);
  const words = isOpenable ? containerWords(node) : undefined;
  return (
    <div
      ref={place}
      role="treeitem"
      aria-level={level}
      aria-posinset={placeIn + 1}
      aria-selected={isSelected}
      aria-expanded={isOpenable ? isOpen : undefined}
      tabIndex={isSelected ? 0 : -1}
      class={`in-focus l${Math.min(level, LEVELS)}`}
      data-path={node.path}
      onClick={onClick}
    >
      <div class="t">
        {isOpenable ? (
          <span
            class="twb"
            onClick={(event) => {
              event.stopPropagation();
              onToggle();
            }}
          >
            <svg class="tw i" viewBox="0 0 16 16" aria-hidden="true">
              <use href={isOpen ? '#i-down' : '#i-right'} />
            </svg>
          </span>
        ) : (
          <span class="tw" />
        )}
        <span class={`k${isOpenable ? '' : ' sc'}`}>
          <bdi>{name}</bdi>
          {'nameCut' in shown && shown.nameCut && '…'}
        </span>
        {words === undefined ? (
          <span class={`v ${shown.kind === 'string' ? 's' : 'n'}`}>
            <Value of={shown} />
          </span>
        ) : (
          <span class="c">{words}</span>
        )}
        {node.fault && <span class="mk bad">{node.fault}</span>}
      </div>
    </div>
  );
}

function containerWords({ shown, children }: Node): string {
  const { kind, count = 0 } = shown;
  if (count === 0) return kind === 'array' ? '[]' : '{}';
  if (kind === 'object') return counted(count, 'member');
  const isTable =
    children?.[0] !== undefined && 'row' in children[0].shown && children[0].shown.row !== undefined;
  return isTable
    ? `${counted(count, 'row')}, by ${/^[^=]+/.exec((children![0]!.shown as { row: string }).row)?.[0]}`
    : counted(count, 'item');
}

export const treeKeys: Key[] = [
  { key: 'ArrowUp ArrowDown', about: 'move', run: () => {}, isShown: true },
  { key: 'ArrowLeft ArrowRight', about: 'close, open', run: () => {}, isShown: true },
];
