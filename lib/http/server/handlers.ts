// One handler an operation: calls the service, views what it gives. Everything before and after is the pipeline's.

import { holds, type Principal } from '../../core/records/access.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord, BackupRequest, OperationRecord } from '../../core/records/model.ts';
import { isFinished } from '../../core/records/status.ts';
import type { Page } from '../../ports/pages.ts';
import type { RestoreOutput, RetentionPlan } from '../../service/contract/api.ts';
import { formatInstant } from '../contract/instant.ts';
import { invalidRequest } from '../contract/problem.ts';
import type { InputOf, Route } from '../contract/route.ts';
import type { OperationId, Routes } from '../contract/routes.ts';
import {
  backupUrl,
  type OperationView,
  operationUrl,
  viewBackup,
  viewChange,
  viewDecision,
  viewIds,
  viewNotice,
  viewNoticeInShort,
  viewOperation,
  viewPolicy,
  viewReceipt,
  viewRequest,
  viewToken,
  viewWait,
} from '../contract/view.ts';
import type { Call } from './pipeline.ts';
import { replyJson, replyRestored, replyText } from './reply.ts';

const SERVICE_NAME = 'Backup & Restore Service';

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
  version: string;
  /** Asked for only when somebody wants to read it. */
  openApi: () => Record<string, unknown>;
  now: () => number;
  /** What links begin with. */
  basePath: string;
  /** The routes of this deployment. */
  routes: readonly (Route & { operationId: OperationId })[];
}

export type Handlers = {
  [Id in OperationId]: (input: InputOf<Routes[Id]>, call: Call) => Promise<Response>;
};

/** The handlers of every operation in the contract. */
export function createHandlers({ version, openApi, now, basePath, routes }: HandlerDeps): Handlers {
  const viewNow = (record: OperationRecord) => viewOperation(record, now(), basePath);
  return {
    async getServiceInfo() {
      const endpoints = Object.fromEntries(
        routes.map((route) => [route.operationId, `${route.method} ${route.path}`]),
      );
      return replyJson(200, { name: SERVICE_NAME, version, features: FEATURES, endpoints });
    },

    async getHealth(_input, { service, principal }) {
      const { status, problems, notices } = await service.checkHealth();
      if (status === 'healthy') return replyJson(200, { status });
      // Anybody may ask; of what, in words, only an operator hears: it names resources and backups.
      const isWhole = holds(principal, 'admin');
      const shown = notices.map((notice) => (isWhole ? viewNotice(notice) : viewNoticeInShort(notice)));
      if (status === 'degraded') return replyJson(200, { status, notices: shown });
      const parts = problems.map(({ part }) => part);
      const critical = notices.filter(({ severity }) => severity === 'critical');
      const reasons = [
        ...(parts.length === 0 ? [] : [`Not answering: ${parts.join(', ')}.`]),
        ...critical.map(({ code, detail }) =>
          isWhole ? detail : `${code}: ask as an operator, or see the log.`,
        ),
      ];
      throw new ServiceError('dependency_unavailable', reasons.join(' '), {
        extra: {
          health: status,
          parts,
          problems: isWhole ? problems : problems.map(({ part, code }) => ({ part, code })),
          notices: shown,
        },
      });
    },

    async getOpenApi(_input, { origin }) {
      // Whole, so that a client that imports the document can call us at once.
      return replyJson(200, { ...openApi(), servers: [{ url: origin + basePath }] });
    },

    async createBackup({ fields, headers, state }, { service, principal }) {
      const key = headers['idempotency-key'];
      const { uploadId, ...asked } = fields;
      const keyed = { ...asked, ...(key === undefined ? {} : { idempotencyKey: key }) };
      if (state === undefined) {
        if (uploadId === undefined) throw new Error('the pipeline let a body without a state through');
        const { request, replayed } = await service.requestBackup(
          { ...keyed, uploadId },
          { actor: principal.subject },
        );
        // Asked again under its key, it may be made by now.
        return replyJson('uploadId' in request ? 202 : 201, viewMade(request, principal), {
          Location: basePath + backupUrl(request.id),
          ...(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
        });
      }
      const input = { ...keyed, state };
      const { backup, replayed, warnings } = await service.createBackup(input, { actor: principal.subject });
      const shown = mayList(principal) ? viewBackup(backup) : viewReceipt(backup, true);
      const view = { ...shown, ...(warnings === undefined ? {} : { warnings }) };
      return replyJson(201, view, {
        Location: basePath + backupUrl(backup.id),
        ...(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
      });
    },

    async listBackups({ query }, { service }) {
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

    async getBackup({ params }, { service }) {
      return replyJson(200, viewFound(await service.findBackup(params.id)));
    },

    async createUpload({ fields }, { service, origin }) {
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

    async protectBackup({ params, fields }, { service, principal }) {
      return replyJson(
        200,
        viewOther(await service.protectBackup(params.id, fields, { actor: principal.subject }), principal),
      );
    },

    async deleteBackup({ params }, { service, principal }) {
      await service.deleteBackup(params.id, { actor: principal.subject });
      return replyJson(200, { id: params.id, status: 'deleted' });
    },

    async undeleteBackup({ params }, { service, principal }) {
      return replyJson(
        200,
        viewOther(await service.undeleteBackup(params.id, { actor: principal.subject }), principal),
      );
    },

    async getBackupDelta({ params }, { service }) {
      return replyText(200, await service.getDelta(params.id));
    },

    async verifyBackup({ params }, { service }) {
      return replyJson(200, await service.verifyBackup(params.id));
    },

    async restoreBackup({ fields, headers }, { service, principal }) {
      const async = headers.prefer === true;
      const createdBy = fields.createdBy ?? principal.subject;
      const output = await service.restore({ ...fields, createdBy, async }, { actor: principal.subject });
      return replyRestore(output, viewNow(output.operation), async, basePath);
    },

    async restorePointInTime({ fields, headers }, { service, principal }) {
      const async = headers.prefer === true;
      const createdBy = fields.createdBy ?? principal.subject;
      const { timestamp: at, ...rest } = fields;
      const input = { targetResourceId: rest.resourceId, ...rest, at, createdBy, async };
      const output = await service.restorePointInTime(input, { actor: principal.subject });
      return replyRestore(output, viewNow(output.operation), async, basePath);
    },

    async listOperations({ query }, { service }) {
      return replyPage('operations', await service.listOperations(query), viewNow);
    },

    async getOperation({ params }, { service }) {
      return replyJson(200, viewNow(await service.getOperation(params.id)));
    },

    async getOperationResult({ params }, { service }) {
      const { data, url } = await service.getOperationResult(params.id);
      if (url !== undefined) return new Response(null, { status: 303, headers: { Location: url } });
      return replyText(200, data);
    },

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

    async decideWait({ params, fields }, { service, principal }) {
      return replyJson(
        200,
        viewWait(await service.decideWait(params.id, fields.decision, { actor: principal.subject })),
      );
    },

    async getPolicy({ params }, { service }) {
      return replyJson(200, viewPolicy(await service.getPolicy(params.resourceId)));
    },

    async putPolicy({ params, fields }, { service, principal }) {
      const change = await service.putPolicy(params.resourceId, fields, { actor: principal.subject });
      const { record, warnings } = change;
      return replyJson(200, {
        ...viewPolicy(record),
        ...viewChange(change),
        ...(warnings.length === 0 ? {} : { warnings }),
      });
    },

    async removePolicy({ params }, { service, principal }) {
      const change = await service.removePolicy(params.resourceId, { actor: principal.subject });
      return replyJson(200, { resourceId: params.resourceId, status: 'deleted', ...viewChange(change) });
    },

    async listTokens(_input, { service }) {
      const tokens = (await service.listTokens()).map((record) => viewToken(record, now()));
      return replyJson(200, { tokens, count: tokens.length });
    },

    async makeToken({ fields }, { service, principal }) {
      const { resources: ids = [], prefixes = [], ...rest } = fields;
      const isForAll = fields.resources === undefined && fields.prefixes === undefined;
      const input = { ...rest, ...(isForAll ? {} : { resources: { ids, prefixes } }) };
      if (input.expiresAt !== undefined && input.expiresAt <= now()) {
        throw invalidRequest([{ pointer: '/expiresAt', detail: 'must be ahead' }]);
      }
      const { record, token } = await service.makeToken(input, { actor: principal.subject });
      return replyJson(201, { ...viewToken(record, now()), token });
    },

    async revokeToken({ params }, { service, principal }) {
      const record = await service.revokeToken(params.id, { actor: principal.subject });
      return replyJson(200, viewToken(record, now()));
    },
  };
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
