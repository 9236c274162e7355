// What a wait of retention says to a person.

import type { ExpiryWait } from '../../core/records/retention-records.ts';

export function noticeOf(wait: ExpiryWait) {
  const { id, resourceId } = wait;
  const about = resourceId === undefined ? {} : { resourceId };
  const detail = describeWait(wait);
  return { id: `expiry:${id}`, code: 'expiry_held', severity: 'warning', detail, ...about } as const;
}

/** A sentence for a person. */
export function describeWait({ backups = 0, resourceId, until, decision }: ExpiryWait): string {
  const whose = resourceId === undefined ? 'the store' : resourceId;
  const how =
    decision === 'refused'
      ? 'They stay until it is confirmed that they may go'
      : decision === 'confirmed'
        ? 'They go with the next sweep'
        : `They stay until ${new Date(until).toISOString()}, or until it is decided`;
  return `${backups} backups of ${whose} have expired at once, more than a sweep usually hides. ${how}.`;
}
