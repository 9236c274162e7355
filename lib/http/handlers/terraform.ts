// States of Terraform and the locks on them.

import type { LockInfo, ResourceLock } from '../../core/records/lock.ts';
import { formatInstant } from '../contract/instant.ts';
import type { TERRAFORM_ROUTES } from '../contract/terraform.ts';
import { viewCreated } from './backups.ts';
import type { HandlersOf } from './call.ts';
import { replyJson } from './reply.ts';
import { replyState } from './state-reply.ts';

export function createTerraformHandlers(): HandlersOf<typeof TERRAFORM_ROUTES> {
  return {
    async getTerraformState({ params }, { service, caller, isHead }) {
      return replyState(await service.openTerraformState(params.resourceId, caller), {}, isHead);
    },

    async putTerraformState({ params, query, state }, { service, principal, caller }) {
      const { ID: lockId, ...about } = query;
      const held = lockId === undefined ? {} : { lockId };
      const output = await service.putTerraformState({ ...params, ...about, ...held, state }, caller);
      return replyJson(200, viewCreated(output, principal));
    },

    async forgetTerraformState({ params: { resourceId }, query }, { service, caller }) {
      await service.forgetTerraformState(resourceId, query.ID, caller);
      return replyJson(200, { resourceId, status: 'forgotten' });
    },

    async rollBackTerraform({ params, fields }, { service, principal, caller }) {
      const { lockId, ...about } = fields;
      const held = lockId === undefined ? {} : { lockId };
      const output = await service.rollBackTerraform({ ...params, ...about, ...held }, caller);
      return replyJson(200, viewCreated(output, principal));
    },

    async getTerraformLock({ params }, { service }) {
      const lock = await service.getLock(params.resourceId);
      return replyJson(200, lock === undefined ? {} : viewHeld(lock));
    },

    async lockTerraformState({ params, fields }, { service, caller }) {
      const { info } = await service.lockResource(params.resourceId, saidOf(fields), caller);
      return replyJson(200, info);
    },

    async unlockTerraformState({ params, query, fields }, { service, caller }) {
      const released = await service.unlockResource(params.resourceId, fields.ID ?? query.ID, caller);
      return replyJson(200, { released: released !== undefined });
    },
  };
}

function viewHeld({ info, at, actor }: ResourceLock) {
  return { lock: info, since: formatInstant(at), actor };
}

/** What is known of it, and said. */
function saidOf({ ID, Operation, Info, Who, Version, Created, Path }: LockInfo): LockInfo {
  const said = Object.entries({ Operation, Info, Who, Version, Created, Path });
  return { ID, ...Object.fromEntries(said.filter(([, value]) => value !== undefined)) };
}
