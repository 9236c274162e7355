// What is printed for people: sizes, tables, colours. Escape codes of whoever chose a name are never printed.

import type { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

const KB = 1000;

/** `1.7 KB`, as disks count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= KB && unit < units.length - 1) {
    value /= KB;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Controls, and what turns the direction of a line around: a terminal would act on them. */
const ACTED_ON = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Names may hold anything: what a terminal would act on is shown, not done. */
export function printable(text: string): string {
  return text.replace(ACTED_ON, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export interface Column<T> {
  name: string;
  value: (row: T) => string;
  right?: boolean;
}

/** Lines of a table; columns in which no row has anything are left out. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string[] {
  const cells = columns
    .map((column) => ({ ...column, texts: rows.map((row) => printable(column.value(row))) }))
    .filter(({ texts }) => texts.some((text) => text !== ''));
  const widths = cells.map(({ name, texts }) => Math.max(name.length, ...texts.map((text) => text.length)));
  const line = (of: (index: number) => string): string =>
    cells
      .map(({ right }, i) => (right ? of(i).padStart(widths[i]!) : of(i).padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [
    line((i) => cells[i]!.name.toUpperCase()),
    ...rows.map((_, row) => line((i) => cells[i]!.texts[row]!)),
  ];
}

/** `+400 ~200 -34`; empty where nothing was counted. */
export function formatChanges(
  changes: { additions: number; changes: number; deletions: number; moves: number } | undefined,
): string {
  if (changes === undefined) return '';
  const { additions, changes: changed, deletions, moves } = changes;
  const parts = [
    [additions, `+${additions}`],
    [changed, `~${changed}`],
    [deletions, `-${deletions}`],
    [moves, `>${moves}`],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([, text]) => text);
  return told.length === 0 ? 'unchanged' : told.join(' ');
}
