// Notices: what an operator has to know of until it has passed. Raising one twice writes once.

import type { Notice } from '../../core/records/model.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { retryOnConflict } from './conflict.ts';
import { event } from './events.ts';

type NoticeDeps = Pick<Deps, 'catalog' | 'clock' | 'log' | 'random'>;

const BY: Readonly<Caller> = { actor: 'service' };

/**
 * Raises a notice, or changes what it says, with an event and a line in the log; one that says the same already stays as
 * it is. Throws PortError from the catalog.
 */
export async function raiseNotice(deps: NoticeDeps, asked: Omit<Notice, 'since' | 'version'>): Promise<void> {
  const { catalog, clock, log } = deps;
  const { id, code, severity, detail } = asked;
  const isNews = await retryOnConflict(`Notice ${id}`, async () => {
    const standing = await catalog.getNotice(id);
    if (standing?.code === code && standing.severity === severity && standing.detail === detail) return false;
    const now = clock.now();
    const expect = standing?.version ?? 0;
    const record: Notice = { ...asked, since: standing?.since ?? now, version: expect + 1 };
    await catalog.commit([
      { kind: 'notice.put', record, expect },
      event(deps, 'notice.raised', now, BY, { ...about(record), detail: { id, code, severity, detail } }),
    ]);
    return true;
  });
  if (!isNews) return;
  const facts = { id, code, detail, ...about(asked) };
  if (severity === 'critical') log.error('notice raised', facts);
  else log.warn('notice raised', facts);
}

/** Takes a notice back, with an event; one that is not there is no error. Throws PortError from the catalog. */
export async function clearNotice(deps: NoticeDeps, id: string): Promise<void> {
  const { catalog, clock, log } = deps;
  const cleared = await retryOnConflict(`Notice ${id}`, async () => {
    const standing = await catalog.getNotice(id);
    if (standing === undefined) return undefined;
    await catalog.commit([
      { kind: 'notice.remove', id, expect: standing.version },
      event(deps, 'notice.cleared', clock.now(), BY, {
        ...about(standing),
        detail: { id, code: standing.code },
      }),
    ]);
    return standing;
  });
  if (cleared !== undefined) log.info('notice cleared', { id, code: cleared.code, ...about(cleared) });
}

function about({ resourceId, backupId }: Pick<Notice, 'resourceId' | 'backupId'>) {
  return { resourceId: resourceId ?? '', ...(backupId === undefined ? {} : { backupId }) };
}
