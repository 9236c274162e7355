// Moving through rows and lists by keys: the first link of each row is where the focus goes.

import { useRef } from 'preact/hooks';
import type { Key } from '../app/keys.ts';

export interface Rows {
  table: { current: HTMLTableElement | null };
  row: (i: number) => { 'data-row': number };
  keys: Key[];
}

/** `open` is what Enter does where the row has no link of its own. */
export function useRows(count: number, open?: (i: number) => void): Rows {
  const table = useRef<HTMLTableElement>(null);
  const here = (): number => {
    const row = document.activeElement?.closest<HTMLElement>('[data-row]');
    return row != null && table.current?.contains(row) ? Number(row.dataset.row) : -1;
  };
  const to = (i: number): void => {
    const row = table.current?.querySelector(`[data-row="${Math.max(0, Math.min(count - 1, i))}"]`);
    row?.querySelector<HTMLElement>('a, button, input')?.focus();
  };
  return {
    table,
    row: (i) => ({ 'data-row': i }),
    keys: [
      { key: 'j', about: 'next', run: () => to(here() + 1), isShown: true },
      { key: 'k', about: 'previous', run: () => to(here() < 0 ? 0 : here() - 1), isShown: true },
      { key: 'Home', about: 'first', run: () => to(0) },
      { key: 'End', about: 'last', run: () => to(count - 1) },
      ...(open === undefined
        ? []
        : [{ key: 'Enter', about: 'open', run: () => here() >= 0 && open(here()), isShown: true }]),
    ],
  };
}

/** The item of a list that stands `by` from the one that has the focus, brought into sight; the first, if none has it. */
export function step(list: Element | null, items: string, by: number): HTMLElement | undefined {
  const all = [...(list?.querySelectorAll<HTMLElement>(items) ?? [])];
  const here = all.findIndex((one) => one.contains(document.activeElement));
  const next = all[Math.max(0, Math.min(all.length - 1, here < 0 ? 0 : here + by))];
  next?.scrollIntoView({ block: 'nearest' });
  return next;
}
