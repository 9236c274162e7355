// The service: every use case over one set of ports.

import { ServiceError } from '../core/records/errors.ts';
import { readOnlyBlobStore, readOnlyCatalog } from '../decorators/read-only.ts';
import { PortError } from '../ports/errors.ts';
import type { Page } from '../ports/pages.ts';
import { createRefusals, noteRefusal } from './access/refusals.ts';
import { listTokens, makeToken, noteSession, revokeToken } from './access/tokens.ts';
import { createBackup } from './backups/create.ts';
import { readDelta } from './backups/delta.ts';
import { createFailures, notingFailure } from './backups/failed.ts';
import { listBackups } from './backups/list.ts';
import { protectBackup } from './backups/protect.ts';
import { undeleteBackup } from './backups/undelete.ts';
import { verifyBackup } from './backups/verify.ts';
import type { BackupService } from './contract/api.ts';
import type { Deps } from './contract/deps.ts';
import { listResources } from './history/list-resources.ts';
import { openState } from './history/open-state.ts';
import { readDiff } from './history/read-diff.ts';
import { readHistory } from './history/read-history.ts';
import { readTimeline } from './history/read-timeline.ts';
import { readTree } from './history/read-tree.ts';
import { getSettings, putSettings } from './history/settings.ts';
import {
  listChannels,
  listDeliveries,
  putChannel,
  removeChannel,
  replayDeliveries,
  testChannel,
} from './notifications/channels.ts';
import { findOperation } from './restores/operations.ts';
import { planRestore } from './restores/plan.ts';
import { readResult, restoreBackup, restorePointInTime } from './restores/restore.ts';
import { planPolicy, readPlan } from './retention/plan.ts';
import { getPolicy, putPolicy, removePolicy } from './retention/policies.ts';
import { decideWait, listWaits } from './retention/waits.ts';
import { runDrill } from './schedules/drill.ts';
import { getRun, listDrills, listRuns } from './schedules/lists.ts';
import { queueRun } from './schedules/queue.ts';
import {
  getSchedule,
  listSchedules,
  pauseSchedule,
  putSchedule,
  removeSchedule,
} from './schedules/schedules.ts';
import { checkSource, getSource, listSources, putSource, removeSource } from './schedules/sources.ts';
import { getLock, lockResource, unlockResource } from './terraform/lock.ts';
import {
  forgetTerraformState,
  openTerraformState,
  putTerraformState,
  rollBackTerraform,
} from './terraform/states.ts';
import { listEvents } from './trail/read.ts';
import { checkHealth } from './upkeep/health.ts';
import { readUpkeep } from './upkeep/read.ts';
import { deleteBackup, findBackup, listRequests, requestBackup } from './uploads/request.ts';
import { createUpload } from './uploads/upload.ts';

/** Binds the use cases to their ports. */
export function createService(deps: Deps): BackupService {
  const { catalog } = deps;
  const refusals = createRefusals();
  const failures = createFailures();
  return {
    createBackup: (input, caller) =>
      notingFailure(deps, failures, input.resourceId, caller, () => createBackup(deps, input, caller)),
    createUpload: (announced) => createUpload(deps, announced),
    requestBackup: (input, caller) => requestBackup(deps, input, caller),
    findBackup: (id) => findBackup(deps, id),
    listResources: (request) => paged(listResources(deps, request)),
    listBackups: (request) => paged(listBackups(deps, catalog.listBackups, request)),
    listHidden: (request) => paged(listBackups(deps, catalog.listHidden, request)),
    undeleteBackup: (id, caller) => undeleteBackup(deps, id, caller),
    listRequests: (request) => paged(listRequests(deps, request)),
    deleteBackup: (id, caller) => deleteBackup(deps, id, caller),
    protectBackup: (id, input, caller) => protectBackup(deps, id, input, caller),
    getDelta: (id, caller) => readDelta(deps, id, caller),
    verifyBackup: (id) => verifyBackup(deps, id),
    restore: (input, caller) => restoreBackup(deps, input, caller),
    restorePointInTime: (input, caller) => restorePointInTime(deps, input, caller),
    planRestore: (input) => planRestore(deps, input),
    getOperation: (id) => findOperation(deps, id),
    listOperations: (request) => paged(catalog.listOperations(request)),
    getOperationResult: (id, caller) => readResult(deps, id, caller),
    openState: (input, caller) => openState(deps, input, caller),
    readTree: (input, caller) => readTree(deps, input, caller),
    readTimeline: (input) => readTimeline(deps, input),
    getSettings: (resourceId) => getSettings(deps, resourceId),
    putSettings: (resourceId, settings, condition, caller) =>
      putSettings(deps, resourceId, settings, condition, caller),
    readHistory: (input, caller) => paged(readHistory(deps, input, caller)),
    readDiff: (input, caller) => readDiff(deps, input, caller),
    planRetention: (request) => paged(readPlan(looking(deps), request)),
    planPolicy: (request) => paged(planPolicy(looking(deps), request)),
    listWaits: () => listWaits(deps),
    decideWait: (id, decision, caller) => decideWait(deps, id, decision, caller),
    getPolicy: (resourceId) => getPolicy(deps, resourceId),
    putPolicy: (resourceId, policy, caller) => putPolicy(deps, resourceId, policy, caller),
    removePolicy: (resourceId, caller) => removePolicy(deps, resourceId, caller),
    openTerraformState: (resourceId, caller) => openTerraformState(deps, resourceId, caller),
    putTerraformState: (input, caller) =>
      notingFailure(deps, failures, input.resourceId, caller, () => putTerraformState(deps, input, caller)),
    forgetTerraformState: (resourceId, lockId, caller) =>
      forgetTerraformState(deps, resourceId, lockId, caller),
    rollBackTerraform: (input, caller) =>
      notingFailure(deps, failures, input.resourceId, caller, () => rollBackTerraform(deps, input, caller)),
    getLock: (resourceId) => getLock(deps, resourceId),
    lockResource: (resourceId, info, caller) => lockResource(deps, resourceId, info, caller),
    unlockResource: (resourceId, lockId, caller) => unlockResource(deps, resourceId, lockId, caller),
    listSources: (request) => paged(listSources(deps, request)),
    getSource: (id) => getSource(deps, id),
    putSource: (id, spec, caller) => putSource(deps, id, spec, caller),
    removeSource: (id, caller) => removeSource(deps, id, caller),
    checkSource: (id) => checkSource(deps, id),
    listSchedules: (request) => paged(listSchedules(deps, request)),
    getSchedule: (id, count) => getSchedule(deps, id, count),
    putSchedule: (id, spec, caller, how) => putSchedule(deps, id, spec, caller, how),
    removeSchedule: (id, caller) => removeSchedule(deps, id, caller),
    pauseSchedule: (id, isPaused, caller, reason) => pauseSchedule(deps, id, isPaused, caller, reason),
    runSchedule: (id, caller) => queueRun(deps, id, caller),
    runDrill: (id, caller) => runDrill(deps, id, caller),
    listRuns: (request) => paged(listRuns(deps, request)),
    getRun: (id) => getRun(deps, id),
    listDrills: (request) => paged(listDrills(deps, request)),
    listTokens: async () => listTokens(deps),
    makeToken: (input, caller) => makeToken(deps, input, caller),
    revokeToken: (id, caller) => revokeToken(deps, id, caller),
    listChannels: () => listChannels(deps),
    putChannel: (id, input, caller) => putChannel(deps, id, input, caller),
    removeChannel: (id, caller) => removeChannel(deps, id, caller),
    testChannel: (id, caller) => testChannel(deps, id, caller),
    listDeliveries: (request) => paged(listDeliveries(deps, request)),
    replayDeliveries: (channelId, asked, caller) => replayDeliveries(deps, channelId, asked, caller),
    listEvents: (request) => paged(listEvents(deps, request)),
    getUpkeep: () => readUpkeep(deps),
    noteRefusal: (refusal, caller) => noteRefusal(deps, refusals, refusal, caller),
    noteSession: (what, caller) => noteSession(deps, what, caller),
    resourceOf: (what) => resourceOf(deps, what),
    checkHealth: () => checkHealth(deps),
  };
}

/** A dry run changes nothing, whatever it comes to call. */
function looking(deps: Deps): Deps {
  return { ...deps, catalog: readOnlyCatalog(deps.catalog), blobs: readOnlyBlobStore(deps.blobs) };
}

async function resourceOf(
  { catalog, late }: Pick<Deps, 'catalog' | 'late'>,
  what: Parameters<BackupService['resourceOf']>[0],
): Promise<string | undefined> {
  if ('operationId' in what) {
    const operation = late?.find(what.operationId) ?? (await catalog.getOperation(what.operationId));
    return operation?.resourceId;
  }
  const found = (await catalog.getBackup(what.backupId)) ?? (await catalog.getRequest(what.backupId));
  return found?.resourceId;
}

async function paged<P extends Page<unknown>>(page: Promise<P>): Promise<P> {
  try {
    return await page;
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'not_found')) throw error;
    throw new ServiceError('invalid_cursor', 'The cursor is not one of this list.', { cause: error });
  }
}
