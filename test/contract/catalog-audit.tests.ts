// The audit trail as it is asked for: by resource, action and time, newest first; and what becomes of it with age.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AuditAction, AuditEvent } from '../../lib/core/records/model.ts';
import type { Catalog, EventQuery } from '../../lib/ports/catalog.ts';
import type { TrailSource } from '../../lib/ports/trail.ts';
import { appended, drain, event, T0 } from './samples.ts';

const ACTIONS: AuditAction[] = ['backup.created', 'backup.deleted', 'restore.completed'];

export function auditTests(catalog: () => Catalog): void {
  const query = (asked: EventQuery, size = 10) =>
    drain((page) => catalog().listEvents({ ...page, ...asked }), size);

  /** As if it stood in the trail, where a catalog keeps account of that itself. */
  async function written(events: AuditEvent[]): Promise<void> {
    const source = catalog() as Catalog & Partial<TrailSource>;
    await source.markTrailed?.(events, { segment: 1, sha256: '' });
    await catalog().markPublished(events);
  }

  describe('the audit trail', () => {
    test('is listed by time, and by the order of commits where times are equal, whatever is asked for', async () => {
      const times = [3, 1, 2, 2, 5, 2, 0].map((n) => T0 + n * 1000);
      const events = times.map((at, i) =>
        event({ at, action: ACTIONS[i % 3]!, resourceId: i % 2 === 0 ? 'r' : '' }),
      );
      for (const item of events) await catalog().commit([appended(item)]);
      const newestFirst = events
        .map((item, i) => [item, i] as const)
        .sort(([a, i], [b, j]) => b.at - a.at || j - i)
        .map(([item]) => item);
      const matching = ({ resourceId, action, since = 0, until = Number.MAX_SAFE_INTEGER }: EventQuery) =>
        newestFirst.filter(
          (item: AuditEvent) =>
            (resourceId === undefined || item.resourceId === resourceId) &&
            (action === undefined || item.action === action) &&
            since <= item.at &&
            item.at <= until,
        );
      const optional = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
      const asked = fc.record(
        {
          resourceId: optional('r', '', 'none'),
          action: optional(...ACTIONS, 'of.a.later.version'),
          since: optional(T0, T0 + 1, T0 + 2000, T0 + 9000),
          until: optional(T0 - 1, T0, T0 + 2000, T0 + 4999),
          size: fc.constantFrom(1, 2, 10),
        },
        { requiredKeys: ['size'] },
      );
      await fc.assert(
        fc.asyncProperty(asked, async ({ size, ...rest }) => {
          const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
          expect(await query(given, size)).toEqual(matching(given));
        }),
        { numRuns: 40 },
      );
    });

    test('forgets what is past its age and has been written out, the last event of all apart', async () => {
      const [old, waiting, young, last] = [1, 2, 30, 3].map((n) => event({ at: T0 + n }));
      for (const item of [old!, waiting!, young!, last!]) await catalog().commit([appended(item)]);
      await written([old!, young!, last!]);
      const ids = async () => (await query({})).map(({ id }) => id);
      await catalog().purge({ now: T0, operationsBefore: 0 });
      expect(await ids()).toHaveLength(4);
      await catalog().purge({ now: T0, operationsBefore: 0, eventsBefore: T0 + 10 });
      const left = await ids();
      expect(left).toEqual(expect.arrayContaining([young!.id, waiting!.id]));
      expect(left).not.toContain(old!.id);
      await catalog().purge({ now: T0, operationsBefore: 0, eventsBefore: T0 + 100 });
      expect(await ids()).toContain(waiting!.id);
      await written([waiting!]);
      await catalog().purge({ now: T0, operationsBefore: 0, eventsBefore: T0 + 100 });
      expect((await ids()).length).toBeGreaterThan(0);
    });
  });
}
