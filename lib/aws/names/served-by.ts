// Which function serves which operation. Cut by privilege: `restores` reads states and can store no backup, `schedules` alone reads
// secrets and sources.

import type { OperationId } from '../../http/contract/routes.ts';

export type ApiFunction = 'backups' | 'restores' | 'schedules';

/** Every operation of the contract: the compiler asks for a new one. */
export const SERVED_BY: Record<OperationId, ApiFunction | undefined> = {
  getServiceInfo: 'backups',
  getHealth: 'backups',
  getOpenApi: 'backups',
  createUpload: 'backups',
  createBackup: 'backups',
  putState: 'backups',
  listBackups: 'backups',
  getBackup: 'backups',
  protectBackup: 'backups',
  deleteBackup: 'backups',
  undeleteBackup: 'backups',
  listResources: 'backups',
  listResourceBackups: 'backups',
  getTimeline: 'backups',
  getSettings: 'backups',
  putSettings: 'backups',
  getState: 'restores',
  getTree: 'restores',
  getDiff: 'restores',
  getPatch: 'restores',
  getHistory: 'restores',
  getBackupDelta: 'restores',
  verifyBackup: 'restores',
  restoreBackup: 'restores',
  restorePointInTime: 'restores',
  listOperations: 'restores',
  getOperation: 'restores',
  getOperationResult: 'restores',
  planRetention: 'backups',
  planPolicy: 'backups',
  listWaits: 'backups',
  decideWait: 'backups',
  getPolicy: 'backups',
  putPolicy: 'backups',
  removePolicy: 'backups',
  listEvents: 'restores',
  listChannels: 'backups',
  putChannel: 'backups',
  removeChannel: 'backups',
  testChannel: 'backups',
  listDeliveries: 'backups',
  replayDeliveries: 'backups',
  getUpkeep: 'backups',
  // No function sees more than its own calls: CloudWatch adds them up.
  getMetrics: undefined,
  listSources: 'backups',
  getSource: 'backups',
  putSource: 'backups',
  removeSource: 'backups',
  checkSource: 'schedules',
  listSchedules: 'backups',
  getSchedule: 'backups',
  putSchedule: 'backups',
  removeSchedule: 'backups',
  pauseSchedule: 'backups',
  resumeSchedule: 'backups',
  runSchedule: 'backups',
  // It may write into a scratch target.
  runDrill: 'schedules',
  listRuns: 'backups',
  getRun: 'backups',
  listDrills: 'backups',
  getTerraformState: 'restores',
  putTerraformState: 'backups',
  forgetTerraformState: 'backups',
  rollBackTerraform: 'backups',
  getTerraformLock: 'backups',
  lockTerraformState: 'backups',
  unlockTerraformState: 'backups',
  // Callers are known by IAM or by a JWT: there are no tokens of our own here.
  listTokens: undefined,
  makeToken: undefined,
  revokeToken: undefined,
  getSession: undefined,
  openSession: undefined,
  closeSession: undefined,
};

/** Whether a function serves an operation. */
export function servedBy(name: ApiFunction): (operationId: OperationId) => boolean {
  return (operationId) => SERVED_BY[operationId] === name;
}
