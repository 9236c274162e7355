// What a command is about: a resource, a moment of one, or a backup.

import { parseTime } from '../../client/times.ts';
import type { Context } from './context.ts';

export interface Target {
  resourceId: string;
  /** As the service takes it. */
  at: string;
}

const BACKUP_ID = /^backup-[A-Za-z0-9_-]+$/;

/**
 * `shop`, `shop@-1`, `shop@yesterday 14:00`, `backup-7`; what stands behind the last `@` counts only if it is a time, for ids may have one.
 * `at` is another way to say the moment. Throws CliError, and BackupError for a backup that is not there.
 */
export async function targetOf(context: Context, text: string, at?: string): Promise<Target> {
  if (BACKUP_ID.test(text)) {
    const { resourceId } = await context.client.backup(text);
    return { resourceId, at: text };
  }
  const moment = at === undefined ? undefined : context.time(at, 'end');
  const sign = text.lastIndexOf('@');
  if (sign > 0) {
    const parsed = parseTime(text.slice(sign + 1), 'end', context);
    if (parsed !== undefined) return { resourceId: text.slice(0, sign), at: moment ?? parsed };
  }
  return { resourceId: text, at: moment ?? 'latest' };
}
