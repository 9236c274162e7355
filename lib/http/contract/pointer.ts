// JSON Pointers (RFC 6901) that say where a request is wrong: `/metadata/tags/env`, `/query/limit`, `/headers/prefer`.

import { escapeToken } from '../../core/json/pointer.ts';

/** A name may be as long as the body: what is longer than this is cut where it is only shown. */
const TOKEN_CHARS_MAX = 200;

/** The pointer of a member or an element of what `parent` points at. */
export function childPointer(parent: string, token: PropertyKey): string {
  const name = String(token);
  const shown = name.length > TOKEN_CHARS_MAX ? `${name.slice(0, TOKEN_CHARS_MAX)}…` : name;
  return `${parent}/${escapeToken(shown)}`;
}
