// The building blocks of the contract's schemas: each says what a value is, how long it may be, and what is said of a wrong one.

import * as z from 'zod/mini';
import { parseMask } from '../../core/history/mask.ts';
import { parsePointer, pointerMeantBy } from '../../core/json/pointer.ts';
import { SCOPES } from '../../core/records/access.ts';
import { isTimeZone } from '../../core/records/calendar.ts';
import { UPLOAD_ID } from '../../core/records/ids.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { faultOfInstant, faultOfNumber, parseInstant, type SecondEdge } from './instant.ts';
import { faultOfAskedInstant, faultOfMoment, parseAskedInstant, parseMoment } from './moment.ts';
import { once } from './once.ts';

/** C0, DEL and C1: they break logs and headers, and nobody means them. */
const CONTROL = /\p{Cc}/u;

const WELL_FORMED = 'holds half of a surrogate pair, which is not text';
const NO_CONTROL = 'must not hold control characters';

/** Text that comes back as it was: no lone surrogates, which UTF-8 cannot carry. */
const text = (charsMax: number) =>
  z.string().check(
    z.maxLength(charsMax),
    z.refine((value) => value.isWellFormed(), WELL_FORMED),
  );

/** Text that may be empty, and of more than one line. */
export const shortText = text;

/** RFC 1864: the digest of the body as it was sent. */
export const contentMd5 = once(() =>
  z.string().check(z.regex(/^[A-Za-z0-9+/]{22}==$/, 'must be an MD5 digest in base64')),
);

/** Text on one line, and some. */
const line = (charsMax: number) =>
  text(charsMax).check(
    z.minLength(1),
    z.refine((value) => !CONTROL.test(value), NO_CONTROL),
  );

/** Ids, types, authors, sources: 1..256 characters on one line. */
export const name = once(() =>
  // URLs take these two as steps in the path, even percent-encoded: nothing by that name could be asked for.
  line(LIMITS.nameCharsMax).check(
    z.refine((value) => value !== '.' && value !== '..', 'must not be "." or ".."'),
  ),
);

export const tags = once(() =>
  z.record(line(LIMITS.tagKeyCharsMax), text(LIMITS.tagValueCharsMax)).check(
    z.refine(
      (value) => Object.keys(value).length <= LIMITS.tagsMax,
      `must not have more than ${LIMITS.tagsMax} tags`,
    ),
    z.meta({ maxProperties: LIMITS.tagsMax }),
  ),
);

/** Anything of the caller's own, kept with the backup: bounded as text and in depth. */
export const customFields = once(() =>
  z.record(z.string(), z.unknown()).check(
    z.superRefine((value, context) => {
      // Depth first: what is too deep is not worth measuring.
      if (depthOf(value) > LIMITS.customFieldsDepthMax) {
        context.addIssue(`must not be nested more than ${LIMITS.customFieldsDepthMax} deep`);
      } else if (Buffer.byteLength(JSON.stringify(value)) > LIMITS.customFieldsBytesMax) {
        context.addIssue(`must not take more than ${LIMITS.customFieldsBytesMax} bytes as JSON`);
      }
    }),
  ),
);

const wholeNumber = (least: number, most: number) => z.int().check(z.minimum(least), z.maximum(most));

export const retentionDays = once(() => wholeNumber(0, LIMITS.retentionDaysMax));

/** An RFC 3339 date-time with a zone, to epoch milliseconds. */
export const instant = (edge: SecondEdge) =>
  z.pipe(
    z
      .string({ error: ({ input }) => faultOfNumber(input) })
      .check(z.maxLength(64), z.meta({ format: 'date-time' })),
    z.transform((value: string, context) => {
      const at = parseInstant(value, edge);
      if (at !== undefined) return at;
      context.issues.push({ code: 'custom', message: faultOfInstant(value), input: value });
      return z.NEVER;
    }),
  );

/** A moment of a resource: `latest`, `-1`, `-2h`, a backup's id, or an RFC 3339 date-time with a zone. */
export const moment = () =>
  z.pipe(
    z.string().check(z.maxLength(160)),
    z.transform((value: string, context) => {
      const asked = parseMoment(value);
      if (asked !== undefined) return asked;
      context.issues.push({ code: 'custom', message: faultOfMoment(value), input: value });
      return z.NEVER;
    }),
  );

/** An RFC 3339 date-time with a zone, or `-2h`: so long ago. */
export const askedInstant = (edge: SecondEdge) =>
  z.pipe(
    z.string().check(z.maxLength(64)),
    z.transform((value: string, context) => {
      const asked = parseAskedInstant(value, edge);
      if (asked !== undefined) return asked;
      context.issues.push({ code: 'custom', message: faultOfAskedInstant(value), input: value });
      return z.NEVER;
    }),
  );

/** One tag of a query: `KEY=VALUE`. */
export const oneTag = once(() =>
  z.pipe(
    z.string().check(z.regex(/^[^=]+=/, 'must be KEY=VALUE')),
    z.transform((value: string) => {
      const at = value.indexOf('=');
      return { [value.slice(0, at)]: value.slice(at + 1) };
    }),
  ),
);

/** A JSON Pointer (RFC 6901). */
export const jsonPointer = once(() =>
  text(LIMITS.pointerCharsMax).check(
    z.refine((value) => parsePointer(value) !== undefined, {
      error({ input }) {
        const meant = pointerMeantBy(String(input));
        const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
        return `must be a JSON Pointer: empty, or beginning with "/", with "~" only as ~0 or ~1${hint}`;
      },
    }),
  ),
);

/** A path into a state: a JSON Pointer whose rows may be named (`/users/id=42`), as its steps. */
export const statePath = () =>
  z.pipe(
    jsonPointer(),
    z.transform((path: string) => ({ path, steps: parsePointer(path)! })),
  );

/** Which values are not to be shown. */
export const mask = () =>
  z.pipe(
    line(LIMITS.maskCharsMax),
    z.transform((value: string, context) => {
      const parsed = parseMask(value);
      if (parsed !== undefined) return parsed;
      const message = 'must be words with commas between them, "@common" or "@all"';
      context.issues.push({ code: 'custom', message, input: value });
      return z.NEVER;
    }),
  );

/** A whole number in a query string, within these bounds. */
export const numberInQuery = (least: number, most: number) =>
  z.pipe(
    z.pipe(z.string().check(z.regex(/^\d{1,12}$/, 'must be a whole number')), z.transform(Number)),
    wholeNumber(least, most),
  );

export const backupType = once(() => z.enum(['full', 'incremental', 'differential']));

/** As `sha256sum` prints it, or as answers do. */
export const sha256 = once(() =>
  z.pipe(
    z.string().check(z.regex(/^(sha256:)?[0-9a-fA-F]{64}$/, 'must be 64 hex digits')),
    z.transform((text) => text.slice(-64).toLowerCase()),
  ),
);

export const byteCount = once(() => wholeNumber(1, Number.MAX_SAFE_INTEGER));

export const backupStatus = once(() => z.enum(['pending', 'in_progress', 'completed', 'failed']));

/** How many a policy keeps: its longest reach is that of retentionDays. */
export const keepCount = once(() => wholeNumber(1, LIMITS.retentionDaysMax));

/** Which members tell the rows of an array apart, by the array's JSON Pointer. */
export const rowIdentity = once(() => {
  const member = text(LIMITS.nameCharsMax).check(
    z.minLength(1),
    z.refine((value) => !value.includes('='), 'must not hold "=": no path could name a row by it'),
  );
  const members = z.array(member).check(
    z.minLength(1),
    z.maxLength(LIMITS.identityMembersMax),
    z.refine((names) => new Set(names).size === names.length, 'must not name a member twice'),
  );
  return z.record(jsonPointer(), members).check(
    z.refine(
      (value) => Object.keys(value).length <= LIMITS.identityArraysMax,
      `must not have more than ${LIMITS.identityArraysMax} arrays`,
    ),
    z.meta({ maxProperties: LIMITS.identityArraysMax }),
  );
});

export const expectEverySeconds = once(() => wholeNumber(1, LIMITS.expectEverySecondsMax));

/** When more rows than usual have gone, and what then. */
export const shrinkRule = once(() =>
  z.strictObject({
    share: z.number().check(z.minimum(0), z.maximum(1)),
    action: z.enum(['warn', 'refuse']),
    least: z.exactOptional(wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  }),
);

/** A word that names of members have in them: part of a `mask`, so what separates words there cannot be in it. */
export const sensitiveWord = once(() =>
  line(LIMITS.sensitiveWordCharsMax).check(
    z.refine(
      (value) => !/^@|,|^\s|\s$/u.test(value),
      'must be a word: no comma, no space around it, no "@" before it',
    ),
  ),
);

/** What a source or a schedule is called: it stands in URLs, and in the ids of runs. */
export const shortName = once(() =>
  z
    .string()
    .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, ".", "_" or "-"')),
);

/** Five fields of cron, or `every 15m`; what they say is judged with the zone. */
export const times = once(() => line(LIMITS.nameCharsMax));

export const jitterSeconds = once(() => wholeNumber(0, LIMITS.jitterSecondsMax));
export const drillEvery = once(() => wholeNumber(0, LIMITS.drillEveryMax));

/** A whole number in a query string, as `limit`. */
export const nextCount = once(() =>
  z.pipe(
    z.pipe(z.string().check(z.regex(/^\d{1,9}$/, 'must be a whole number')), z.transform(Number)),
    wholeNumber(1, LIMITS.nextSlotsMax),
  ),
);

/** A time zone by its IANA name: `Europe/Berlin`, `UTC`. */
export const timeZone = once(() =>
  line(64).check(
    z.refine((value) => isTimeZone(value), 'must be a time zone of the IANA database, as Europe/Berlin'),
  ),
);

/** A whole number in a query string: digits only, so that `1e3`, `0x10` and ` 7` are not guessed at. */
export const limit = once(() =>
  z._default(
    z.pipe(
      z.pipe(z.string().check(z.regex(/^\d{1,9}$/, 'must be a whole number')), z.transform(Number)),
      wholeNumber(1, LIMITS.listPageMax),
    ),
    LIMITS.listPageDefault,
  ),
);

/** A flag in a query. */
export const yesOrNo = once(() =>
  z.pipe(
    z.enum(['true', 'false']),
    z.transform((value: 'true' | 'false') => value === 'true'),
  ),
);

/** `*`, or entity tags (RFC 9110, 8.8.3). Of ours, the checksums that they hold; others name no state of ours. */
export const entityTags = once(() =>
  z.pipe(
    z
      .string()
      .check(
        z.regex(/^\s*(\*|(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*)\s*$/, 'must be * or tags in double quotes'),
      ),
    z.transform((value: string): '*' | string[] =>
      value.trim() === '*'
        ? '*'
        : [...value.matchAll(/"sha256:([0-9a-f]{64})(?:;gzip)?"/g)].map(([, hex]) => hex!),
    ),
  ),
);

export const cursor = once(() => z.string().check(z.minLength(1)));

/** Idempotency-Key: visible ASCII, so that no two spellings are one key. */
export const idempotencyKey = once(() =>
  z
    .string()
    .check(
      z.maxLength(LIMITS.idempotencyKeyCharsMax),
      z.regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces'),
    ),
);

/** Prefer (RFC 7240): unknown preferences are to be passed over; ours is `respond-async`. */
export const preferAsync = once(() =>
  z.pipe(
    z.string(),
    z.transform((value: string) =>
      value.split(',').some((part) => part.split(';')[0]!.trim().toLowerCase() === 'respond-async'),
    ),
  ),
);

/** What a token is called: short, for it stands in every line of the trail that its holder leaves. */
export const tokenName = once(() =>
  z
    .string()
    .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, ".", "_" or "-"')),
);

export const scope = once(() => z.enum(SCOPES));

/** The beginning of resource ids. */
export const prefix = once(() => line(LIMITS.nameCharsMax));

/** From `POST /uploads`. */
export const uploadId = once(() =>
  z.string().check(z.regex(UPLOAD_ID, 'must be an uploadId from POST /uploads')),
);

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const item of Object.values(value)) deepest = Math.max(deepest, depthOf(item));
  return deepest + 1;
}
