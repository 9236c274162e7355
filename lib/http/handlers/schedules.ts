// Sources, schedules, runs and drills.

import type { SourceSpec } from '../../core/records/source.ts';
import { type RUN_ROUTES, viewDrill, viewRun } from '../contract/runs.ts';
import type { SCHEDULE_ROUTES } from '../contract/schedules.ts';
import { viewSchedule } from '../contract/schedules-answers.ts';
import { type SOURCE_ROUTES, viewCheck, viewFoundSource, viewSource } from '../contract/sources.ts';
import type { HandlersOf } from './call.ts';
import { replyJson, replyPage } from './reply.ts';

export function createSourceHandlers(): HandlersOf<typeof SOURCE_ROUTES> {
  return {
    async listSources({ query }, { service }) {
      return replyPage('sources', await service.listSources(query), viewSource);
    },
    async getSource({ params }, { service }) {
      return replyJson(200, viewFoundSource(await service.getSource(params.id)));
    },
    async putSource({ params, fields }, { service, caller }) {
      // Whether it is one of its kind the service judges, for every caller.
      const spec = fields as SourceSpec;
      return replyJson(200, viewFoundSource(await service.putSource(params.id, spec, caller)));
    },
    async removeSource({ params }, { service, caller }) {
      await service.removeSource(params.id, caller);
      return replyJson(200, { id: params.id, status: 'removed' });
    },
    async checkSource({ params }, { service }) {
      return replyJson(200, viewCheck(params.id, await service.checkSource(params.id)));
    },
  };
}

export function createScheduleHandlers(): HandlersOf<typeof SCHEDULE_ROUTES> {
  return {
    async listSchedules({ query }, { service }) {
      return replyPage('schedules', await service.listSchedules(query), viewSchedule);
    },
    async getSchedule({ params, query }, { service }) {
      return replyJson(200, viewSchedule(await service.getSchedule(params.id, query.next)));
    },
    async putSchedule({ params, query, fields }, { service, caller }) {
      const how = { isDry: query.dryRun === true };
      return replyJson(200, viewSchedule(await service.putSchedule(params.id, fields, caller, how)));
    },
    async removeSchedule({ params }, { service, caller }) {
      await service.removeSchedule(params.id, caller);
      return replyJson(200, { id: params.id, status: 'removed' });
    },
    async pauseSchedule({ params, fields }, { service, caller }) {
      const paused = await service.pauseSchedule(params.id, true, caller, fields.reason);
      return replyJson(200, viewSchedule(paused));
    },
    async resumeSchedule({ params }, { service, caller }) {
      return replyJson(200, viewSchedule(await service.pauseSchedule(params.id, false, caller)));
    },
    async runSchedule({ params }, { service, caller }) {
      return replyJson(202, viewRun(await service.runSchedule(params.id, caller)));
    },
    async runDrill({ params }, { service, caller }) {
      return replyJson(200, viewDrill(await service.runDrill(params.id, caller)));
    },
  };
}

export function createRunHandlers(): HandlersOf<typeof RUN_ROUTES> {
  return {
    async listRuns({ query }, { service }) {
      return replyPage('runs', await service.listRuns(query), viewRun);
    },
    async getRun({ params }, { service }) {
      return replyJson(200, viewRun(await service.getRun(params.id)));
    },
    async listDrills({ query }, { service }) {
      return replyPage('drills', await service.listDrills(query), viewDrill);
    },
  };
}
