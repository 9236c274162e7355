// Sources in a line, as people read them. Pure.

import { parseReference } from './secret-reference.ts';
import type { SourceSpec } from './source.ts';

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
function shownUrl(url: string): string {
  try {
    const { protocol, username, host, pathname } = new URL(url);
    return `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}`;
  } catch {
    return '(a URL that cannot be read)';
  }
}
