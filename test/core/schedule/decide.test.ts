// A year of schedules: over every change of the clock, with jumps, two who look at once, crashes and outages.

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  COUNTED_MAX,
  decide,
  type Look,
  ON_TIME_MS,
  type Skip,
  settle,
  type Timing,
  timingOf,
} from '../../../lib/core/schedule/decide.ts';
import { slotsOf } from '../../../lib/core/schedule/slots.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR = Date.UTC(2026, 0, 1);
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Asia/Kathmandu',
];
/** Around the changes of one zone or the other. */
const DST = [
  '2026-03-08',
  '2026-03-29',
  '2026-04-05',
  '2026-09-06',
  '2026-10-04',
  '2026-10-25',
  '2026-11-01',
];

const EVERY: Timing = timingOf(slotsOf({ when: 'every 15m', zone: 'UTC' }), {
  resourceId: 'a',
  jitterSeconds: 0,
  catchUp: 'one',
});

/** What is kept of a schedule, and what came of it. */
interface Kept {
  decidedUntil: number;
  isPaused: boolean;
  runningUntil: number;
  version: number;
  nextDue: number | undefined;
  ran: number[];
  skips: Skip[];
}

type Happening =
  | { is: 'outage'; hours: number }
  | { is: 'jump'; minutes: number }
  | { is: 'jump and back'; days: number }
  | { is: 'pause'; hours: number }
  | { is: 'long run'; hours: number }
  | { is: 'crash' }
  | { is: 'two at once' };

/** One look, as the service takes it: what was decided stands in one commit with its version, a slot's run is of one id. */
function look(timing: Timing, kept: Kept, at: Look): { commit(): boolean } {
  const { version } = kept;
  const isRunning = kept.runningUntil > at.now;
  const decision = decide(timing, { ...kept, isRunning }, at);
  return {
    commit() {
      if (kept.version !== version) return false;
      kept.version++;
      kept.decidedUntil = decision.decidedUntil;
      kept.nextDue = decision.nextDue;
      kept.skips.push(...decision.skipped);
      if (decision.run !== undefined && !kept.ran.includes(decision.run.slot))
        kept.ran.push(decision.run.slot);
      return true;
    },
  };
}

function simulate(timing: Timing, from: number, to: number, happenings: readonly Happening[]): Kept {
  let now = from;
  const kept: Kept = {
    ...{ decidedUntil: from, isPaused: false, runningUntil: 0, version: 1 },
    ...{ nextDue: from, ran: [], skips: [] },
  };
  let lookedAt = now;
  let driftMs = 0;
  let left = [...happenings];
  const every = Math.max(1, Math.floor((to - from) / (happenings.length + 1)));
  let nextHappening = from + every;
  const tick = (): void => {
    look(timing, kept, { now, lookedAt, driftMs }).commit();
    lookedAt = now;
    driftMs = 0;
  };
  for (let steps = 0; now < to && steps < 50_000; steps++) {
    const [happening] = left;
    if (happening !== undefined && now >= nextHappening) {
      left = left.slice(1);
      nextHappening += every;
      if (happening.is === 'outage') now += happening.hours * HOUR_MS;
      else if (happening.is === 'jump') {
        now += happening.minutes * MINUTE_MS;
        driftMs = happening.minutes * MINUTE_MS;
        // Who has gone back looks at everything anew.
        kept.nextDue = now;
      } else if (happening.is === 'jump and back') {
        now += happening.days * DAY_MS;
        driftMs = happening.days * DAY_MS;
        tick();
        now -= happening.days * DAY_MS;
        driftMs = -happening.days * DAY_MS;
        kept.nextDue = now;
      } else if (happening.is === 'pause') {
        kept.isPaused = true;
        const until = now + happening.hours * HOUR_MS;
        for (; now < until; now += 30 * MINUTE_MS) tick();
        kept.skips.push(...settle(timing, kept.decidedUntil, now, 'paused'));
        const before = kept.ran.length;
        kept.decidedUntil = Math.max(now, kept.decidedUntil);
        kept.isPaused = false;
        kept.version++;
        lookedAt = now;
        tick();
        expect(kept.ran.length).toBe(before);
      } else if (happening.is === 'long run') kept.runningUntil = now + happening.hours * HOUR_MS;
      else if (happening.is === 'crash') {
        // Decided, and died before it was written down.
        now = Math.max(now, kept.nextDue ?? now);
        look(timing, kept, { now, lookedAt });
        now += 2 * MINUTE_MS;
      } else {
        now = Math.max(now, kept.nextDue ?? now);
        const both = [
          look(timing, kept, { now, lookedAt }),
          look(timing, kept, { now: now + 1000, lookedAt }),
        ];
        expect(both.map((one) => one.commit())).toEqual([true, false]);
      }
    }
    tick();
    // Whoever looks does so every minute; between two that have something to decide nothing changes.
    now = Math.max(now + MINUTE_MS, Math.min(kept.nextDue ?? to, now + 6 * HOUR_MS));
    lookedAt = Math.max(lookedAt, now - MINUTE_MS);
  }
  return kept;
}

/** No slot twice, none lost without a word. */
function judge(timing: Timing, kept: Kept, from: number, to: number): void {
  expect(new Set(kept.ran).size).toBe(kept.ran.length);
  const isSkipped = (slot: number) => kept.skips.some((skip) => skip.from <= slot && slot <= skip.to);
  const ran = new Set(kept.ran);
  const lost: string[] = [];
  for (let slot = timing.slots.after(from); slot !== undefined; slot = timing.slots.after(slot)) {
    if (slot + timing.jitterMs > to) break;
    if (!ran.has(slot) && !isSkipped(slot)) lost.push(new Date(slot).toISOString());
  }
  expect(lost).toEqual([]);
  expect(kept.skips.every(({ from: a, to: b, count }) => a <= b && count >= 1)).toBe(true);
}

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ is: fc.constant('outage' as const), hours: fc.integer({ min: 1, max: 80 }) }),
  fc.record({ is: fc.constant('jump' as const), minutes: fc.integer({ min: -3000, max: 3000 }) }),
  fc.record({ is: fc.constant('jump and back' as const), days: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ is: fc.constant('pause' as const), hours: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ is: fc.constant('long run' as const), hours: fc.integer({ min: 1, max: 40 }) }),
  fc.constant({ is: 'crash' as const }),
  fc.constant({ is: 'two at once' as const }),
);

const spec = (when: fc.Arbitrary<string>) =>
  fc.record({
    when,
    zone: fc.constantFrom(...ZONES),
    jitterSeconds: fc.constantFrom(0, 600),
    catchUp: fc.constantFrom('one' as const, 'none' as const),
    happenings: fc.array(happening, { maxLength: 12 }),
  });

const made = ({
  when,
  zone,
  ...rest
}: {
  when: string;
  zone: string;
  jitterSeconds: number;
  catchUp: 'one' | 'none';
}) => timingOf(slotsOf({ when, zone }), { resourceId: 'orders', ...rest });

describe('a year', () => {
  it.each(ZONES)('in %s, whatever happens: no slot twice, none lost without an event', (zone) => {
    const daily = spec(fc.constantFrom('30 2 * * *', '0 3 * * 1-5', '15 0 * * *', 'every 1d', '0 1 L * *'));
    fc.assert(
      fc.property(daily, (one) => {
        const timing = made({ ...one, zone });
        const end = YEAR + 366 * DAY_MS;
        judge(timing, simulate(timing, YEAR, end, one.happenings), YEAR, end - DAY_MS);
      }),
      { numRuns: 4 },
    );
  });

  it('without anything happening runs every slot', () => {
    const timing = made({ when: '30 2 * * *', zone: 'Europe/Berlin', jitterSeconds: 300, catchUp: 'one' });
    const kept = simulate(timing, YEAR, YEAR + 365 * DAY_MS, []);
    expect(kept.skips).toEqual([]);
    expect(kept.ran.length).toBe(365);
  });
});

it('days of many slots around every change of the clock', () => {
  const often = spec(fc.constantFrom('*/15 * * * *', '*/20 2 * * *', '5 * * * *', 'every 15m', 'every 7h'));
  fc.assert(
    fc.property(often, fc.constantFrom(...DST), (one, day) => {
      const timing = made(one);
      const from = Date.parse(`${day}T00:00Z`) - DAY_MS;
      judge(
        timing,
        simulate(timing, from, from + 3 * DAY_MS, one.happenings.slice(0, 4)),
        from,
        from + 2 * DAY_MS,
      );
    }),
    { numRuns: 40 },
  );
});

describe('what is missed', () => {
  const hourly = made({ when: '0 * * * *', zone: 'UTC', jitterSeconds: 0, catchUp: 'one' });
  const ten = Date.UTC(2026, 5, 1, 10);
  const standing = { decidedUntil: ten, isPaused: false, isRunning: false };
  const lookedAt = ten + MINUTE_MS;

  it('runs once if the next is more than half an interval away, and says what did not', () => {
    const now = ten + 5 * HOUR_MS + 20 * MINUTE_MS;
    expect(decide(hourly, standing, { now, lookedAt })).toEqual({
      run: { slot: ten + 5 * HOUR_MS, isCatchUp: true },
      skipped: [{ reason: 'outage', from: ten + HOUR_MS, to: ten + 4 * HOUR_MS, count: 4 }],
      decidedUntil: ten + 5 * HOUR_MS,
      nextDue: ten + 6 * HOUR_MS,
    });
  });

  it('does not where the next is near, where nothing is to be caught up with, or where the clock has jumped', () => {
    const now = ten + HOUR_MS + 40 * MINUTE_MS;
    expect(decide(hourly, standing, { now, lookedAt }).skipped).toMatchObject([{ reason: 'late', count: 1 }]);
    const none = { ...hourly, catchUp: 'none' as const };
    const soon = ten + HOUR_MS + 10 * MINUTE_MS;
    expect(decide(none, standing, { now: soon, lookedAt })).toMatchObject({
      skipped: [{ reason: 'outage' }],
    });
    expect(decide(none, standing, { now: soon, lookedAt, driftMs: HOUR_MS })).toMatchObject({
      skipped: [{ reason: 'clock_jumped' }],
    });
  });

  it('is skipped while paused or under way, each slot with its reason', () => {
    const now = ten + HOUR_MS + MINUTE_MS;
    expect(decide(hourly, { ...standing, isPaused: true }, { now }).skipped).toMatchObject([
      { reason: 'paused' },
    ]);
    expect(decide(hourly, { ...standing, isRunning: true }, { now }).skipped).toMatchObject([
      { reason: 'overlapping', from: ten + HOUR_MS, to: ten + HOUR_MS },
    ]);
    expect(decide(hourly, standing, { now })).toMatchObject({ run: { isCatchUp: false }, skipped: [] });
  });

  it('is told as so many and more, where nobody could count', () => {
    const { skipped, run } = decide(EVERY, standing, { now: ten + 365 * DAY_MS + MINUTE_MS });
    expect(run).toMatchObject({ isCatchUp: false });
    expect(skipped).toMatchObject([{ reason: 'outage', count: COUNTED_MAX, isMore: true }]);
  });
});

it('parks nothing when the clock had been a year ahead', () => {
  const now = YEAR + 7 * MINUTE_MS;
  const standing = { decidedUntil: now + 365 * DAY_MS, isPaused: false, isRunning: false };
  expect(decide(EVERY, standing, { now })).toEqual({
    skipped: [],
    decidedUntil: now,
    wentBackMs: 365 * DAY_MS,
    nextDue: YEAR + 15 * MINUTE_MS,
  });
  // By a little nothing is decided anew.
  expect(decide(EVERY, { ...standing, decidedUntil: now + ON_TIME_MS }, { now })).not.toHaveProperty(
    'wentBackMs',
  );
});
