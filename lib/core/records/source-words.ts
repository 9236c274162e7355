// Sources as people write and read them: `postgres://app@db/shop`, `https://...`, `file:/path`, `s3://bucket/key`. Pure.

import { parseReference } from './secret-reference.ts';
import type { SourceSpec } from './source.ts';

/**
 * What a word means; undefined for what is none. `absolute` makes a path whole, by the folder one is in. It is not looked at whether a secret stands in it:
 * `faultsOfSource` does that.
 */
export function sourceOfWord(word: string, absolute: (path: string) => string): SourceSpec | undefined {
  const at = word.indexOf(':');
  if (at < 1) return undefined;
  const [scheme, rest] = [word.slice(0, at).toLowerCase(), word.slice(at + 1)];
  const path = rest.replace(/^\/\/(?=\/)/, '');
  switch (scheme) {
    case 'postgres':
    case 'postgresql':
      // A URL of its own, or a reference to one: `postgres:env:DATABASE_URL`.
      if (parseReference(rest) !== undefined) return { kind: 'postgresql', url: rest };
      return rest.startsWith('//') ? { kind: 'postgresql', url: word } : undefined;
    case 'http':
    case 'https':
      return { kind: 'http', url: word };
    case 'file':
      if (path === '') return undefined;
      return path.endsWith('/')
        ? { kind: 'folder', path: absolute(path) }
        : { kind: 'file', path: absolute(path) };
    case 'folder':
      return path === '' ? undefined : { kind: 'folder', path: absolute(path) };
    case 'sqlite':
      return path === '' ? undefined : { kind: 'sqlite', path: absolute(path) };
    case 'dynamodb': {
      const table = rest.replace(/^\/\//, '');
      return table === '' ? undefined : { kind: 'dynamodb', table };
    }
    case 's3':
      return objectOf(rest);
    default:
      return undefined;
  }
}

function objectOf(rest: string): SourceSpec | undefined {
  const [, bucket, key] = /^\/\/([^/]+)(?:\/(.*))?$/s.exec(rest) ?? [];
  if (bucket === undefined) return undefined;
  if (key === undefined || key === '') return undefined;
  return { kind: 's3', bucket, ...(key.endsWith('/') ? { prefix: key } : { key }) };
}

/** In a line, for a person and a log. A secret is not in it, whatever the source holds. */
export function wordOfSource(spec: SourceSpec): string {
  switch (spec.kind) {
    case 'postgresql':
      return parseReference(spec.url) === undefined ? shownUrl(spec.url) : `postgres:${spec.url}`;
    case 'http':
      return shownUrl(spec.url);
    case 'file':
      return `file:${spec.path}`;
    case 'folder':
      return `folder:${spec.path}`;
    case 'sqlite':
      return `sqlite:${spec.path}`;
    case 'dynamodb':
      return `dynamodb:${spec.table}`;
    case 's3':
      return `s3://${spec.bucket}/${spec.key ?? spec.prefix ?? ''}`;
  }
}

/** A URL without what may be a secret: its password and its query. */
export function shownUrl(url: string): string {
  try {
    const { protocol, username, host, pathname } = new URL(url);
    return `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}`;
  } catch {
    return '(a URL that cannot be read)';
  }
}
