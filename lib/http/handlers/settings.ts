// What is said of resources.

import type { FoundSettings } from '../../service/contract/looks.ts';
import { type SETTINGS_ROUTES, viewSettings } from '../contract/settings.ts';
import type { HandlersOf } from './call.ts';
import { replyJson } from './reply.ts';

export function createSettingsHandlers(): HandlersOf<typeof SETTINGS_ROUTES> {
  return {
    async getSettings({ params }, { service }) {
      return replySettings(await service.getSettings(params.resourceId));
    },

    async putSettings({ params, headers, fields }, { service, caller }) {
      const { 'if-match': matches, 'if-none-match': matchesNone } = headers;
      const condition = {
        ...(matches === undefined ? {} : { matches }),
        ...(matchesNone === undefined ? {} : { matchesNone }),
      };
      return replySettings(await service.putSettings(params.resourceId, fields, condition, caller));
    },
  };
}

function replySettings({ settings, checksum }: FoundSettings): Response {
  return replyJson(200, viewSettings(settings), { ETag: `"sha256:${checksum}"` });
}
