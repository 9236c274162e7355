// Restores.

import type { OperationRecord } from '../../core/records/model.ts';
import { isFinished } from '../../core/records/status.ts';
import type { RestoreOutput, RestorePlan } from '../../service/contract/api.ts';
import type { RESTORE_ROUTES } from '../contract/restores.ts';
import { type OperationView, operationUrl, viewOperation, viewPlan } from '../contract/restores-view.ts';
import type { HandlersOf } from './call.ts';
import { replyJson, replyPage, replyRestored, replyText } from './reply.ts';

/** Links begin with `basePath`; `now` gives epoch milliseconds. */
export function createRestoreHandlers(
  basePath: string,
  now: () => number,
): HandlersOf<typeof RESTORE_ROUTES> {
  const viewNow = (record: OperationRecord) => viewOperation(record, now(), basePath);
  return {
    async restoreBackup({ fields, headers }, { service, principal, caller }) {
      const async = headers.prefer === true;
      const { plan, createdBy = principal.subject, ...rest } = fields;
      if (plan) return replyPlan(await service.planRestore({ ...rest, async, seesTarget: true }));
      const output = await service.restore({ ...rest, createdBy, async }, caller);
      return replyRestore(output, viewNow(output.operation), async, basePath);
    },

    async restorePointInTime({ fields, headers }, { service, principal, caller }) {
      const async = headers.prefer === true;
      const { timestamp: at, plan, createdBy = principal.subject, ...rest } = fields;
      const asked = { targetResourceId: rest.resourceId, ...rest, at, async };
      if (plan) return replyPlan(await service.planRestore({ ...asked, seesTarget: true }));
      const input = { ...asked, createdBy };
      const output = await service.restorePointInTime(input, caller);
      return replyRestore(output, viewNow(output.operation), async, basePath);
    },

    async listOperations({ query }, { service }) {
      return replyPage('operations', await service.listOperations(query), viewNow);
    },

    async getOperation({ params }, { service }) {
      return replyJson(200, viewNow(await service.getOperation(params.id)));
    },

    async getOperationResult({ params }, { service, caller }) {
      const { data, url } = await service.getOperationResult(params.id, caller);
      if (url !== undefined) return new Response(null, { status: 303, headers: { Location: url } });
      return replyText(200, data);
    },
  };
}

function replyPlan(plan: RestorePlan): Response {
  return replyJson(200, { plan: viewPlan(plan) });
}

function replyRestore(
  { operation, data }: RestoreOutput,
  view: OperationView,
  preferAsync: boolean,
  basePath: string,
): Response {
  if (data !== undefined) return replyRestored(view, data);
  const final = isFinished(operation);
  // Only an asynchronous restore may be over before its data is fetched; otherwise "done" without data is a bug.
  if (final && !preferAsync) throw new Error(`restore ${operation.id} is ${operation.status} without data`);
  return replyJson(
    202,
    { operation: view },
    {
      Location: basePath + operationUrl(operation.id),
      ...(preferAsync ? { 'Preference-Applied': 'respond-async' } : {}),
    },
  );
}
