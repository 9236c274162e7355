// One handler an operation: calls the service, views what it gives. Everything before and after is the pipeline's.

import { ServiceError } from '../core/errors.ts';
import type { BackupRecord, BackupRequest, OperationRecord } from '../core/model.ts';
import type { Page } from '../ports.ts';
import type { BackupService, RestoreOutput, RetentionPlan } from '../service/api.ts';
import type { Identity } from './auth.ts';
import { type OperationId, ROUTE_LIST, type Routes } from './contract.ts';
import { formatInstant } from './instant.ts';
import type { Origin } from './pipeline.ts';
import { invalidRequest } from './problem.ts';
import { replyJson, replyRestored, replyText } from './reply.ts';
import type { InputOf } from './route.ts';
import {
  backupUrl,
  type OperationView,
  operationUrl,
  viewBackup,
  viewChange,
  viewDecision,
  viewIds,
  viewNotice,
  viewOperation,
  viewPolicy,
  viewRequest,
  viewWait,
} from './view.ts';

export const SERVICE_NAME = 'Backup & Restore Service';

const FEATURES = [
  'full-incremental-differential-backups',
  'point-in-time-restore',
  'gzip-compression',
  'aes-256-cbc-encryption',
  'checksum-verification',
  'retention-policies',
  'legal-hold-and-lock',
  'idempotent-creates',
  'asynchronous-restores',
];

export interface HandlerDeps {
  service: BackupService;
  version: string;
  /** Asked for only when somebody wants to read it. */
  openApi: () => Record<string, unknown>;
  now: () => number;
  /** What links begin with. */
  basePath: string;
}

export type Handlers = {
  [Id in OperationId]: (input: InputOf<Routes[Id]>, identity: Identity, origin: Origin) => Promise<Response>;
};

/** The handlers of every operation in the contract. */
export function createHandlers({ service, version, openApi, now, basePath }: HandlerDeps): Handlers {
  const viewNow = (record: OperationRecord) => viewOperation(record, now(), basePath);
  return {
    async getServiceInfo() {
      const endpoints = Object.fromEntries(
        ROUTE_LIST.map((route) => [route.operationId, `${route.method} ${route.path}`]),
      );
      return replyJson(200, { name: SERVICE_NAME, version, features: FEATURES, endpoints });
    },

    async getHealth() {
      const { status, problems, notices } = await service.checkHealth();
      if (status === 'healthy') return replyJson(200, { status });
      const shown = notices.map(viewNotice);
      if (status === 'degraded') return replyJson(200, { status, notices: shown });
      const parts = problems.map(({ part }) => part);
      const reasons = [
        ...(parts.length === 0 ? [] : [`Not answering: ${parts.join(', ')}.`]),
        ...notices.filter(({ severity }) => severity === 'critical').map(({ detail }) => detail),
      ];
      throw new ServiceError('dependency_unavailable', reasons.join(' '), {
        extra: { health: status, parts, problems, notices: shown },
      });
    },

    async getOpenApi(_input, _identity, origin) {
      // Whole, so that a client that imports the document can call us at once.
      return replyJson(200, basePath === '' ? { ...openApi(), servers: [{ url: origin }] } : openApi());
    },

    async createBackup({ fields, headers, state }, identity) {
      const key = headers['idempotency-key'];
      const { uploadId, ...asked } = fields;
      const keyed = { ...asked, ...(key === undefined ? {} : { idempotencyKey: key }) };
      if (state === undefined) {
        if (uploadId === undefined) throw new Error('the pipeline let a body without a state through');
        const { request, replayed } = await service.requestBackup(
          { ...keyed, uploadId },
          { actor: identity.actor },
        );
        // Asked again under its key, it may be made by now.
        return replyJson('uploadId' in request ? 202 : 201, viewFound(request), {
          Location: basePath + backupUrl(request.id),
          ...(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
        });
      }
      const input = { ...keyed, state };
      const { backup, replayed, warnings } = await service.createBackup(input, { actor: identity.actor });
      const view = { ...viewBackup(backup), ...(warnings === undefined ? {} : { warnings }) };
      return replyJson(201, view, {
        Location: basePath + backupUrl(backup.id),
        ...(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
      });
    },

    async listBackups({ query }) {
      const { status = 'completed', deleted, type, ...rest } = query;
      if (deleted === 'true') {
        if (query.status !== undefined) {
          throw invalidRequest([{ pointer: '/query/status', detail: 'cannot be combined with deleted' }]);
        }
        const asked = type === undefined ? rest : { ...rest, type };
        return replyPage('backups', await service.listHidden(asked), viewBackup);
      }
      if (status === 'completed') return replyPage('backups', await service.listBackups(query), viewBackup);
      if (type !== undefined) {
        throw invalidRequest([{ pointer: '/query/type', detail: 'cannot be combined with this status' }]);
      }
      return replyPage('backups', await service.listRequests({ ...rest, status }), viewRequest);
    },

    async getBackup({ params }) {
      return replyJson(200, viewFound(await service.findBackup(params.id)));
    },

    async createUpload({ fields }, _identity, origin) {
      const { uploadId, url, headers, expiresAt, bytesMax } = await service.createUpload(fields ?? {});
      // A home that takes uploads itself gives a path on this very service.
      const whole = new URL(url, origin).href;
      return replyJson(201, {
        uploadId,
        method: 'PUT',
        url: whole,
        ...(headers === undefined ? {} : { headers }),
        expiresAt: formatInstant(expiresAt),
        bytesMax,
      });
    },

    async protectBackup({ params, fields }, { actor }) {
      return replyJson(200, viewBackup(await service.protectBackup(params.id, fields, { actor })));
    },

    async deleteBackup({ params }, { actor }) {
      await service.deleteBackup(params.id, { actor });
      return replyJson(200, { id: params.id, status: 'deleted' });
    },

    async undeleteBackup({ params }, { actor }) {
      return replyJson(200, viewBackup(await service.undeleteBackup(params.id, { actor })));
    },

    async getBackupDelta({ params }) {
      return replyText(200, await service.getDelta(params.id));
    },

    async verifyBackup({ params }) {
      return replyJson(200, await service.verifyBackup(params.id));
    },

    async restoreBackup({ fields, headers }, identity) {
      const async = headers.prefer === true;
      const createdBy = fields.createdBy ?? identity.actor;
      const output = await service.restore({ ...fields, createdBy, async }, { actor: identity.actor });
      return replyRestore(output, viewNow(output.operation), async, basePath);
    },

    async restorePointInTime({ fields, headers }, identity) {
      const async = headers.prefer === true;
      const createdBy = fields.createdBy ?? identity.actor;
      const { timestamp: at, ...rest } = fields;
      const input = { targetResourceId: rest.resourceId, ...rest, at, createdBy, async };
      const output = await service.restorePointInTime(input, { actor: identity.actor });
      return replyRestore(output, viewNow(output.operation), async, basePath);
    },

    async listOperations({ query }) {
      return replyPage('operations', await service.listOperations(query), viewNow);
    },

    async getOperation({ params }) {
      return replyJson(200, viewNow(await service.getOperation(params.id)));
    },

    async getOperationResult({ params }) {
      const { data, url } = await service.getOperationResult(params.id);
      if (url !== undefined) return new Response(null, { status: 303, headers: { Location: url } });
      return replyText(200, data);
    },

    async planRetention({ query }) {
      return replyPlan(await service.planRetention(query));
    },

    async planPolicy({ query, fields }) {
      return replyPlan(await service.planPolicy({ ...query, ...fields }));
    },

    async listWaits() {
      const waits = (await service.listWaits()).map(viewWait);
      return replyJson(200, { waits, count: waits.length });
    },

    async decideWait({ params, fields }, { actor }) {
      return replyJson(200, viewWait(await service.decideWait(params.id, fields.decision, { actor })));
    },

    async getPolicy({ params }) {
      return replyJson(200, viewPolicy(await service.getPolicy(params.resourceId)));
    },

    async putPolicy({ params, fields }, { actor }) {
      const change = await service.putPolicy(params.resourceId, fields, { actor });
      const { record, warnings } = change;
      return replyJson(200, {
        ...viewPolicy(record),
        ...viewChange(change),
        ...(warnings.length === 0 ? {} : { warnings }),
      });
    },

    async removePolicy({ params }, { actor }) {
      const change = await service.removePolicy(params.resourceId, { actor });
      return replyJson(200, { resourceId: params.resourceId, status: 'deleted', ...viewChange(change) });
    },
  };
}

function viewFound(found: BackupRecord | BackupRequest) {
  return 'uploadId' in found ? viewRequest(found) : viewBackup(found);
}

function replyPage<T>(member: string, page: Page<T>, view: (item: T) => unknown): Response {
  const items = page.items.map(view);
  const next = page.cursor === undefined ? {} : { nextCursor: page.cursor };
  return replyJson(200, { [member]: items, count: items.length, ...next });
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

function replyRestore(
  { operation, data }: RestoreOutput,
  view: OperationView,
  preferAsync: boolean,
  basePath: string,
): Response {
  if (data !== undefined) return replyRestored(view, data);
  const final = operation.status === 'completed' || operation.status === 'failed';
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
