// Texts of states in answers, taken out as they are: a state is never parsed unless somebody asks for that.

import { BackupError } from './errors.ts';

type Bytes = Uint8Array<ArrayBuffer> | ArrayBuffer;

/** The raw texts of the members of a JSON object, by name; the last of one name counts. The text must be JSON, which the service sends. */
export function membersOf(text: string): Record<string, string> {
  const members: Record<string, string> = {};
  let at = text.indexOf('{') + 1;
  while (at > 0) {
    const start = text.indexOf('"', at);
    if (start < 0) break;
    const colon = endOfString(text, start);
    const end = endOfValue(text, colon + 1);
    members[JSON.parse(text.slice(start, colon)) as string] = text.slice(colon + 1, end).trim();
    if (text[end] !== ',') break;
    at = end + 1;
  }
  return members;
}

/** Behind the closing quote. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  throw new BackupError('bad_answer', 'The answer ends within a string');
}

/** At the comma or bracket behind a value. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at) - 1;
    else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') {
      if (depth-- === 0) return at;
    } else if (char === ',' && depth === 0) return at;
  }
  throw new BackupError('bad_answer', 'The answer ends within a value');
}

export async function sha256Of(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Throws BackupError `checksum_mismatch` unless the bytes have that checksum (`sha256:` and hex). */
export async function demandChecksum(bytes: Bytes, checksum: string): Promise<void> {
  const found = `sha256:${await sha256Of(bytes)}`;
  if (found === checksum) return;
  throw new BackupError('checksum_mismatch', `The state has the checksum ${found} and not ${checksum}`);
}

/** The raw texts of the elements of a JSON array, as `membersOf`. */
export function elementsOf(text: string): string[] {
  const elements: string[] = [];
  let at = text.indexOf('[') + 1;
  while (at > 0 && !/^\s*\]/.test(text.slice(at, at + 8))) {
    const end = endOfValue(text, at);
    elements.push(text.slice(at, end).trim());
    if (text[end] !== ',') break;
    at = end + 1;
  }
  return elements;
}
