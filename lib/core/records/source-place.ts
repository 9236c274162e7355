// Whether what is written to one source may be what another one reads. Said where it cannot be told, too. Pure.

import { parseReference } from './secret-reference.ts';
import type { SourceSpec } from './source.ts';

/** Drills write into the one, and must never meet the other. */
export function mayMeet(a: SourceSpec, b: SourceSpec): boolean {
  if ('path' in a && 'path' in b) return isWithin(a.path, b.path) || isWithin(b.path, a.path);
  if (a.kind === 'postgresql' && b.kind === 'postgresql') {
    // Hosts have many names: databases are told apart by their own.
    const [one, other] = [databaseOf(a.url), databaseOf(b.url)];
    return one === undefined || other === undefined || one === other;
  }
  if (a.kind === 'http' && b.kind === 'http') {
    const others = placesOf(b);
    return placesOf(a).some((place) => others.includes(place));
  }
  if (a.kind === 'dynamodb' && b.kind === 'dynamodb') return a.table === b.table;
  if (a.kind === 's3' && b.kind === 's3') {
    const [one, other] = [a.key ?? a.prefix ?? '', b.key ?? b.prefix ?? ''];
    return a.bucket === b.bucket && (one.startsWith(other) || other.startsWith(one));
  }
  return false;
}

function isWithin(path: string, folder: string): boolean {
  const [one, other] = [path, folder].map(
    (text) => `${new URL(`file://${text}`).pathname.replace(/\/+$/, '')}/`,
  );
  return one!.startsWith(other!);
}

/** Undefined where the URL does not name it. */
function databaseOf(url: string): string | undefined {
  if (parseReference(url) !== undefined || !URL.canParse(url)) return undefined;
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  return name === '' ? undefined : name;
}

function placesOf({ url, write }: Extract<SourceSpec, { kind: 'http' }>): string[] {
  return [url, write?.url ?? url].map((text) => {
    const { host, pathname } = new URL(text);
    return `${host}${pathname}`;
  });
}
