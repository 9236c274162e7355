// What a measurement tells: sections of text and tables, and targets with what was measured. As text for the eye, as Markdown
// for the file.

export interface Bound {
  /** The measured value may be at most this. */
  most: number;
  unit: string;
}

export type Entry =
  | { kind: 'section'; title: string }
  | { kind: 'text'; text: string }
  | { kind: 'table'; head: string[]; rows: string[][] }
  | { kind: 'target'; name: string; bound?: Bound; measured: number | string; unit?: string };

export interface Report {
  section(title: string): void;
  text(text: string): void;
  /** The first column is names, all others are numbers. */
  table(head: string[], rows: string[][]): void;
  /** A value that has a bound; a string says why there is no value, and misses the bound. */
  target(name: string, bound: Bound, measured: number | string): void;
  /** A value that is told without a bound. */
  figure(name: string, measured: number, unit: string): void;
}

/** A report that hands every entry on as soon as it is known. */
export function createReport(take: (entry: Entry) => void): Report {
  return {
    section: (title) => take({ kind: 'section', title }),
    text: (text) => take({ kind: 'text', text }),
    table: (head, rows) => take({ kind: 'table', head, rows }),
    target: (name, bound, measured) => take({ kind: 'target', name, bound, measured }),
    figure: (name, measured, unit) => take({ kind: 'target', name, measured, unit }),
  };
}

/** The last table: every target, what was measured, and whether that is enough. */
export function summaryOf(entries: readonly Entry[]): Entry {
  const rows = entries.flatMap((entry) => {
    if (entry.kind !== 'target') return [];
    const { name, bound, measured } = entry;
    const value = typeof measured === 'string' ? measured : significant(measured);
    if (bound === undefined) return [[name, '', `${value} ${entry.unit ?? ''}`, '']];
    const met = typeof measured === 'number' && measured <= bound.most;
    return [[name, `<= ${bound.most} ${bound.unit}`, value, met ? 'yes' : 'NO']];
  });
  return { kind: 'table', head: ['target', 'bound', 'measured', 'met'], rows };
}

/** For a terminal. A target is told in the summary, and once at once. */
export function toText(entry: Entry): string {
  switch (entry.kind) {
    case 'section':
      return `\n## ${entry.title}\n`;
    case 'text':
      return entry.text;
    case 'table':
      return tableText(entry.head, entry.rows);
    case 'target': {
      const { name, bound, measured, unit = bound?.unit } = entry;
      const value = typeof measured === 'string' ? measured : `${significant(measured)} ${unit}`;
      return `  -> ${name}: ${value}${bound === undefined ? '' : ` (target ${bound.most})`}`;
    }
  }
}

/** For a file. Targets stand in the summary only. */
export function toMarkdown(entry: Entry): string {
  if (entry.kind === 'target') return '';
  if (entry.kind === 'section') return `### ${entry.title}\n`;
  if (entry.kind === 'text') return `${entry.text}\n`;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = `|${entry.head.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`;
  return `${[line(entry.head), rule, ...entry.rows.map(line)].join('\n')}\n`;
}

function tableText(head: string[], rows: string[][]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!);
  return all.map((row) => `  ${row.map(pad).join('  ')}`.trimEnd()).join('\n');
}

function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
