// The doors: the service as one principal may use it. Every use case passes through here and is named in one table, so that
// none can be reached without its right. What a principal may not see is answered as if it were not there.

import { holds, isUnrestricted, type Principal, reaches } from '../../core/records/access.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { CLOCK_WAIT } from '../../core/records/expiry-wait.ts';
import type { BackupService, Caller } from '../contract/api.ts';
import { callerOf } from '../kit/events.ts';
import { noPolicy } from '../retention/policies.ts';
import { noRun } from '../schedules/missing.ts';
import { createDemands } from './demands.ts';

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
  const demands = createDemands(service, principal);
  const { demand, demandAll, demandSeen, demandMore, demandLook, listed } = demands;
  const { demandBackup, demandOperation, demandSchedule, demandSources, demandChannels } = demands;
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
    listResources: (request) => listed('listResources', service.listResources, request),
    listBackups: (request) => listed('listBackups', service.listBackups, request),
    listHidden: (request) => listed('listHidden', service.listHidden, request),
    listRequests: (request) => listed('listRequests', service.listRequests, request),
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
      demandLook('restorePointInTime', input.resourceId);
      return service.restorePointInTime(input, caller);
    },
    async planRestore(input) {
      if ('backupId' in input) await demandBackup('planRestore', input.backupId);
      else demandLook('planRestore', input.resourceId);
      const seesTarget = holds(principal, 'backup:list') && reaches(principal, input.targetResourceId);
      return service.planRestore({ ...input, seesTarget: input.seesTarget && seesTarget });
    },
    async getOperation(id) {
      await demandOperation('getOperation', id);
      return service.getOperation(id);
    },
    listOperations: (request) => listed('listOperations', service.listOperations, request),
    async getOperationResult(id) {
      await demandOperation('getOperationResult', id);
      return service.getOperationResult(id, caller);
    },
    async openState(input) {
      demandLook('openState', input.resourceId);
      return service.openState(input, caller);
    },
    async readTree(input) {
      demandLook('readTree', input.resourceId);
      return service.readTree(input, caller);
    },
    async readHistory(input) {
      demandLook('readHistory', input.resourceId);
      return service.readHistory(input, caller);
    },
    async readDiff(input) {
      demandLook('readDiff', input.resourceId);
      return service.readDiff(input, caller);
    },
    async readTimeline(input) {
      demandLook('readTimeline', input.resourceId);
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
      if (request.resourceId === undefined) demandAll('name a resourceId');
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
          demandAll('it is about every resource');
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
    // Said to be not there, a state would be made anew: who may not see it is refused instead.
    async openTerraformState(resourceId) {
      demand('openTerraformState', resourceId);
      return service.openTerraformState(resourceId, caller);
    },
    async putTerraformState(input) {
      demand('putTerraformState', input.resourceId);
      try {
        return await service.putTerraformState(input, caller);
      } catch (error) {
        // How much has gone tells what the newest state is.
        if (hasCode(error, 'unusual_change') && !holds(principal, 'backup:list')) throw unusualInShort();
        throw error;
      }
    },
    async forgetTerraformState(resourceId, lockId) {
      demand('forgetTerraformState', resourceId);
      return service.forgetTerraformState(resourceId, lockId, caller);
    },
    async rollBackTerraform(input) {
      demand('rollBackTerraform', input.resourceId);
      return service.rollBackTerraform(input, caller);
    },
    async getLock(resourceId) {
      demand('getLock', resourceId);
      return service.getLock(resourceId);
    },
    async lockResource(resourceId, info) {
      demand('lockResource', resourceId);
      return service.lockResource(resourceId, info, caller);
    },
    async unlockResource(resourceId, lockId) {
      demand('unlockResource', resourceId);
      return service.unlockResource(resourceId, lockId, caller);
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
    listSchedules: (request) => listed('listSchedules', service.listSchedules, request),
    async getSchedule(id, count) {
      await demandSchedule('getSchedule', id);
      return service.getSchedule(id, count);
    },
    async putSchedule(id, spec, _by, how) {
      // Whoever chooses what a source is read into may read it.
      demandSources('putSchedule');
      return service.putSchedule(id, spec, caller, how);
    },
    async removeSchedule(id) {
      await demandSchedule('removeSchedule', id);
      return service.removeSchedule(id, caller);
    },
    async pauseSchedule(id, isPaused, _by, reason) {
      await demandSchedule('pauseSchedule', id);
      return service.pauseSchedule(id, isPaused, caller, reason);
    },
    async runSchedule(id) {
      await demandSchedule('runSchedule', id);
      return service.runSchedule(id, caller);
    },
    async runDrill(id) {
      await demandSchedule('runDrill', id);
      return service.runDrill(id, caller);
    },
    listRuns: (request) => listed('listRuns', service.listRuns, request),
    async getRun(id) {
      demand('getRun');
      const run = await service.getRun(id);
      demandSeen('getRun', run.resourceId, () => noRun(id));
      return run;
    },
    listDrills: (request) => listed('listDrills', service.listDrills, request),
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
      demandChannels('listChannels');
      return service.listChannels();
    },
    async putChannel(id, input) {
      demandChannels('putChannel');
      return service.putChannel(id, input, caller);
    },
    async removeChannel(id) {
      demandChannels('removeChannel');
      return service.removeChannel(id, caller);
    },
    async testChannel(id) {
      demandChannels('testChannel');
      return service.testChannel(id, caller);
    },
    async listDeliveries(request) {
      demandChannels('listDeliveries');
      return service.listDeliveries(request);
    },
    async replayDeliveries(channelId, asked) {
      demandChannels('replayDeliveries');
      return service.replayDeliveries(channelId, asked, caller);
    },
    // Events without a resource are of the store as a whole, and for nobody who is let in for some of it.
    listEvents: (request) => listed('listEvents', service.listEvents, request),
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
