// The contract: every route, once. Validation, handler types, OpenAPI and the list at `GET /` all come from this table.

import { AUDIT_ROUTES } from './audit.ts';
import { BACKUP_ROUTES } from './backups.ts';
import { METRICS_ROUTES } from './metrics.ts';
import { NOTIFICATION_ROUTES } from './notifications.ts';
import { PUT_STATE_ROUTES } from './put-state.ts';
import { RESOURCE_ROUTES } from './resources.ts';
import { RESTORE_ROUTES } from './restores.ts';
import { RETENTION_ROUTES } from './retention.ts';
import type { Route } from './route.ts';
import { RUN_ROUTES } from './runs.ts';
import { SCHEDULE_ROUTES } from './schedules.ts';
import { SERVICE_ROUTES } from './service.ts';
import { SESSION_ROUTES } from './session.ts';
import { SETTINGS_ROUTES } from './settings.ts';
import { SOURCE_ROUTES } from './sources.ts';
import { TERRAFORM_ROUTES } from './terraform.ts';
import { TOKEN_ROUTES } from './tokens.ts';
import { UPKEEP_ROUTES } from './upkeep.ts';
import { UPLOAD_ROUTES } from './uploads.ts';

export const ROUTES = {
  ...SERVICE_ROUTES,
  ...BACKUP_ROUTES,
  ...UPLOAD_ROUTES,
  ...RESOURCE_ROUTES,
  ...PUT_STATE_ROUTES,
  ...SETTINGS_ROUTES,
  ...RESTORE_ROUTES,
  ...RETENTION_ROUTES,
  ...SOURCE_ROUTES,
  ...SCHEDULE_ROUTES,
  ...RUN_ROUTES,
  ...TERRAFORM_ROUTES,
  ...TOKEN_ROUTES,
  ...SESSION_ROUTES,
  ...AUDIT_ROUTES,
  ...NOTIFICATION_ROUTES,
  ...UPKEEP_ROUTES,
  ...METRICS_ROUTES,
};

export type Routes = typeof ROUTES;
export type OperationId = keyof Routes;

/** The table, with its keys, as plain routes. */
export const ROUTE_LIST: readonly (Route & { operationId: OperationId })[] = Object.entries(ROUTES).map(
  ([operationId, route]) => ({ operationId: operationId as OperationId, ...(route as Route) }),
);
