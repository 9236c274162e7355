// Texts of states as the service sends them: cut out of its answers, never parsed, so that every digit and escape stays.

import { elementsOf, membersOf } from '../../lib/client/text.ts';

export { elementsOf, membersOf };

export type Kind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

export function kindOf(text: string): Kind {
  const first = text[0];
  if (first === '{') return 'object';
  if (first === '[') return 'array';
  if (first === '"') return 'string';
  if (first === 't' || first === 'f') return 'boolean';
  return first === 'n' ? 'null' : 'number';
}

/** What two texts begin and end with alike, so that only the part between is marked. Never within a surrogate pair or an escape. */
export function differing(old: string, now: string): { head: number; tail: number } {
  const most = Math.min(old.length, now.length);
  let head = 0;
  while (head < most && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < most - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  if (isLow(old.charCodeAt(head)) || isLow(now.charCodeAt(head))) head--;
  head -= unfinished(old.slice(0, head)).length;
  if (tail > 0 && isLow(old.charCodeAt(old.length - tail))) tail--;
  for (const text of [old, now]) {
    const begun = unfinished(text.slice(0, text.length - tail));
    // The rest of the escape, too, is what differs.
    if (begun !== '') tail -= (begun.startsWith('\\u') ? 6 : 2) - begun.length;
  }
  return { head: Math.max(0, head), tail: Math.max(0, tail) };
}

/** The escape that a text breaks off in; empty, if in none. */
const unfinished = (text: string): string =>
  /(?<!\\)(?:\\\\)*(\\(?:u[0-9a-f]{0,3})?)$/i.exec(text)?.[1] ?? '';

const isLow = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;

export interface DiffEntry {
  sign: '+' | '~' | '−' | '→';
  /** True of the state that has it; `row` names rows by what they are called. */
  pointer: string;
  row?: string;
  old?: string;
  now?: string;
  /** Of values that are too long to be sent with the rest. */
  oldBytes?: number;
  nowBytes?: number;
  to?: string;
  isMasked?: boolean;
}

/** The entries of a page of a diff, in the order of its lists. */
export function entriesOf(text: string): DiffEntry[] {
  const lists = membersOf(text);
  const read = (
    name: string,
    make: (members: Record<string, string>) => Omit<DiffEntry, 'pointer' | 'row'>,
  ) =>
    elementsOf(lists[name] ?? '[]').map((element): DiffEntry => {
      const members = membersOf(element);
      const { row, masked, pointer = '""' } = members;
      return {
        ...make(members),
        pointer: JSON.parse(pointer) as string,
        ...(row === undefined ? {} : { row: JSON.parse(row) as string }),
        ...(masked === undefined ? {} : { isMasked: true }),
      };
    });
  return [
    ...read('changes', (m) => ({
      sign: '~',
      ...text2('old', m.oldValue),
      ...text2('now', m.newValue),
      ...size('oldBytes', m.oldBytes),
      ...size('nowBytes', m.newBytes),
    })),
    ...read('additions', (m) => ({ sign: '+', ...text2('now', m.value), ...size('nowBytes', m.bytes) })),
    ...read('deletions', (m) => ({ sign: '−', ...text2('old', m.value), ...size('oldBytes', m.bytes) })),
    ...read('moves', (m) => ({
      sign: '→',
      ...(m.toPointer === undefined ? {} : { to: JSON.parse(m.toPointer) as string }),
    })),
  ];
}

const text2 = (name: 'old' | 'now', text: string | undefined) => (text === undefined ? {} : { [name]: text });
const size = (name: 'oldBytes' | 'nowBytes', text: string | undefined) =>
  text === undefined ? {} : { [name]: Number(text) };
