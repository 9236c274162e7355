import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planRetention, type RetentionSubject } from '../../../lib/core/records/retention.ts';
import type { RetentionPolicy } from '../../../lib/core/records/retention-records.ts';
import { backupsAt, DAY, LONG_AGO, NOW, plan, reasonsByTime } from './retention-plans.ts';

describe('rules, as a table of times to reasons', () => {
  test.each<[string, RetentionPolicy | undefined, [string, string][]]>([
    [
      'no policy',
      undefined,
      [
        ['2026-03-10T10:00:00Z', 'expired'],
        ['2026-03-09T10:00:00Z', 'expired'],
      ],
    ],
    [
      'a policy without rules',
      { keepLast: 0, keepDaily: 0 },
      [
        ['2026-03-10T10:00:00Z', 'expired'],
        ['2026-03-09T10:00:00Z', 'expired'],
      ],
    ],
    [
      'the newest two',
      { keepLast: 2 },
      [
        ['2026-03-10T10:00:00.001Z', 'last-1'],
        ['2026-03-10T10:00:00Z', 'last-2'],
        ['2026-03-09T10:00:00Z', 'expired'],
      ],
    ],
    [
      'more than there are',
      { keepLast: 100, keepDaily: 100, keepYearly: 100 },
      [
        ['2026-03-10T10:00:00Z', 'last-1 daily-1 yearly-1'],
        ['2026-03-10T09:00:00Z', 'last-2'],
      ],
    ],
    [
      'days of UTC, the newest of each, days without a backup not counted',
      { keepDaily: 3 },
      [
        ['2026-03-10T00:00:00Z', 'daily-1'],
        ['2026-03-09T23:59:59.999Z', 'daily-2'],
        ['2026-03-09T00:00:00Z', 'expired'],
        ['2026-03-05T13:00:00Z', 'daily-3'],
        ['2026-03-05T12:59:59Z', 'expired'],
        ['2026-03-04T23:00:00Z', 'expired'],
      ],
    ],
    [
      'ISO weeks, from Monday to Sunday',
      { keepWeekly: 3 },
      [
        ['2026-03-09T00:00:00Z', 'weekly-1'],
        ['2026-03-08T23:59:59.999Z', 'weekly-2'],
        ['2026-03-02T00:00:00Z', 'expired'],
        ['2026-03-01T23:00:00Z', 'weekly-3'],
        ['2026-02-20T00:00:00Z', 'expired'],
      ],
    ],
    [
      'an ISO week that lies in two years is one week',
      { keepWeekly: 2, keepYearly: 2 },
      [
        ['2026-01-04T23:00:00Z', 'weekly-1 yearly-1'],
        ['2025-12-31T00:00:00Z', 'yearly-2'],
        ['2025-12-29T00:00:00Z', 'expired'],
        ['2025-12-28T23:59:59Z', 'weekly-2'],
        ['2024-12-31T00:00:00Z', 'expired'],
      ],
    ],
    [
      'months, a leap day among them',
      { keepMonthly: 3 },
      [
        ['2024-03-01T00:00:00Z', 'monthly-1'],
        ['2024-02-29T23:59:59.999Z', 'monthly-2'],
        ['2024-02-01T00:00:00Z', 'expired'],
        ['2023-02-28T00:00:00Z', 'monthly-3'],
        ['2022-12-31T00:00:00Z', 'expired'],
      ],
    ],
    [
      'the same month of two years is two months',
      { keepMonthly: 9 },
      [
        ['2026-01-31T23:59:59Z', 'monthly-1'],
        ['2025-01-01T00:00:00Z', 'monthly-2'],
      ],
    ],
    [
      'all of them together, each with every reason',
      { keepLast: 2, keepDaily: 3, keepWeekly: 2, keepMonthly: 2, keepYearly: 2 },
      [
        ['2026-03-10T11:00:00Z', 'last-1 daily-1 weekly-1 monthly-1 yearly-1'],
        ['2026-03-10T08:00:00Z', 'last-2'],
        ['2026-03-09T11:00:00Z', 'daily-2'],
        ['2026-03-08T11:00:00Z', 'daily-3 weekly-2'],
        ['2026-03-07T11:00:00Z', 'expired'],
        ['2026-02-01T11:00:00Z', 'monthly-2'],
        ['2026-01-01T11:00:00Z', 'expired'],
        ['2025-06-01T11:00:00Z', 'yearly-2'],
        ['2024-06-01T11:00:00Z', 'expired'],
      ],
    ],
    [
      'times before 1970',
      { keepDaily: 1, keepWeekly: 2, keepMonthly: 2, keepYearly: 2 },
      [
        ['1970-01-01T00:00:00Z', 'daily-1 weekly-1 monthly-1 yearly-1'],
        ['1969-12-31T23:59:59.999Z', 'monthly-2 yearly-2'],
        ['1969-12-29T00:00:00Z', 'expired'],
        ['1969-12-28T23:59:59.999Z', 'weekly-2'],
      ],
    ],
  ])('%s', (_name, policy, expected) => {
    const backups = backupsAt(expected.map(([time]) => time));
    expect(reasonsByTime(backups, policy)).toEqual(expected);
  });

  test('rules count what has not expired too: they say how much history there should be', () => {
    const backups = backupsAt(['2026-03-10T10:00:00Z', '2026-03-09T10:00:00Z', '2026-03-08T10:00:00Z']);
    backups[2]!.expiresAt = NOW + 1;
    expect(reasonsByTime(backups, { keepDaily: 2 }).map(([, reasons]) => reasons)).toEqual([
      'not-expired daily-1',
      'daily-2',
      'expired',
    ]);
  });
});

describe('what keeps a backup without a policy', () => {
  test.each<[string, Partial<RetentionSubject>, 'keep' | 'drop', string[]]>([
    ['it expires later', { expiresAt: NOW + 1 }, 'keep', ['not-expired']],
    ['it expires now', { expiresAt: NOW }, 'drop', ['expired']],
    ['it expired before', { expiresAt: NOW - 1 }, 'drop', ['expired']],
    ['a legal hold', { legalHold: true }, 'keep', ['legal-hold']],
    ['a legal hold that was lifted', { legalHold: false }, 'drop', ['expired']],
    ['a lock', { lockedUntil: NOW + 1 }, 'keep', ['locked']],
    ['a lock that ends now', { lockedUntil: NOW }, 'drop', ['expired']],
    [
      'all of it',
      { legalHold: true, lockedUntil: NOW + DAY, expiresAt: NOW + DAY },
      'keep',
      ['legal-hold', 'locked', 'not-expired'],
    ],
    ['an expiry that is no number', { expiresAt: Number.NaN }, 'keep', ['not-expired']],
    ['a lock that is no number', { lockedUntil: Number.NaN }, 'keep', ['locked']],
  ])('%s', (_name, over, action, reasons) => {
    const [backup] = backupsAt(['2026-01-01T00:00:00Z'], over) as [RetentionSubject];
    expect(plan([backup], undefined, NOW)).toEqual([
      {
        backupId: backup.id,
        resourceId: 'r',
        createdAt: backup.createdAt,
        expiresAt: backup.expiresAt,
        action,
        reasons,
      },
    ]);
  });

  test('it never expires', () => {
    const { expiresAt: _never, ...backup } = backupsAt(['2026-01-01T00:00:00Z'])[0]!;
    const [decision] = plan([backup], undefined, NOW);
    expect(decision).toMatchObject({ action: 'keep', reasons: ['kept-for-ever'] });
    expect(decision).not.toHaveProperty('expiresAt');
  });

  test('a clock that tells nothing drops nothing', () => {
    const backups = backupsAt(['2026-01-01T00:00:00Z']);
    expect(plan(backups, undefined, Number.NaN)[0]).toMatchObject({ action: 'keep' });
  });
});

test('nothing gives nothing, and backups of two resources are refused', () => {
  expect(plan([], { keepLast: 1 }, NOW)).toEqual([]);
  const [backup] = backupsAt(['2026-01-01T00:00:00Z']) as [RetentionSubject];
  expect(() => plan([backup, { ...backup, resourceId: 's' }], undefined, NOW)).toThrow(Error);
});

describe('whatever the backups and the policy', () => {
  const subjects = fc
    .array(
      fc.record(
        {
          gap: fc.oneof(fc.integer({ min: 1, max: 3 * DAY }), fc.integer({ min: 1, max: 200 * DAY })),
          expiresAt: fc.oneof(fc.integer({ min: NOW - 2, max: NOW + 2 }), fc.constant(LONG_AGO)),
          legalHold: fc.boolean(),
          lockedUntil: fc.integer({ min: NOW - 2, max: NOW + 2 }),
        },
        { requiredKeys: ['gap'] },
      ),
      { maxLength: 40 },
    )
    .map((drawn): RetentionSubject[] => {
      let createdAt = Date.parse('2019-12-20T00:00:00Z');
      return drawn.map(({ gap, ...rest }, i) => {
        createdAt += gap;
        return { id: `backup-${i + 1}`, resourceId: 'r', sequence: i + 1, createdAt, ...rest };
      });
    });
  const rules = ['keepLast', 'keepDaily', 'keepWeekly', 'keepMonthly', 'keepYearly'] as const;
  const count = fc.integer({ min: 0, max: 12 });
  const policies = fc.record(
    { keepLast: count, keepDaily: count, keepWeekly: count, keepMonthly: count, keepYearly: count },
    { requiredKeys: [] },
  );
  const dropped = (backups: RetentionSubject[], policy?: RetentionPolicy): Set<string> =>
    new Set(
      plan(backups, policy, NOW)
        .filter(({ action }) => action === 'drop')
        .map(({ backupId }) => backupId),
    );

  const isSubset = (small: Set<string>, large: Set<string>): boolean =>
    [...small].every((id) => large.has(id));

  test('only what has expired, is not held, not locked and not kept by a rule is dropped, and all of that is', () => {
    fc.assert(
      fc.property(subjects, policies, (backups, policy) => {
        const decisions = new Map(plan(backups, policy, NOW).map((d) => [d.backupId, d]));
        expect(decisions.size).toBe(backups.length);
        for (const { id, expiresAt, legalHold, lockedUntil } of backups) {
          const { action, reasons } = decisions.get(id)!;
          const isProtected = legalHold === true || (lockedUntil ?? 0) > NOW;
          const hasExpired = expiresAt !== undefined && expiresAt <= NOW;
          const isKeptByRule = reasons.some((reason) =>
            /^(last|daily|weekly|monthly|yearly)-\d+$/.test(reason),
          );
          expect(action).toBe(hasExpired && !isProtected && !isKeptByRule ? 'drop' : 'keep');
          expect(reasons.length).toBeGreaterThan(0);
          expect(reasons.includes('expired')).toBe(action === 'drop');
        }
      }),
    );
  });

  test('a rule keeps as many as it says, or all its periods, counted without a gap from the newest', () => {
    fc.assert(
      fc.property(subjects, policies, (backups, policy) => {
        const decisions = plan(backups, policy, NOW);
        const periods = {
          last: backups.length,
          daily: new Set(backups.map((b) => new Date(b.createdAt).toISOString().slice(0, 10))).size,
          monthly: new Set(backups.map((b) => new Date(b.createdAt).toISOString().slice(0, 7))).size,
          yearly: new Set(backups.map((b) => new Date(b.createdAt).toISOString().slice(0, 4))).size,
        };
        const keeps = {
          last: policy.keepLast,
          daily: policy.keepDaily,
          monthly: policy.keepMonthly,
          yearly: policy.keepYearly,
        };
        for (const [name, keep = 0] of Object.entries(keeps)) {
          const given = decisions.flatMap((d) => d.reasons.filter((reason) => reason.startsWith(`${name}-`)));
          const length = Math.min(keep, periods[name as keyof typeof periods]);
          expect(given).toEqual(Array.from({ length }, (_, i) => `${name}-${i + 1}`));
        }
      }),
    );
  });

  test('a policy only ever keeps more, and so does each rule added or raised', () => {
    fc.assert(
      fc.property(subjects, policies, fc.constantFrom(...rules), count, (backups, policy, rule, more) => {
        const before = dropped(backups, policy);
        const raised = { ...policy, [rule]: (policy[rule] ?? 0) + more };
        expect(isSubset(before, dropped(backups))).toBe(true);
        expect(isSubset(dropped(backups, raised), before)).toBe(true);
      }),
    );
  });

  test('the order of the backups does not matter, and they are left as they were', () => {
    const shuffled = subjects.chain((backups) =>
      fc.tuple(
        fc.constant(backups),
        fc.shuffledSubarray(backups, { minLength: backups.length, maxLength: backups.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, policies, ([backups, mixed], policy) => {
        const before = structuredClone(mixed);
        const decisions = plan(mixed, policy, NOW);
        expect(decisions).toEqual(plan(backups, policy, NOW));
        expect(mixed).toEqual(before);
        expect(decisions.map((d) => d.createdAt)).toEqual(
          backups.map((b) => b.createdAt).sort((a, b) => b - a),
        );
      }),
    );
  });

  test('time passing alone never keeps what was dropped', () => {
    fc.assert(
      fc.property(subjects, policies, fc.nat(5), (backups, policy, laterMs) => {
        const later = plan(backups, policy, NOW + laterMs).filter((d) => d.action === 'drop');
        expect(isSubset(dropped(backups, policy), new Set(later.map((d) => d.backupId)))).toBe(true);
      }),
    );
  });
});

describe('the newest of a resource', () => {
  const times = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];

  test('never expires by itself, whatever its expiry', () => {
    expect(planRetention(backupsAt(times), undefined, NOW)).toMatchObject([
      { action: 'keep', reasons: ['newest'] },
      { action: 'drop', reasons: ['expired'] },
    ]);
    expect(planRetention(backupsAt(times), { keepLast: 2 }, NOW)).toMatchObject([
      { reasons: ['newest', 'last-1'] },
      { reasons: ['last-2'] },
    ]);
  });

  test('is the one with the highest sequence, whatever the clock said', () => {
    const [first, second] = backupsAt(times) as [RetentionSubject, RetentionSubject];
    const turned = [{ ...first, createdAt: second.createdAt + DAY }, second];
    expect(planRetention(turned, undefined, NOW)[0]).toMatchObject({ backupId: second.id, action: 'keep' });
  });

  test('expires where its policy says so by name', () => {
    expect(planRetention(backupsAt(times), { expireNewest: true }, NOW)[0]).toMatchObject({ action: 'drop' });
  });
});

test('what was undeleted is kept until its time, though it has expired', () => {
  const backups = backupsAt(['2026-01-01T00:00:00Z'], { keptUntil: NOW + 1 });
  expect(plan(backups, undefined, NOW)[0]).toMatchObject({ action: 'keep', reasons: ['undeleted'] });
  expect(plan(backups, undefined, NOW + 1)[0]).toMatchObject({ action: 'drop' });
});
