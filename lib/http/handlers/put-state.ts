// Backups of states that are sent as they are.

import { backupUrl } from '../contract/backups-view.ts';
import type { PUT_STATE_ROUTES } from '../contract/put-state.ts';
import { tagsIn } from '../contract/tagged-query.ts';
import { viewCreated } from './backups.ts';
import type { HandlersOf } from './call.ts';
import { replyJson } from './reply.ts';

/** Links begin with `basePath`. */
export function createPutStateHandlers(basePath: string): HandlersOf<typeof PUT_STATE_ROUTES> {
  return {
    async putState({ params, query, headers, state }, { service, principal, caller }) {
      const { type, resourceType, encrypt, ifChanged, acceptUnusual, asOf, ...about } = query;
      const { retentionDays, source, version } = about;
      const key = headers['idempotency-key'];
      const { 'if-match': matches, 'if-none-match': matchesNone } = headers;
      const condition = {
        ...(matches === undefined ? {} : { matches }),
        ...(matchesNone === undefined ? {} : { matchesNone }),
      };
      const output = await service.createBackup(
        {
          ...{ ...params, resourceType, type, state, encrypt },
          metadata: { version, source, tags: tagsIn(query), retentionDays },
          ...(ifChanged === undefined ? {} : { ifChanged }),
          ...(acceptUnusual === undefined ? {} : { acceptUnusual }),
          ...(asOf === undefined ? {} : { asOf }),
          ...(Object.keys(condition).length === 0 ? {} : { condition }),
          ...(key === undefined ? {} : { idempotencyKey: key }),
        },
        caller,
      );
      return replyJson(output.unchanged ? 200 : 201, viewCreated(output, principal), {
        Location: basePath + backupUrl(output.backup.id),
        ETag: `"sha256:${state.checksum}"`,
        ...(output.replayed ? { 'Idempotent-Replayed': 'true' } : {}),
      });
    },
  };
}
