// What a writer says of the state that it has last seen, so that it replaces no other unseen (RFC 9110, section 13).

import { ServiceError } from './errors.ts';

/** Checksums, as lower-case hex, or any state at all. */
export type NamedStates = '*' | readonly string[];

export interface Precondition {
  /** The newest state has to be one of these. */
  matches?: NamedStates;
  /** The newest state must be none of these; with `*` there must be none. */
  matchesNone?: NamedStates;
}

/** Whether what is there, by its checksum if there is anything, is as it was asked for. */
export function meets(asked: Precondition | undefined, there: string | undefined): boolean {
  const { matches, matchesNone } = asked ?? {};
  const isIn = (named: NamedStates): boolean =>
    there !== undefined && (named === '*' || named.includes(there));
  return (matches === undefined || isIn(matches)) && (matchesNone === undefined || !isIn(matchesNone));
}

/** Throws ServiceError `precondition_failed`. `newest`: the checksum of the newest state, if there is one. */
export function demandPrecondition(asked: Precondition | undefined, newest: string | undefined): void {
  if (meets(asked, newest)) return;
  const now =
    newest === undefined
      ? 'The resource has no state.'
      : `The newest state of the resource is sha256:${newest}.`;
  throw new ServiceError('precondition_failed', `${now} Nothing was stored.`, {
    ...(newest === undefined ? {} : { extra: { checksum: `sha256:${newest}` } }),
  });
}
