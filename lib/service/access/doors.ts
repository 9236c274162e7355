// The doors: the service as one principal may use it. Every use case passes through here and is named in one table, so that
// none can be reached without its right. What a principal may not see is answered as if it were not there.

import {
  authorize,
  holds,
  isUnrestricted,
  type Principal,
  reaches,
  type Scope,
} from '../../core/records/access.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { CLOCK_WAIT } from '../../core/records/expiry-wait.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import { noBackup } from '../chains/live.ts';
import type { BackupService, Caller, CreateBackupInput } from '../contract/api.ts';
import { callerOf } from '../kit/events.ts';
import { nothingAt } from '../restores/moment.ts';
import { noOperation } from '../restores/operations.ts';
import { noPolicy } from '../retention/policies.ts';
import { noRun, noSchedule } from '../schedules/missing.ts';

/** The right that each use case asks for. Health tells whoever asks; how much, its caller decides. */
const USE_CASE_SCOPES = {
  createBackup: 'backup:write',
  createUpload: 'backup:write',
  requestBackup: 'backup:write',
  findBackup: 'backup:list',
  listResources: 'backup:list',
  listBackups: 'backup:list',
  listHidden: 'backup:list',
  listRequests: 'backup:list',
  undeleteBackup: 'backup:delete',
  deleteBackup: 'backup:delete',
  protectBackup: 'hold:manage',
  getDelta: 'data:read',
  verifyBackup: 'backup:verify',
  restore: 'data:read',
  restorePointInTime: 'data:read',
  planRestore: 'data:read',
  getOperation: 'data:read',
  listOperations: 'data:read',
  getOperationResult: 'data:read',
  openState: 'data:read',
  readTree: 'data:read',
  readHistory: 'data:read',
  readDiff: 'data:read',
  readTimeline: 'backup:list',
  getSettings: 'backup:list',
  putSettings: 'policy:manage',
  planRetention: 'policy:manage',
  planPolicy: 'policy:manage',
  listWaits: 'policy:manage',
  decideWait: 'policy:manage',
  getPolicy: 'policy:manage',
  putPolicy: 'policy:manage',
  removePolicy: 'policy:manage',
  listSources: 'schedule:read',
  getSource: 'schedule:read',
  putSource: 'schedule:manage',
  removeSource: 'schedule:manage',
  checkSource: 'schedule:manage',
  listSchedules: 'schedule:read',
  getSchedule: 'schedule:read',
  putSchedule: 'schedule:manage',
  removeSchedule: 'schedule:manage',
  pauseSchedule: 'schedule:manage',
  runSchedule: 'schedule:manage',
  runDrill: 'schedule:manage',
  listRuns: 'schedule:read',
  getRun: 'schedule:read',
  listDrills: 'schedule:read',
  listTokens: 'admin',
  makeToken: 'admin',
  revokeToken: 'admin',
  listChannels: 'notify:manage',
  putChannel: 'notify:manage',
  removeChannel: 'notify:manage',
  testChannel: 'notify:manage',
  listDeliveries: 'notify:manage',
  replayDeliveries: 'notify:manage',
  listEvents: 'audit:read',
  getUpkeep: 'admin',
} as const satisfies Record<
  Exclude<keyof BackupService, 'checkHealth' | 'resourceOf' | 'noteRefusal' | 'noteSession'>,
  Scope
>;

/** Rounds in which a list is looked through for what may be seen; what is left has a cursor. */
const ROUNDS_MAX = 20;

/** Whose call it is, for the trail: never what it says of itself. */
export function callerFor({ subject }: Principal, address: string | undefined): Caller {
  return callerOf({ actor: subject, ...(address === undefined ? {} : { address }) });
}

/**
 * The service as `principal` may use it, from the address that the call came from. What its callers say of themselves is replaced by
 * who they are.
 */
export function serviceFor(service: BackupService, principal: Principal, address?: string): BackupService {
  const caller = callerFor(principal, address);
  const demand = (useCase: keyof typeof USE_CASE_SCOPES, resourceId?: string): void =>
    authorize(principal, USE_CASE_SCOPES[useCase], resourceId);
  /** Channels are told of any resource, and of the store as a whole. */
  const demandForAll = (useCase: keyof typeof USE_CASE_SCOPES): void => {
    demand(useCase);
    demandAll(principal, 'channels are about all of them');
  };
  /** What may not be seen is answered as if it were not there; the trail knows better. */
  const demandSeen = (
    useCase: keyof typeof USE_CASE_SCOPES,
    resourceId: string,
    notThere: () => ServiceError,
  ): void => {
    if (reaches(principal, resourceId)) return;
    throw notThere().asRefusal({ scope: USE_CASE_SCOPES[useCase], resourceId });
  };
  /** Costs nothing where every resource may be touched. */
  const demandBackup = async (useCase: keyof typeof USE_CASE_SCOPES, id: string): Promise<void> => {
    demand(useCase);
    if (isUnrestricted(principal)) return;
    const resourceId = await service.resourceOf({ backupId: id });
    if (resourceId === undefined) throw noBackup(id);
    demandSeen(useCase, resourceId, () => noBackup(id));
  };
  const demandOperation = async (useCase: keyof typeof USE_CASE_SCOPES, id: string): Promise<void> => {
    demand(useCase);
    if (isUnrestricted(principal)) return;
    const resourceId = await service.resourceOf({ operationId: id });
    if (resourceId === undefined) throw noOperation(id);
    demandSeen(useCase, resourceId, () => noOperation(id));
  };
  const demandSchedule = async (useCase: keyof typeof USE_CASE_SCOPES, id: string): Promise<void> => {
    demand(useCase);
    if (isUnrestricted(principal)) return;
    const { schedule } = await service.getSchedule(id, 0);
    demandSeen(useCase, schedule.resourceId, () => noSchedule(id));
  };
  /** A source is of no resource: it may have the states of all. */
  const demandSources = (useCase: keyof typeof USE_CASE_SCOPES): void => {
    demand(useCase);
    demandAll(principal, 'sources are for those who may touch all');
  };
  const demandMore = ({ resourceId, ifChanged, condition, asOf }: Omit<CreateBackupInput, 'state'>): void => {
    // Whether it is unchanged, or the one that was named, tells what the newest state is.
    if (ifChanged || condition !== undefined) demand('listBackups', resourceId);
    // Times are ours to give, but for who may say when something was true.
    if (asOf !== undefined) authorize(principal, 'import', resourceId);
  };
  /** A list of what may be seen. A named resource that may not be seen has nothing in it. */
  const listed = <T extends { resourceId: string }, R extends PageRequest & { resourceId?: string }>(
    useCase: keyof typeof USE_CASE_SCOPES,
    list: (request: R) => Promise<Page<T>>,
    request: R,
  ): Promise<Page<T>> => {
    demand(useCase);
    if (isUnrestricted(principal)) return list(request);
    const { resourceId } = request;
    if (resourceId === undefined) return visible(principal, list, request);
    return reaches(principal, resourceId) ? list(request) : Promise.resolve({ items: [] });
  };

  return {
    async createBackup(input) {
      demand('createBackup', input.resourceId);
      demandMore(input);
      try {
        return await service.createBackup(input, caller);
      } catch (error) {
        // How much has gone tells what the newest state is.
        if (hasCode(error, 'unusual_change') && !holds(principal, 'backup:list')) throw unusualInShort();
        throw error;
      }
    },
    async createUpload(announced) {
      demand('createUpload');
      return service.createUpload(announced);
    },
    async requestBackup(input) {
      demand('requestBackup', input.resourceId);
      demandMore(input);
      return service.requestBackup(input, caller);
    },
    async findBackup(id) {
      await demandBackup('findBackup', id);
      return service.findBackup(id);
    },
    async listResources(request) {
      demand('listResources');
      if (isUnrestricted(principal)) return service.listResources(request);
      return visible(principal, service.listResources, request);
    },
    listBackups: async (request) => listed('listBackups', service.listBackups, request),
    listHidden: async (request) => listed('listHidden', service.listHidden, request),
    listRequests: async (request) => listed('listRequests', service.listRequests, request),
    async undeleteBackup(id) {
      await demandBackup('undeleteBackup', id);
      return service.undeleteBackup(id, caller);
    },
    async deleteBackup(id) {
      await demandBackup('deleteBackup', id);
      return service.deleteBackup(id, caller);
    },
    async protectBackup(id, input) {
      await demandBackup('protectBackup', id);
      return service.protectBackup(id, input, caller);
    },
    async getDelta(id) {
      await demandBackup('getDelta', id);
      return service.getDelta(id, caller);
    },
    async verifyBackup(id) {
      await demandBackup('verifyBackup', id);
      return service.verifyBackup(id);
    },
    async restore(input) {
      await demandBackup('restore', input.backupId);
      return service.restore(input, caller);
    },
    async restorePointInTime(input) {
      demand('restorePointInTime');
      demandSeen('restorePointInTime', input.resourceId, () => nothingAt({}));
      return service.restorePointInTime(input, caller);
    },
    async planRestore(input) {
      if ('backupId' in input) await demandBackup('planRestore', input.backupId);
      else {
        demand('planRestore');
        demandSeen('planRestore', input.resourceId, () => nothingAt({}));
      }
      const seesTarget = holds(principal, 'backup:list') && reaches(principal, input.targetResourceId);
      return service.planRestore({ ...input, seesTarget: input.seesTarget && seesTarget });
    },
    async getOperation(id) {
      await demandOperation('getOperation', id);
      return service.getOperation(id);
    },
    async listOperations(request) {
      demand('listOperations');
      if (isUnrestricted(principal)) return service.listOperations(request);
      return visible(principal, service.listOperations, request);
    },
    async getOperationResult(id) {
      await demandOperation('getOperationResult', id);
      return service.getOperationResult(id, caller);
    },
    async openState(input) {
      demand('openState');
      if (!reaches(principal, input.resourceId)) throw nothingAt({});
      return service.openState(input, caller);
    },
    async readTree(input) {
      demand('readTree');
      if (!reaches(principal, input.resourceId)) throw nothingAt({});
      return service.readTree(input, caller);
    },
    async readHistory(input) {
      demand('readHistory');
      if (!reaches(principal, input.resourceId)) throw nothingAt({});
      return service.readHistory(input, caller);
    },
    async readDiff(input) {
      demand('readDiff');
      if (!reaches(principal, input.resourceId)) throw nothingAt({});
      return service.readDiff(input, caller);
    },
    async readTimeline(input) {
      demand('readTimeline');
      if (!reaches(principal, input.resourceId)) throw nothingAt({});
      return service.readTimeline(input);
    },
    async getSettings(resourceId) {
      demand('getSettings', resourceId);
      return service.getSettings(resourceId);
    },
    async putSettings(resourceId, settings, condition) {
      demand('putSettings', resourceId);
      return service.putSettings(resourceId, settings, condition, caller);
    },
    async planRetention(request) {
      demand('planRetention', request.resourceId);
      if (request.resourceId === undefined) demandAll(principal, 'name a resourceId');
      return service.planRetention(request);
    },
    async planPolicy(request) {
      demand('planPolicy', request.resourceId);
      return service.planPolicy(request);
    },
    async listWaits() {
      demand('listWaits');
      const waits = await service.listWaits();
      if (isUnrestricted(principal)) return waits;
      return waits.filter(({ id, resourceId }) =>
        resourceId === undefined ? id === CLOCK_WAIT : reaches(principal, resourceId),
      );
    },
    async decideWait(id, decision) {
      demand('decideWait');
      if (!isUnrestricted(principal)) {
        const wait = (await service.listWaits()).find((one) => one.id === id);
        if (wait?.resourceId === undefined || !reaches(principal, wait.resourceId)) {
          demandAll(principal, 'it is about every resource');
        }
      }
      return service.decideWait(id, decision, caller);
    },
    async getPolicy(resourceId) {
      demand('getPolicy');
      demandSeen('getPolicy', resourceId, noPolicy);
      return service.getPolicy(resourceId);
    },
    async putPolicy(resourceId, policy) {
      demand('putPolicy', resourceId);
      return service.putPolicy(resourceId, policy, caller);
    },
    async removePolicy(resourceId) {
      demand('removePolicy');
      demandSeen('removePolicy', resourceId, noPolicy);
      return service.removePolicy(resourceId, caller);
    },
    async listSources(request) {
      demandSources('listSources');
      return service.listSources(request);
    },
    async getSource(id) {
      demandSources('getSource');
      return service.getSource(id);
    },
    async putSource(id, spec) {
      demandSources('putSource');
      return service.putSource(id, spec, caller);
    },
    async removeSource(id) {
      demandSources('removeSource');
      return service.removeSource(id, caller);
    },
    async checkSource(id) {
      demandSources('checkSource');
      return service.checkSource(id);
    },
    async listSchedules(request) {
      demand('listSchedules');
      if (isUnrestricted(principal)) return service.listSchedules(request);
      return visible(principal, service.listSchedules, request);
    },
    async getSchedule(id, count) {
      await demandSchedule('getSchedule', id);
      return service.getSchedule(id, count);
    },
    async putSchedule(id, spec) {
      // Whoever chooses what a source is read into may read it.
      demandSources('putSchedule');
      return service.putSchedule(id, spec, caller);
    },
    async removeSchedule(id) {
      await demandSchedule('removeSchedule', id);
      return service.removeSchedule(id, caller);
    },
    async pauseSchedule(id, isPaused) {
      await demandSchedule('pauseSchedule', id);
      return service.pauseSchedule(id, isPaused, caller);
    },
    async runSchedule(id) {
      await demandSchedule('runSchedule', id);
      return service.runSchedule(id, caller);
    },
    async runDrill(id) {
      await demandSchedule('runDrill', id);
      return service.runDrill(id, caller);
    },
    listRuns: async (request) => listed('listRuns', service.listRuns, request),
    async getRun(id) {
      demand('getRun');
      const run = await service.getRun(id);
      demandSeen('getRun', run.resourceId, () => noRun(id));
      return run;
    },
    listDrills: async (request) => listed('listDrills', service.listDrills, request),
    async listTokens() {
      demand('listTokens');
      return service.listTokens();
    },
    async makeToken(input) {
      demand('makeToken');
      return service.makeToken(input, caller);
    },
    async revokeToken(id) {
      demand('revokeToken');
      return service.revokeToken(id, caller);
    },
    async listChannels() {
      demandForAll('listChannels');
      return service.listChannels();
    },
    async putChannel(id, input) {
      demandForAll('putChannel');
      return service.putChannel(id, input, caller);
    },
    async removeChannel(id) {
      demandForAll('removeChannel');
      return service.removeChannel(id, caller);
    },
    async testChannel(id) {
      demandForAll('testChannel');
      return service.testChannel(id, caller);
    },
    async listDeliveries(request) {
      demandForAll('listDeliveries');
      return service.listDeliveries(request);
    },
    async replayDeliveries(channelId, asked) {
      demandForAll('replayDeliveries');
      return service.replayDeliveries(channelId, asked, caller);
    },
    async listEvents(request) {
      demand('listEvents');
      if (isUnrestricted(principal)) return service.listEvents(request);
      const { resourceId } = request;
      // Events without a resource are of the store as a whole, and for nobody who is let in for some of it.
      if (resourceId === undefined) return visible(principal, service.listEvents, request);
      return reaches(principal, resourceId) ? service.listEvents(request) : { items: [] };
    },
    async getUpkeep() {
      demand('getUpkeep');
      return service.getUpkeep();
    },
    noteRefusal: (refusal, who) => service.noteRefusal(refusal, who),
    noteSession: (what, who) => service.noteSession(what, who),
    checkHealth: () => service.checkHealth(),
    resourceOf: (what) => service.resourceOf(what),
  };
}

function unusualInShort(): ServiceError {
  const detail =
    'More has gone than is usual for the resource. Nothing was stored; if that is meant, say "acceptUnusual": true.';
  return new ServiceError('unusual_change', detail);
}

/** What is about more than the principal's resources needs a principal for all of them. */
function demandAll(principal: Principal, hint: string): void {
  if (isUnrestricted(principal)) return;
  throw new ServiceError('forbidden', `This credential is for some resources only: ${hint}.`, {
    refused: {},
  });
}

/** A page of what may be seen: as full as it can be had, for others' items take no room in it. */
async function visible<T extends { resourceId: string }, R extends PageRequest, P extends Page<T>>(
  principal: Principal,
  list: (request: R) => Promise<P>,
  request: R,
): Promise<P> {
  const { limit } = request;
  const items: T[] = [];
  for (let { cursor } = request, round = 1; ; round++) {
    const page = await list({
      ...request,
      limit: limit - items.length,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items.filter(({ resourceId }) => reaches(principal, resourceId)));
    cursor = page.cursor;
    if (cursor === undefined || items.length === limit || round === ROUNDS_MAX) return { ...page, items };
  }
}
