// Retention.

import type { RetentionPlan } from '../../service/contract/api.ts';
import type { RETENTION_ROUTES } from '../contract/retention.ts';
import { viewChange, viewDecision, viewIds, viewPolicy, viewWait } from '../contract/retention-view.ts';
import type { HandlersOf } from './call.ts';
import { replyJson } from './reply.ts';

export function createRetentionHandlers(): HandlersOf<typeof RETENTION_ROUTES> {
  return {
    async planRetention({ query }, { service }) {
      return replyPlan(await service.planRetention(query));
    },

    async planPolicy({ query, fields }, { service }) {
      return replyPlan(await service.planPolicy({ ...query, ...fields }));
    },

    async listWaits(_input, { service }) {
      const waits = (await service.listWaits()).map(viewWait);
      return replyJson(200, { waits, count: waits.length });
    },

    async decideWait({ params, fields }, { service, caller }) {
      return replyJson(200, viewWait(await service.decideWait(params.id, fields.decision, caller)));
    },

    async getPolicy({ params }, { service }) {
      return replyJson(200, viewPolicy(await service.getPolicy(params.resourceId)));
    },

    async putPolicy({ params, fields }, { service, caller }) {
      const change = await service.putPolicy(params.resourceId, fields, caller);
      const { record, warnings } = change;
      return replyJson(200, {
        ...viewPolicy(record),
        ...viewChange(change),
        ...(warnings.length === 0 ? {} : { warnings }),
      });
    },

    async removePolicy({ params }, { service, caller }) {
      const change = await service.removePolicy(params.resourceId, caller);
      return replyJson(200, { resourceId: params.resourceId, status: 'deleted', ...viewChange(change) });
    },
  };
}

function replyPlan({ items, cursor, summary, waits, wouldExpire }: RetentionPlan): Response {
  return replyJson(200, {
    decisions: items.map(viewDecision),
    count: items.length,
    ...(cursor === undefined ? {} : { nextCursor: cursor }),
    summary,
    waits: waits.map(viewWait),
    ...(wouldExpire === undefined ? {} : { wouldExpire: viewIds(wouldExpire) }),
  });
}
