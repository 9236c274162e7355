// Backups.

import { holds, type Principal } from '../../core/records/access.ts';
import type { BackupRecord, BackupRequest } from '../../core/records/model.ts';
import type { BackupListInput, CreateOutput } from '../../service/contract/api.ts';
import type { BACKUP_ROUTES } from '../contract/backups.ts';
import { backupUrl, viewBackup, viewReceipt, viewRequest } from '../contract/backups-view.ts';
import { invalidRequest } from '../contract/problem.ts';
import { tagsIn } from '../contract/tagged-query.ts';
import type { HandlersOf } from './call.ts';
import { replyJson, replyPage, replyText } from './reply.ts';

/** Links begin with `basePath`. */
export function createBackupHandlers(basePath: string): HandlersOf<typeof BACKUP_ROUTES> {
  return {
    async createBackup({ fields, headers, state }, { service, principal, caller }) {
      const key = headers['idempotency-key'];
      const { uploadId, ...asked } = fields;
      const keyed = { ...asked, ...(key === undefined ? {} : { idempotencyKey: key }) };
      if (state === undefined) {
        if (uploadId === undefined) throw new Error('the pipeline let a body without a state through');
        const { request, replayed, unchanged } = await service.requestBackup({ ...keyed, uploadId }, caller);
        // Asked again under its key, it may be made by now.
        const status = 'uploadId' in request ? 202 : unchanged ? 200 : 201;
        return replyJson(
          status,
          { ...viewMade(request, principal), ...(unchanged ? { unchanged } : {}) },
          {
            Location: basePath + backupUrl(request.id),
            ...(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
          },
        );
      }
      const input = { ...keyed, state };
      const output = await service.createBackup(input, caller);
      return replyJson(output.unchanged ? 200 : 201, viewCreated(output, principal), {
        Location: basePath + backupUrl(output.backup.id),
        ...(output.replayed ? { 'Idempotent-Replayed': 'true' } : {}),
      });
    },

    async listBackups({ query }, { service }) {
      const { status = 'completed', deleted } = query;
      const asked = {
        ...listed(query),
        ...(query.resourceId === undefined ? {} : { resourceId: query.resourceId }),
      };
      if (deleted === 'true') {
        if (query.status !== undefined) {
          throw invalidRequest([{ pointer: '/query/status', detail: 'cannot be combined with deleted' }]);
        }
        return replyPage('backups', await service.listHidden(asked), viewBackup);
      }
      if (status === 'completed') return replyPage('backups', await service.listBackups(asked), viewBackup);
      const { limit, cursor, resourceId, tags, ...others } = asked;
      const faults = [...Object.keys(others), ...(tags === undefined ? [] : ['tag'])];
      if (faults.length > 0) {
        const detail = 'cannot be combined with this status';
        throw invalidRequest(faults.map((name) => ({ pointer: `/query/${name}`, detail })));
      }
      const requests = { limit, status, ...(cursor === undefined ? {} : { cursor }) };
      const page = await service.listRequests({
        ...requests,
        ...(resourceId === undefined ? {} : { resourceId }),
      });
      return replyPage('backups', page, viewRequest);
    },

    async getBackup({ params }, { service }) {
      const found = await service.findBackup(params.id);
      // An upload whose state was there already has led to another backup than its id would have named.
      const unchanged = found.id === params.id ? {} : { unchanged: true };
      return replyJson(200, { ...viewFound(found), ...unchanged });
    },

    async protectBackup({ params, fields }, { service, principal, caller }) {
      return replyJson(200, viewOther(await service.protectBackup(params.id, fields, caller), principal));
    },

    async deleteBackup({ params }, { service, caller }) {
      await service.deleteBackup(params.id, caller);
      return replyJson(200, { id: params.id, status: 'deleted' });
    },

    async undeleteBackup({ params }, { service, principal, caller }) {
      return replyJson(200, viewOther(await service.undeleteBackup(params.id, caller), principal));
    },

    async getBackupDelta({ params }, { service, caller }) {
      return replyText(200, await service.getDelta(params.id, caller));
    },

    async verifyBackup({ params }, { service }) {
      return replyJson(200, await service.verifyBackup(params.id));
    },
  };
}

type ListQuery = Pick<BackupListInput, 'type' | 'from' | 'to' | 'limit' | 'cursor'> & {
  tag?: Record<string, string>;
};

/** What a query asks of a list of backups, the resource apart. */
export function listed({ type, from, to, limit, cursor, tag, ...rest }: ListQuery): BackupListInput {
  const tags = { ...tag, ...tagsIn(rest) };
  return {
    limit,
    ...(cursor === undefined ? {} : { cursor }),
    ...(type === undefined ? {} : { type }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  };
}

/** What came of a create, with what its caller should know of. */
export function viewCreated({ backup, unchanged, warnings = [] }: CreateOutput, principal: Principal) {
  const said = [...warnings, ...(unchanged ? [] : warningOf(backup, principal))];
  return {
    ...(mayList(principal) ? viewBackup(backup) : viewReceipt(backup, true)),
    ...(unchanged === undefined ? {} : { unchanged }),
    ...(said.length === 0 ? {} : { warnings: said }),
  };
}

/** Numbers of what was there before are for who may look at it. */
function warningOf({ unusual }: BackupRecord, principal: Principal): string[] {
  if (unusual === undefined) return [];
  return [mayList(principal) ? unusual.detail : 'More has gone than is usual for the resource.'];
}

function mayList(principal: Principal): boolean {
  return holds(principal, 'backup:list');
}

/** What the caller has just sent. */
function viewMade(made: BackupRecord | BackupRequest, principal: Principal) {
  return 'uploadId' in made || mayList(principal) ? viewFound(made) : viewReceipt(made, true);
}

/** What the caller, or somebody else, has sent once. */
function viewOther(record: BackupRecord, principal: Principal) {
  return mayList(principal) ? viewBackup(record) : viewReceipt(record, false);
}

function viewFound(found: BackupRecord | BackupRequest) {
  return 'uploadId' in found ? viewRequest(found) : viewBackup(found);
}
