// Resources: their backups, and their states at any moment.

import { LATEST } from '../../core/records/asked-moment.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { viewBackup } from '../contract/backups-view.ts';
import type { RESOURCE_ROUTES } from '../contract/resources.ts';
import { viewHistory, viewTree } from '../contract/resources-view.ts';
import type { HandlersOf } from './call.ts';
import { replyJson, replyPage } from './reply.ts';
import { replyState } from './state-reply.ts';

export function createResourceHandlers(): HandlersOf<typeof RESOURCE_ROUTES> {
  return {
    async listResourceBackups({ params, query }, { service }) {
      return replyPage('backups', await service.listBackups({ ...params, ...query }), viewBackup);
    },

    async getState({ params, query, headers }, { service, principal, isHead }) {
      const state = await service.openState(
        { at: LATEST, ...params, ...query },
        { actor: principal.subject },
      );
      return replyState(state, headers, isHead);
    },

    async getTree({ params, query }, { service, principal }) {
      const { path, mask, limit, after = 0, textBytes = LIMITS.shownTextBytesDefault, ...rest } = query;
      const options = { limit, after, textBytesMax: textBytes, ...(mask === undefined ? {} : { mask }) };
      const asked = { at: LATEST, ...params, ...rest, ...(path ?? ROOT), options };
      return replyJson(200, viewTree(await service.readTree(asked, { actor: principal.subject })));
    },

    async getHistory({ params, query }, { service, principal }) {
      const { path = ROOT, mask, textBytes = LIMITS.shownTextBytesDefault, ...rest } = query;
      const options = { textBytesMax: textBytes, ...(mask === undefined ? {} : { mask }) };
      const asked = { ...params, ...rest, ...path, options };
      const history = await service.readHistory(asked, { actor: principal.subject });
      return replyJson(200, viewHistory(path.path, history));
    },
  };
}

const ROOT = { path: '', steps: [] };
