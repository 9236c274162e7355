// The contract of the service as its client sees it: types of the routes table, and where each route is. Nothing of the server runs here.

import type * as z from 'zod/mini';
import type { Answer, AnswerName } from '../http/contract/answers.ts';
import type { OperationId, Routes } from '../http/contract/routes.ts';

export type { SignInElsewhere } from '../http/contract/sign-in.ts';
export type { Answer, OperationId };

type Input<S> = S extends () => infer Schema ? z.input<Schema> : Record<never, never>;
/** What stands in a query may be given as what it means. */
type InQuery<T> = { [K in keyof T]: T[K] extends string | undefined ? T[K] | number | boolean : T[K] };
type Part<Name extends string, S> = S extends () => unknown
  ? Record<never, never> extends Input<S>
    ? { [K in Name]?: Name extends 'query' ? InQuery<Input<S>> : Input<S> }
    : { [K in Name]: Name extends 'query' ? InQuery<Input<S>> : Input<S> }
  : { [K in Name]?: never };
type At<R, Name extends string> = R extends Record<Name, infer Value> ? Value : undefined;

/** What a call of a route is given: what stands in its path, its query, its body. */
export type CallInput<Id extends OperationId> = Part<'params', At<Routes[Id], 'params'>> &
  Part<'query', At<Routes[Id], 'query'>> & {
    body?: Routes[Id] extends { body: { fields: infer Fields } } ? Input<Fields> : never;
  };

type SchemaOf<A> = A extends { schema: infer Name extends AnswerName } ? Answer<Name> : undefined;

/** What comes of it, whichever of its good answers that is. */
export type CallOutput<Id extends OperationId> = Routes[Id]['answers'] extends infer Answers
  ? SchemaOf<Answers[keyof Answers]>
  : never;

/** Method and path of each route. A test holds it to the table of the server. */
export const PLACES: Readonly<Record<OperationId, string>> = {
  getServiceInfo: 'GET /',
  getHealth: 'GET /health',
  getOpenApi: 'GET /openapi.json',
  createBackup: 'POST /backups',
  listBackups: 'GET /backups',
  getBackup: 'GET /backups/{id}',
  protectBackup: 'PATCH /backups/{id}',
  deleteBackup: 'DELETE /backups/{id}',
  undeleteBackup: 'POST /backups/{id}/undelete',
  getBackupDelta: 'GET /backups/{id}/delta',
  verifyBackup: 'POST /backups/{id}/verify',
  createUpload: 'POST /uploads',
  listResources: 'GET /resources',
  listResourceBackups: 'GET /resources/{resourceId}/backups',
  getState: 'GET /resources/{resourceId}/state',
  putState: 'PUT /resources/{resourceId}/state',
  getTree: 'GET /resources/{resourceId}/tree',
  getHistory: 'GET /resources/{resourceId}/history',
  getTimeline: 'GET /resources/{resourceId}/timeline',
  getSettings: 'GET /resources/{resourceId}/settings',
  putSettings: 'PUT /resources/{resourceId}/settings',
  getDiff: 'GET /resources/{resourceId}/diff',
  getPatch: 'GET /resources/{resourceId}/patch',
  restoreBackup: 'POST /restore',
  restorePointInTime: 'POST /restore/point-in-time',
  listOperations: 'GET /restore/operations',
  getOperation: 'GET /restore/operations/{id}',
  getOperationResult: 'GET /restore/operations/{id}/result',
  planRetention: 'GET /retention/plan',
  planPolicy: 'POST /retention/plan',
  listWaits: 'GET /retention/waits',
  decideWait: 'POST /retention/waits/{id}',
  getPolicy: 'GET /retention/policies/{resourceId}',
  putPolicy: 'PUT /retention/policies/{resourceId}',
  removePolicy: 'DELETE /retention/policies/{resourceId}',
  listSources: 'GET /sources',
  getSource: 'GET /sources/{id}',
  putSource: 'PUT /sources/{id}',
  removeSource: 'DELETE /sources/{id}',
  checkSource: 'POST /sources/{id}/check',
  listSchedules: 'GET /schedules',
  getSchedule: 'GET /schedules/{id}',
  putSchedule: 'PUT /schedules/{id}',
  removeSchedule: 'DELETE /schedules/{id}',
  pauseSchedule: 'POST /schedules/{id}/pause',
  resumeSchedule: 'POST /schedules/{id}/resume',
  runSchedule: 'POST /schedules/{id}/run',
  runDrill: 'POST /schedules/{id}/drill',
  listRuns: 'GET /runs',
  getRun: 'GET /runs/{id}',
  listDrills: 'GET /drills',
  getTerraformState: 'GET /terraform/{resourceId}',
  putTerraformState: 'POST /terraform/{resourceId}',
  forgetTerraformState: 'DELETE /terraform/{resourceId}',
  rollBackTerraform: 'POST /terraform/{resourceId}/rollback',
  getTerraformLock: 'GET /terraform/{resourceId}/lock',
  lockTerraformState: 'PUT /terraform/{resourceId}/lock',
  unlockTerraformState: 'DELETE /terraform/{resourceId}/lock',
  listTokens: 'GET /tokens',
  makeToken: 'POST /tokens',
  revokeToken: 'DELETE /tokens/{id}',
  getSession: 'GET /session',
  openSession: 'POST /session',
  closeSession: 'DELETE /session',
  listEvents: 'GET /audit',
  listChannels: 'GET /notifications',
  putChannel: 'PUT /notifications/{channelId}',
  removeChannel: 'DELETE /notifications/{channelId}',
  testChannel: 'POST /notifications/{channelId}/test',
  listDeliveries: 'GET /notifications/{channelId}/deliveries',
  replayDeliveries: 'POST /notifications/{channelId}/replay',
  getUpkeep: 'GET /upkeep',
  getMetrics: 'GET /metrics',
};
