// What every home checks at its door, in one place: a mistake must fail in all of them, not only in the strictest.

import { LIMITS } from '../core/records/limits.ts';
import { CHANGES_MAX, type Change } from './change.ts';
import { PortError } from './errors.ts';
import type { PageRequest } from './pages.ts';

/**
 * Refuses a commit that some home could not carry out: too many changes, two changes of one record, or an
 * optimistic lock that is not moved on by one. Throws RangeError: the caller has a bug, nothing was written.
 */
export function checkChanges(changes: readonly Change[]): void {
  if (changes.length > CHANGES_MAX) {
    throw new RangeError(`a commit of ${changes.length} changes; at most ${CHANGES_MAX} are allowed`);
  }
  const claimed = new Set<string>();
  for (const change of changes) {
    checkVersion(change);
    checkId(change);
    for (const slot of slotsOf(change)) {
      if (claimed.has(slot)) {
        throw new RangeError(`two changes of one commit claim ${slot}`);
      }
      claimed.add(slot);
    }
  }
}

function checkVersion(change: Change): void {
  const next = nextVersionOf(change);
  if (next !== undefined && next.version !== next.expect + 1) {
    throw new RangeError(`${change.kind} expects ${next.expect} but writes version ${next.version}`);
  }
}

/** Every home has an order of ids only up to some length. */
function checkId(change: Change): void {
  if (change.kind !== 'document.put') return;
  const { id, group } = change.record;
  if (id.length < 1 || id.length > LIMITS.documentIdLength) {
    throw new RangeError(
      `the id of a document has ${id.length} characters; 1 to ${LIMITS.documentIdLength} are allowed`,
    );
  }
  if (group !== undefined && (group.length < 1 || group.length > LIMITS.documentIdLength))
    throw new RangeError(`the group of a document has ${group.length} characters`);
}

function nextVersionOf(change: Change): { expect: number; version: number } | undefined {
  switch (change.kind) {
    case 'backup.update':
    case 'operation.update':
    case 'request.update':
    case 'policy.put':
    case 'expiry.put':
    case 'notice.put':
    case 'document.put':
      return { expect: change.expect, version: change.record.version };
    case 'head.put':
      return { expect: change.expect, version: change.head.version };
    default:
      return undefined;
  }
}

/** The records that a change writes or removes, each by a name that no other record has. */
function slotsOf(change: Change): string[] {
  switch (change.kind) {
    case 'backup.insert': {
      const { id, resourceId, sequence } = change.record;
      return [slot('backup', id), slot('sequence', resourceId, sequence)];
    }
    case 'backup.update':
      return [slot('backup', change.record.id)];
    case 'backup.remove':
    case 'expiry.place':
      return [slot('backup', change.id)];
    case 'head.put':
      return [slot('head', change.head.resourceId)];
    case 'snapshot.add':
      return [slot('snapshot', change.pointer.resourceId, change.pointer.sequence)];
    case 'snapshot.remove':
      return [slot('snapshot', change.resourceId, change.sequence)];
    case 'idempotency.insert':
      return [slot('idempotency', change.record.key)];
    case 'garbage.put':
      return [slot('garbage', change.entry.blobId)];
    case 'garbage.remove':
      return [slot('garbage', change.blobId)];
    case 'operation.insert':
    case 'operation.update':
      return [slot('operation', change.record.id)];
    case 'request.insert':
    case 'request.update':
      return [slot('request', change.record.id)];
    case 'policy.put':
      return [slot('policy', change.record.resourceId)];
    case 'policy.remove':
      return [slot('policy', change.resourceId)];
    case 'expiry.put':
      return [slot('expiry')];
    case 'notice.put':
      return [slot('notice', change.record.id)];
    case 'notice.remove':
      return [slot('notice', change.id)];
    case 'document.put':
      return [slot('document', change.record.collection, change.record.id)];
    case 'document.remove':
      return [slot('document', change.collection, change.id)];
    case 'job.send':
      return [];
    case 'event.append':
      return [slot('event', change.event.id)];
  }
}

/** JSON keeps the parts apart whatever they contain. */
function slot(...parts: (string | number)[]): string {
  return JSON.stringify(parts);
}

/** Refuses a page size that no home promises. Throws RangeError: the edge has validated what users ask. */
export function checkLimit(limit: number): void {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMITS.listPageMax) {
    throw new RangeError(`a page of ${limit} items; 1 to ${LIMITS.listPageMax} are allowed`);
  }
}

/** Where a page ended, as text for the caller to hand back. `list` names the list, so that no other takes it. */
export function encodeCursor(list: string, position: readonly (number | string)[]): string {
  return Buffer.from(JSON.stringify([list, ...position])).toString('base64url');
}

/**
 * The position in a cursor: as many parts as `shape` names, of these types. Undefined for the first page.
 * Throws PortError `not_found` for anything that `encodeCursor` did not make for this list.
 */
export function decodeCursor<const Shape extends readonly ('number' | 'string')[]>(
  list: string,
  shape: Shape,
  { limit, cursor }: PageRequest,
): { [I in keyof Shape]: Shape[I] extends 'number' ? number : string } | undefined {
  checkLimit(limit);
  if (cursor === undefined) {
    return undefined;
  }
  const [name, ...position] = parseCursor(cursor);
  const fits =
    name === list &&
    position.length === shape.length &&
    position.every(
      (part, i) => typeof part === shape[i] && (typeof part === 'string' || Number.isFinite(part)),
    );
  if (!fits) {
    throw new PortError('not_found', 'the cursor does not belong to this list');
  }
  return position as { [I in keyof Shape]: Shape[I] extends 'number' ? number : string };
}

function parseCursor(cursor: string): unknown[] {
  const bytes = Buffer.from(cursor, 'base64url');
  // Decoding skips what is not base64url, so only text that encodes back to itself is a cursor of ours.
  if (bytes.toString('base64url') !== cursor) {
    throw new PortError('not_found', 'the cursor is not readable');
  }
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return Array.isArray(value) ? value : [];
  } catch (cause) {
    throw new PortError('not_found', 'the cursor is not readable', { cause });
  }
}
