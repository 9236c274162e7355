// One handler an operation: calls the service, views what it gives. Everything before and after is the pipeline's.

import type { Routes } from '../contract/routes.ts';
import { createAuditHandlers } from './audit.ts';
import { createBackupHandlers } from './backups.ts';
import type { HandlersOf } from './call.ts';
import { createMetricsHandlers, type MetricsHandlerDeps } from './metrics.ts';
import { createNotificationHandlers } from './notifications.ts';
import { createPutStateHandlers } from './put-state.ts';
import { createResourceHandlers } from './resources.ts';
import { createRestoreHandlers } from './restores.ts';
import { createRetentionHandlers } from './retention.ts';
import { createRunHandlers, createScheduleHandlers, createSourceHandlers } from './schedules.ts';
import { createServiceHandlers, type ServiceHandlerDeps } from './service.ts';
import { createSessionHandlers, type SessionHandlerDeps } from './session.ts';
import { createSettingsHandlers } from './settings.ts';
import { createTerraformHandlers } from './terraform.ts';
import { createTokenHandlers } from './tokens.ts';
import { createUpkeepHandlers } from './upkeep.ts';
import { createUploadHandlers } from './uploads.ts';

export interface HandlerDeps extends ServiceHandlerDeps, SessionHandlerDeps, MetricsHandlerDeps {
  /** Epoch milliseconds. */
  now: () => number;
}

export type Handlers = HandlersOf<Routes>;

/** The handlers of every operation in the contract. */
export function createHandlers(deps: HandlerDeps): Handlers {
  const { basePath, now } = deps;
  return {
    ...createServiceHandlers(deps),
    ...createBackupHandlers(basePath),
    ...createUploadHandlers(),
    ...createResourceHandlers(),
    ...createPutStateHandlers(basePath),
    ...createSettingsHandlers(),
    ...createRestoreHandlers(basePath, now),
    ...createRetentionHandlers(),
    ...createSourceHandlers(),
    ...createScheduleHandlers(),
    ...createRunHandlers(),
    ...createTerraformHandlers(),
    ...createTokenHandlers(now),
    ...createSessionHandlers(deps),
    ...createAuditHandlers(),
    ...createNotificationHandlers(),
    ...createUpkeepHandlers(),
    ...createMetricsHandlers(deps),
  };
}
