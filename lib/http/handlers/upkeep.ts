// Upkeep.

import { viewNotice } from '../contract/service.ts';
import { type UPKEEP_ROUTES, viewTask } from '../contract/upkeep.ts';
import type { HandlersOf } from './call.ts';
import { replyJson } from './reply.ts';

export function createUpkeepHandlers(): HandlersOf<typeof UPKEEP_ROUTES> {
  return {
    async getUpkeep(_input, { service }) {
      const { tasks, notices } = await service.getUpkeep();
      return replyJson(200, {
        tasks: tasks.map(viewTask),
        count: tasks.length,
        notices: notices.map(viewNotice),
      });
    },
  };
}
