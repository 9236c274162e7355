// The building blocks of the contract's schemas: each says what a value is, how long it may be, and what is said of a wrong one.

import * as z from 'zod';
import { parsePointer } from '../core/json/pointer.ts';
import { LIMITS } from '../core/limits.ts';
import { parseInstant, type SecondEdge } from './instant.ts';

/** C0, DEL and C1: they break logs and headers, and nobody means them. */
const CONTROL = /\p{Cc}/u;

const WELL_FORMED = 'holds half of a surrogate pair, which is not text';
const NO_CONTROL = 'must not hold control characters';

/** Text that comes back as it was: no lone surrogates, which UTF-8 cannot carry. */
const text = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .refine((value) => value.isWellFormed(), WELL_FORMED);

/** Ids, types, authors, sources: 1..256 characters on one line. */
export const name = text(LIMITS.nameCharsMax)
  .min(1)
  .refine((value) => !CONTROL.test(value), NO_CONTROL)
  // URLs take these two as steps in the path, even percent-encoded: nothing by that name could be asked for.
  .refine((value) => value !== '.' && value !== '..', 'must not be "." or ".."');

const tagKey = text(LIMITS.tagKeyCharsMax)
  .min(1)
  .refine((value) => !CONTROL.test(value), NO_CONTROL);

export const tags = z
  .record(tagKey, text(LIMITS.tagValueCharsMax))
  .refine(
    (value) => Object.keys(value).length <= LIMITS.tagsMax,
    `must not have more than ${LIMITS.tagsMax} tags`,
  )
  .meta({ maxProperties: LIMITS.tagsMax });

/** Anything of the caller's own, kept with the backup: bounded as text and in depth. */
export const customFields = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  // Depth first: what is too deep is not worth measuring.
  if (depthOf(value) > LIMITS.customFieldsDepthMax) {
    context.addIssue(`must not be nested more than ${LIMITS.customFieldsDepthMax} deep`);
  } else if (Buffer.byteLength(JSON.stringify(value)) > LIMITS.customFieldsBytesMax) {
    context.addIssue(`must not take more than ${LIMITS.customFieldsBytesMax} bytes as JSON`);
  }
});

export const retentionDays = z.int().min(0).max(LIMITS.retentionDaysMax);

/** An RFC 3339 date-time with a zone, to epoch milliseconds. */
export const instant = (edge: SecondEdge) =>
  z
    .string()
    .max(64)
    .meta({ format: 'date-time' })
    .transform((value, context) => {
      const at = parseInstant(value, edge);
      if (at !== undefined) return at;
      context.addIssue('must be an existing instant in RFC 3339 form with a zone, as 2025-01-01T12:30:00Z');
      return z.NEVER;
    });

/** A JSON Pointer (RFC 6901). */
export const jsonPointer = text(LIMITS.pointerCharsMax).refine(
  (value) => parsePointer(value) !== undefined,
  'must be a JSON Pointer: empty, or beginning with "/", with "~" only as ~0 or ~1',
);

export const backupType = z.enum(['full', 'incremental', 'differential']);

/** How many a policy keeps: its longest reach is that of retentionDays. */
export const keepCount = z.int().min(1).max(LIMITS.retentionDaysMax);

/** A whole number in a query string: digits only, so that `1e3`, `0x10` and ` 7` are not guessed at. */
export const limit = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.int().min(1).max(LIMITS.listPageMax))
  .default(LIMITS.listPageDefault);

export const cursor = z.string().min(1);

/** Idempotency-Key: visible ASCII, so that no two spellings are one key. */
export const idempotencyKey = z
  .string()
  .max(LIMITS.idempotencyKeyCharsMax)
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces');

/** Prefer (RFC 7240): unknown preferences are to be passed over; ours is `respond-async`. */
export const preferAsync = z
  .string()
  .transform((value) =>
    value.split(',').some((part) => part.split(';')[0]!.trim().toLowerCase() === 'respond-async'),
  );

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const item of Object.values(value)) deepest = Math.max(deepest, depthOf(item));
  return deepest + 1;
}

/** From `POST /uploads`. */
export const uploadId = z.string().regex(/^[0-9a-f]{32}$/, 'must be an uploadId from POST /uploads');
