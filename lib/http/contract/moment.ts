// Moments as requests write them: `latest`, `-1`, `-2h`, a backup's id, or an instant of RFC 3339.

import type { AskedInstant, AskedMoment } from '../../core/records/asked-moment.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { faultOfInstant, parseInstant, type SecondEdge } from './instant.ts';

const BACK = /^-(\d{1,9})$/;
const AGO = /^-(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/;
/** As every home makes them. */
const BACKUP_ID = /^backup-[A-Za-z0-9_-]{1,120}$/;
/** In a query a plus sign means a space: before a zone's offset nothing else can have been meant. */
const LOST_PLUS = / (?=\d{2}:\d{2}$)/;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const UNITS_MS = [7 * 24 * HOUR_MS, 24 * HOUR_MS, HOUR_MS, MINUTE_MS, SECOND_MS];

/**
 * The moment that is meant, or undefined if the text is none. `latest` is the newest backup and `-1` the one before it;
 * `-2h`, `-1d12h` and the like are so long ago (`w`, `d`, `h`, `m`, `s`, each at most once, in this order). An instant
 * without a fraction is the end of its second, as in a restore.
 */
export function parseMoment(text: string): AskedMoment | undefined {
  if (text === 'latest') return { back: 0 };
  const back = BACK.exec(text)?.[1];
  if (back !== undefined) return Number(back) <= LIMITS.momentsBackMax ? { back: Number(back) } : undefined;
  if (BACKUP_ID.test(text)) return { backupId: text };
  return parseAskedInstant(text, 'end');
}

/** The instant that is meant, or undefined if the text is none: RFC 3339, or `-2h` and the like for so long ago. */
export function parseAskedInstant(text: string, edge: SecondEdge): AskedInstant | undefined {
  const ago = text.length > 1 ? AGO.exec(text)?.slice(1) : undefined;
  if (ago !== undefined) return { agoMs: ago.reduce((sum, n, i) => sum + Number(n ?? 0) * UNITS_MS[i]!, 0) };
  const at = parseInstant(text.replace(LOST_PLUS, '+'), edge);
  return at === undefined ? undefined : { at };
}

/** What is wrong with a text that is no such instant. */
export function faultOfAskedInstant(text: string): string {
  return text.startsWith('-')
    ? 'must be an instant in RFC 3339 form, or "-2h" (so long ago)'
    : faultOfInstant(text);
}

/** What is wrong with a text that is no moment. */
export function faultOfMoment(text: string): string {
  if (BACK.test(text)) return `must not go back by more than ${LIMITS.momentsBackMax} backups`;
  if (/^\d{4}-\d\d-\d\d/.test(text) || /^\d{9,13}$/.test(text)) return faultOfInstant(text);
  return 'must be "latest", "-1" (the backup before it), "-2h" (so long ago), a backup\'s id, or an instant in RFC 3339 form';
}
