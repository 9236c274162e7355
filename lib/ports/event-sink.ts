// Where audit events go.

import type { AuditEvent } from '../core/records/model.ts';

/** Where audit events go once committed. At least once, in order; a throw means "again later". */
export interface EventSink {
  /** Every one arrives, in whatever order: `at` and `id` tell theirs. Published again, it arrives again. */
  publish(events: AuditEvent[]): Promise<void>;
}
