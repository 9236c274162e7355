// Periodic work: each run leaves its line, its figure and its record; what fails is told, and stops nothing else.

import { describe, expect, test } from '@jest/globals';
import { ServiceError } from '../../../lib/core/records/errors.ts';
import { UPKEEP } from '../../../lib/core/records/upkeep.ts';
import { createLogger } from '../../../lib/log.ts';
import { createManualClock } from '../../../lib/memory/clock.ts';
import { createMemoryUpkeep } from '../../../lib/memory/upkeep.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import type { UpkeepRecords } from '../../../lib/ports/upkeep.ts';
import { createUpkeep, type Tasks } from '../../../lib/service/upkeep/runner.ts';

const START = 1_000_000;

function createScene(
  tasks: (clock: ReturnType<typeof createManualClock>) => Tasks,
  kept = createMemoryUpkeep(),
) {
  const clock = createManualClock(START);
  const lines: Record<string, unknown>[] = [];
  const figures: unknown[] = [];
  const log = createLogger((line) => lines.push(JSON.parse(line)), clock.now);
  const meter = {
    count: (name: string, tags = {}, times?: number) =>
      void figures.push(times === undefined ? [name, tags] : [name, times, tags]),
    time: (name: string, ms: number, tags = {}) => void figures.push([name, ms, tags]),
    size: () => {},
  };
  const upkeep = createUpkeep({ clock, log, meter, records: kept }, tasks(clock));
  return { clock, lines, figures, upkeep, kept };
}

const failing = (error: unknown) => async () => {
  throw error;
};

describe('a run', () => {
  test('leaves a line, figures, and what stands of it', async () => {
    const { upkeep, lines, figures, kept } = createScene((clock) => ({
      sweep: {
        run: async () => {
          clock.advance(40);
          return { expired: 2, overdueMs: 7 };
        },
        says: 'retention swept',
        counts: { retention_expired: 'expired' },
        times: { retention_overdue: 'overdueMs' },
      },
    }));
    expect(await upkeep.run('sweep')).toEqual({ expired: 2, overdueMs: 7 });
    expect(lines).toMatchObject([{ message: 'retention swept', task: 'sweep', expired: 2, durationMs: 40 }]);
    expect(figures).toEqual([
      ['retention_expired', 2, {}],
      ['retention_overdue', 7, {}],
      ['upkeep_run', { task: 'sweep', outcome: 'done' }],
      ['upkeep', 40, { task: 'sweep' }],
    ]);
    const stands = { startedAt: START, endedAt: START + 40, succeededAt: START + 40, durationMs: 40 };
    expect(await kept.list()).toEqual([{ task: 'sweep', ...stands }]);
    expect(await upkeep.list()).toEqual([
      {
        name: 'sweep',
        ...UPKEEP.sweep,
        ...stands,
        isRunning: false,
        nextAt: START + 40 + UPKEEP.sweep.everyMs,
      },
    ]);
  });

  test.each([
    ['of a port', new PortError('unavailable', 'the disk is full'), 'unavailable', 'the disk is full'],
    ['of a use case', new ServiceError('store_untrusted', 'Rolled back.'), 'store_untrusted', 'Rolled back.'],
    ['of our own', new Error('/secret/path'), 'internal_error', 'An error of our own: the log has it.'],
    ['that is no error', 'what?', 'internal_error', 'An error of our own: the log has it.'],
  ])('that fails with an error %s is told, counted, and thrown on', async (_what, error, code, detail) => {
    const { upkeep, figures } = createScene(() => ({ scrub: { run: failing(error) } }));
    await expect(upkeep.run('scrub')).rejects.toBe(error);
    await expect(upkeep.run('scrub')).rejects.toBe(error);
    expect(figures).toContainEqual(['upkeep_run', { task: 'scrub', outcome: 'failed' }]);
    const [stands] = await upkeep.list();
    expect(stands).toMatchObject({ fault: { code, detail, at: START, inARow: 2 } });
    expect(stands).not.toHaveProperty('succeededAt');
  });

  test('that goes well again keeps what the last fault was, and says that it is over', async () => {
    let isBroken = true;
    const { upkeep, clock } = createScene(() => ({
      trail: { run: async () => (isBroken ? failing(new PortError('denied', 'no'))() : undefined) },
    }));
    await expect(upkeep.run('trail')).rejects.toThrow('no');
    isBroken = false;
    clock.advance(1000);
    await upkeep.run('trail');
    expect(await upkeep.list()).toMatchObject([
      { succeededAt: START + 1000, fault: { code: 'denied', inARow: 0 } },
    ]);
  });

  test('is told its deadline, the shorter of its own and its caller’s; one that takes longer is told of', async () => {
    const deadlines: number[] = [];
    const { upkeep, lines, figures } = createScene((clock) => ({
      relay: {
        async run(deadline) {
          deadlines.push(deadline);
          clock.advance(UPKEEP.relay.deadlineMs + 1);
        },
      },
    }));
    await upkeep.run('relay', 500);
    await upkeep.run('relay');
    const second = START + UPKEEP.relay.deadlineMs + 1;
    expect(deadlines).toEqual([START + 500, second + UPKEEP.relay.deadlineMs]);
    expect(figures).toContainEqual(['upkeep_overdue', { task: 'relay' }]);
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', code: 'overdue', task: 'relay' }));
  });

  test('of what comes every second is written down once a minute, and logged only where it has done something', async () => {
    let puts = 0;
    const memory = createMemoryUpkeep();
    const counting: UpkeepRecords = {
      ...memory,
      async put(run) {
        puts++;
        await memory.put(run);
      },
    };
    const { upkeep, clock, lines } = createScene(
      () => ({ relay: { run: async () => ({ relayed: 0 }) } }),
      counting,
    );
    for (let second = 0; second < 120; second++) {
      await upkeep.run('relay');
      clock.advance(1000);
    }
    expect(puts).toBe(2);
    expect(lines).toEqual([]);
    expect(await upkeep.list()).toMatchObject([{ startedAt: START + 119_000 }]);
  });

  test('goes well where it cannot be written down', async () => {
    const broken: UpkeepRecords = {
      list: failing(new PortError('unavailable', 'full')),
      put: failing(new PortError('unavailable', 'full')),
    };
    const { upkeep, lines } = createScene(() => ({ sweep: { run: async () => ({ expired: 1 }) } }), broken);
    expect(await upkeep.run('sweep')).toEqual({ expired: 1 });
    expect(lines.map(({ level }) => level)).toEqual(expect.arrayContaining(['warn', 'info']));
  });
});

test('one task holds up no other, and says that it runs', async () => {
  let end = (): void => {};
  const { upkeep } = createScene(() => ({
    scrub: { run: () => new Promise<undefined>((resolve) => (end = () => resolve(undefined))) },
    sweep: { run: async () => undefined },
  }));
  const long = upkeep.run('scrub');
  await upkeep.run('sweep');
  expect((await upkeep.list()).map(({ name, isRunning }) => [name, isRunning])).toEqual([
    ['scrub', true],
    ['sweep', false],
  ]);
  end();
  await long;
  expect((await upkeep.list())[0]).toMatchObject({ name: 'scrub', isRunning: false });
});

test('what another process has left counts on: how often it has failed, and when it went well', async () => {
  const kept = createMemoryUpkeep();
  const error = new PortError('unavailable', 'down');
  const first = createScene(() => ({ orphans: { run: async () => undefined } }), kept);
  await first.upkeep.run('orphans');
  const second = createScene(() => ({ orphans: { run: failing(error) } }), kept);
  await expect(second.upkeep.run('orphans')).rejects.toBe(error);
  const third = createScene(() => ({ orphans: { run: failing(error) } }), kept);
  await expect(third.upkeep.run('orphans')).rejects.toBe(error);
  expect(await third.upkeep.list()).toMatchObject([{ succeededAt: START, fault: { inARow: 2 } }]);
});

test('a run that dies is seen to have begun, and not to have ended', async () => {
  const kept = createMemoryUpkeep();
  const first = createScene(() => ({ sweep: { run: async () => undefined } }), kept);
  await first.upkeep.run('sweep');
  const dying = createScene(() => ({ sweep: { run: () => new Promise<undefined>(() => {}) } }), kept);
  dying.clock.advance(5000);
  void dying.upkeep.run('sweep');
  await new Promise((resolve) => setImmediate(resolve));
  const seen = createScene(() => ({ sweep: { run: async () => undefined } }), kept);
  const [sweep] = await seen.upkeep.list();
  expect(sweep).toMatchObject({ startedAt: START + 5000, succeededAt: START, isRunning: false });
  expect(sweep).not.toHaveProperty('endedAt');
  expect(sweep!.nextAt).toBe(START + 5000 + UPKEEP.sweep.everyMs);
});

test('a task that runs is waited for: what was committed meanwhile is seen by the run that follows', async () => {
  const told: string[] = [];
  const ends: (() => void)[] = [];
  const { upkeep } = createScene(() => ({
    orphans: {
      async run() {
        told.push('begun');
        await new Promise<void>((resolve) => ends.push(resolve));
        told.push('ended');
        return undefined;
      },
    },
  }));
  const both = [upkeep.run('orphans'), upkeep.run('orphans')];
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  expect(told).toEqual(['begun']);
  ends[0]!();
  await turn();
  expect(told).toEqual(['begun', 'ended', 'begun']);
  expect((await upkeep.list())[0]).toMatchObject({ isRunning: true });
  ends[1]!();
  await Promise.all(both);
  expect((await upkeep.list())[0]).toMatchObject({ isRunning: false });
});

test('of two processes the run that began last is told, and failures are counted over both', async () => {
  const kept = createMemoryUpkeep();
  let isBroken = true;
  const tasks = () => ({
    scrub: { run: async () => (isBroken ? failing(new PortError('unavailable', 'down'))() : undefined) },
  });
  const [one, other] = [createScene(tasks, kept), createScene(tasks, kept)];
  await expect(one.upkeep.run('scrub')).rejects.toThrow();
  other.clock.advance(1000);
  await expect(other.upkeep.run('scrub')).rejects.toThrow();
  one.clock.advance(2000);
  await expect(one.upkeep.run('scrub')).rejects.toThrow();
  expect((await other.upkeep.list())[0]).toMatchObject({ startedAt: START + 2000, fault: { inARow: 3 } });
  isBroken = false;
  other.clock.advance(3000);
  await other.upkeep.run('scrub');
  expect((await one.upkeep.list())[0]).toMatchObject({ succeededAt: START + 4000, fault: { inARow: 0 } });
});
