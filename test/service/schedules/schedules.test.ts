// Schedules from the outside: what runs when, what does not and why, and what is left of it.

import { describe, expect, it } from '@jest/globals';
import { PortError } from '../../../lib/ports/errors.ts';
import { BY, createScheduled, NIGHTLY } from './world.ts';

/** 12:00 UTC on the first of January is when the world begins. */
const FIRST = '2026-01-02T01:30:00.000Z';
const HOUR_MS = 3_600_000;

describe('a schedule', () => {
  it('makes a backup at its slot, and says what comes', async () => {
    const world = createScheduled();
    const { next, standing } = await world.begin();
    expect(next.map(({ slot }) => new Date(slot).toISOString())).toEqual([
      FIRST,
      ...['2026-01-03', '2026-01-04', '2026-01-05', '2026-01-06'].map((day) => `${day}T01:30:00.000Z`),
    ]);
    expect(standing.state).toBe('waiting');
    expect(await world.at('2026-01-02T01:29:00Z')).toEqual({ queued: 0, skipped: 0 });
    expect(await world.at(FIRST)).toEqual({ queued: 1, skipped: 0 });
    const [run] = await world.runs();
    const [backup] = await world.backups();
    expect(run).toMatchObject({
      ...{ status: 'completed', trigger: 'schedule', slot: Date.parse(FIRST), attempt: 1, progress: 100 },
      ...{ backupId: backup!.id, bytes: world.held.text.length },
    });
    expect(backup).toMatchObject({ metadata: { source: 'orders-file', tags: { schedule: 'nightly' } } });
    expect(await world.text(backup!.id)).toBe(world.held.text);
    expect((await world.events('run.completed'))[0]).toMatchObject({
      actor: 'schedule:nightly',
      backupId: backup!.id,
    });
    // Looked at again nothing comes of it.
    expect(await world.at('2026-01-02T01:31:00Z')).toEqual({ queued: 0, skipped: 0 });
    expect(await world.backups()).toHaveLength(1);
  });

  it('is decided once by however many look at once', async () => {
    const world = createScheduled();
    await world.begin();
    world.clock.advance(Date.parse(FIRST) - world.clock.now());
    const looks = [world.tick, world.otherTick(), world.otherTick(), world.otherTick()];
    const ticked = await Promise.all(looks.map((look) => look()));
    expect(ticked.reduce((sum, { queued }) => sum + queued, 0)).toBe(1);
    await Promise.all([world.work(), world.work(), world.work()]);
    expect(await world.runs()).toHaveLength(1);
    expect(await world.backups()).toHaveLength(1);
  });

  it('notes an unchanged state, by what came or by what the source says', async () => {
    const world = createScheduled();
    world.held.mark = '"v1"';
    await world.begin();
    await world.at(FIRST);
    await world.at('2026-01-03T01:30:00Z');
    expect(world.held.reads).toEqual([{ known: undefined }, { known: '"v1"' }]);
    world.held.mark = '"v2"';
    await world.at('2026-01-04T01:30:00Z');
    expect((await world.runs()).map(({ status }) => status)).toEqual(['unchanged', 'unchanged', 'completed']);
    const [backup, ...others] = await world.backups();
    expect(others).toEqual([]);
    expect(backup!.checkedAt).toBe(Date.parse('2026-01-04T01:30:00Z'));
  });

  it('reads again what the source calls unchanged once somebody else has made a backup', async () => {
    const world = createScheduled();
    world.held.mark = '"v1"';
    await world.begin();
    await world.at(FIRST);
    await world.backup('orders', '{"other":1}');
    await world.at('2026-01-03T01:30:00Z');
    expect(world.held.reads.at(-1)).toEqual({ known: undefined });
    expect((await world.backups()).map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
  });

  it('never runs because it is changed, paused or goes on', async () => {
    const world = createScheduled();
    await world.begin();
    world.clock.advance(Date.parse(FIRST) + 60_000 - world.clock.now());
    await world.service.putSchedule('nightly', { ...NIGHTLY, when: '31 2 * * *' }, BY);
    expect(await world.at(world.clock.now())).toEqual({ queued: 0, skipped: 0 });
    expect(await world.events('schedule.skipped')).toMatchObject([
      { detail: { reason: 'edited', from: FIRST, count: 1 } },
    ]);
    await world.service.pauseSchedule('nightly', true, BY);
    expect((await world.service.getSchedule('nightly')).standing).toMatchObject({ state: 'paused' });
    expect(await world.at('2026-01-03T01:31:00Z')).toEqual({ queued: 0, skipped: 1 });
    world.clock.advance(24 * HOUR_MS);
    const { standing, next } = await world.service.pauseSchedule('nightly', false, BY);
    expect(standing.why).toContain('was paused');
    expect(new Date(next[0]!.slot).toISOString()).toBe('2026-01-05T01:31:00.000Z');
    expect(await world.at(world.clock.now())).toEqual({ queued: 0, skipped: 0 });
    expect((await world.events('schedule.skipped')).map(({ detail }) => detail!.reason)).toEqual([
      'paused',
      'paused',
      'edited',
    ]);
    expect(await world.runs()).toEqual([]);
    // What changes no time keeps what is due.
    world.clock.advance(Date.parse('2026-01-05T01:31:30Z') - world.clock.now());
    await world.service.putSchedule('nightly', { ...NIGHTLY, when: '31 2 * * *', retentionDays: 7 }, BY);
    expect(await world.at(world.clock.now())).toEqual({ queued: 1, skipped: 0 });
  });

  it('runs one of those that an outage has missed, late, and says which did not', async () => {
    const world = createScheduled();
    await world.begin();
    await world.at(FIRST);
    expect(await world.at('2026-01-06T04:00:00Z')).toEqual({ queued: 1, skipped: 3 });
    expect((await world.runs())[0]).toMatchObject({
      trigger: 'catch_up',
      slot: Date.parse('2026-01-06T01:30:00Z'),
    });
    expect(await world.events('schedule.skipped')).toMatchObject([
      {
        detail: {
          reason: 'outage',
          from: '2026-01-03T01:30:00.000Z',
          to: '2026-01-05T01:30:00.000Z',
          count: 3,
        },
      },
    ]);
    const { schedule } = await world.service.getSchedule('nightly');
    expect(schedule.progress).toMatchObject({ missed: 3, failuresInARow: 0 });
  });

  it('is not parked by a clock that was a year ahead', async () => {
    const world = createScheduled();
    await world.begin();
    const now = world.clock.now();
    await world.at(now + 365 * 24 * HOUR_MS);
    await world.at(now + 60_000);
    expect(await world.at(FIRST)).toEqual({ queued: 1, skipped: 0 });
    expect((await world.runs()).some(({ slot }) => slot === Date.parse(FIRST))).toBe(true);
  });

  it('skips what comes while a run of it is under way', async () => {
    const world = createScheduled();
    await world.begin({ when: 'every 15m' });
    const at = world.clock.now();
    world.held.onRead = async () => {
      world.clock.advance(16 * 60_000);
      await world.tick();
    };
    world.clock.advance(15 * 60_000);
    await world.tick();
    await world.work();
    expect(await world.events('schedule.skipped')).toMatchObject([
      { detail: { reason: 'overlapping', from: new Date(at + 30 * 60_000).toISOString() } },
    ]);
    expect(await world.runs()).toHaveLength(1);
  });

  it('is refused where its times never come, or its source is not there', async () => {
    const world = createScheduled();
    await expect(world.service.putSchedule('x', NIGHTLY, BY)).rejects.toMatchObject({
      code: 'source_not_found',
    });
    await world.begin();
    for (const when of ['0 0 30 2 *', 'hourly', '* * * * * *']) {
      await expect(world.begin({ when })).rejects.toMatchObject({
        code: 'invalid_request',
        errors: [{ pointer: '/when' }],
      });
    }
    await expect(world.begin({ when: 'every 5m', jitterSeconds: 600 })).rejects.toMatchObject({
      errors: [{ pointer: '/jitterSeconds' }],
    });
    await expect(world.service.removeSource('orders-file', BY)).rejects.toMatchObject({
      code: 'source_in_use',
    });
    await world.service.removeSchedule('nightly', BY);
    await world.service.removeSource('orders-file', BY);
    await expect(world.service.getSchedule('nightly')).rejects.toMatchObject({ code: 'schedule_not_found' });
  });
});

describe('a run', () => {
  it('by hand is made at once, even while paused, one at a time', async () => {
    const world = createScheduled();
    await world.begin();
    await world.service.pauseSchedule('nightly', true, BY);
    const run = await world.service.runSchedule('nightly', BY);
    expect(run).toMatchObject({ status: 'queued', trigger: 'manual', requestedBy: 'tester' });
    await expect(world.service.runSchedule('nightly', BY)).rejects.toMatchObject({ code: 'run_under_way' });
    await world.work();
    expect(await world.service.getRun(run.id)).toMatchObject({ status: 'completed' });
    expect((await world.service.getSchedule('nightly')).schedule.progress).not.toHaveProperty('running');
  });

  it('is begun again where its source does not answer, and fails where that does not help', async () => {
    const world = createScheduled();
    await world.begin();
    world.held.failures.push(new PortError('unavailable', 'file:/srv/orders.json: no route'));
    await world.at(FIRST);
    expect((await world.runs())[0]).toMatchObject({ status: 'queued', attempt: 1 });
    await world.at('2026-01-02T01:31:00Z');
    expect((await world.runs())[0]).toMatchObject({ status: 'completed', attempt: 2 });
    world.held.failures.push(new PortError('denied', 'file:/srv/orders.json: EACCES'));
    await world.at('2026-01-03T01:30:00Z');
    const [failed] = await world.runs();
    expect(failed).toMatchObject({
      status: 'failed',
      failure: { code: 'source_denied', detail: 'file:/srv/orders.json: EACCES' },
    });
    expect(failed!.log.at(-1)!.text).toContain('EACCES');
    expect((await world.service.getSchedule('nightly')).schedule.progress.failuresInARow).toBe(1);
    world.held.text = '{"broken"';
    await world.at('2026-01-04T01:30:00Z');
    expect((await world.runs())[0]!.failure).toMatchObject({ code: 'malformed_json' });
    expect(await world.events('run.failed')).toHaveLength(2);
  });

  it('whose worker died is found and begun again, and makes no second backup', async () => {
    let isDying = false;
    const world = createScheduled(({ catalog }) => ({
      catalog: {
        ...catalog,
        async commit(changes) {
          // Once the backup stands, nothing of this worker is written any more.
          if (
            isDying &&
            changes.some((one) => one.kind === 'document.put' && one.record.collection === 'run')
          ) {
            throw new PortError('unavailable', 'gone');
          }
          await catalog.commit(changes);
          if (changes.some(({ kind }) => kind === 'backup.insert')) isDying = true;
        },
      },
    }));
    await world.begin();
    await world.at(FIRST);
    expect((await world.runs())[0]).toMatchObject({ status: 'running' });
    expect(await world.backups()).toHaveLength(1);
    isDying = false;
    // Meanwhile it has changed: the slot has its backup all the same.
    world.held.text = '{"later":1}';
    await world.at('2026-01-02T01:55:00Z');
    await world.at('2026-01-02T01:56:00Z');
    const [run, ...others] = await world.runs();
    expect(others).toEqual([]);
    expect(run).toMatchObject({ status: 'completed', attempt: 2 });
    expect(run!.log.map(({ text }) => text).join('\n')).toMatch(/is gone/);
    expect(await world.events('run.abandoned')).toHaveLength(1);
    expect(await world.backups()).toHaveLength(1);
  });

  it('that is abandoned again and again has failed', async () => {
    const world = createScheduled();
    await world.begin();
    world.held.failures.push(...Array.from({ length: 3 }, () => new PortError('unavailable', 'no route')));
    await world.at(FIRST);
    await world.at('2026-01-02T01:32:00Z');
    await world.at('2026-01-02T01:40:00Z');
    expect((await world.runs())[0]).toMatchObject({
      status: 'failed',
      attempt: 3,
      failure: { code: 'source_unavailable' },
    });
  });
});

describe('before it is kept', () => {
  it('tells how it would stand, with its slots and all that is wrong, and keeps nothing', async () => {
    const world = createScheduled();
    const dry = (changes: object = {}) =>
      world.service.putSchedule('nightly', { ...NIGHTLY, ...changes }, BY, { isDry: true });
    await expect(dry()).rejects.toMatchObject({ code: 'source_not_found' });
    await world.begin();
    const before = await world.service.getSchedule('nightly');
    const events = await world.events('schedule.changed');
    const { next, schedule } = await dry({ when: '0 9 * * 1-5', zone: 'America/New_York' });
    expect(next.map(({ slot }) => new Date(slot).toISOString().slice(10))).toEqual(
      Array.from({ length: 5 }, () => 'T14:00:00.000Z'),
    );
    expect(schedule.when).toBe('0 9 * * 1-5');
    await expect(dry({ when: '61 9 * * *' })).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await world.service.getSchedule('nightly')).toEqual(before);
    expect(await world.events('schedule.changed')).toEqual(events);
  });
});

describe('a pause', () => {
  it('has a reason, which whoever asks and the trail are told, until it goes on', async () => {
    const world = createScheduled();
    await world.begin();
    const { standing, schedule } = await world.service.pauseSchedule(
      'nightly',
      true,
      BY,
      'the disk is full.',
    );
    expect(schedule.pause).toMatchObject({ by: 'tester', reason: 'the disk is full.' });
    expect(standing.why).toMatch(/^It is paused since 2026-.*Z by tester: the disk is full\.$/);
    const [told] = await world.events('schedule.paused');
    expect(told!.detail).toMatchObject({ schedule: 'nightly', reason: 'the disk is full.' });
    // It stays as it was said, also when the schedule is changed.
    await world.service.pauseSchedule('nightly', true, BY, 'another');
    await world.begin({ retentionDays: 7 });
    expect((await world.service.getSchedule('nightly')).schedule.pause?.reason).toBe('the disk is full.');
    expect((await world.service.pauseSchedule('nightly', false, BY)).schedule).not.toHaveProperty('pause');
  });
});

describe('a drill', () => {
  it('follows every second run, and keeps what it has found', async () => {
    const world = createScheduled();
    await world.begin({ drillEvery: 2 });
    await world.at(FIRST);
    expect((await world.service.listDrills({ limit: 10 })).items).toEqual([]);
    world.held.text = '{"rows":{"1":{"a":1},"2":{"a":2},"3":{"a":3}}}';
    await world.at('2026-01-03T01:30:00Z');
    const [drill, ...others] = (await world.service.listDrills({ limit: 10 })).items;
    expect(others).toEqual([]);
    const [backup] = await world.backups();
    expect(drill).toMatchObject({
      ...{ passed: true, backupId: backup!.id, rowsAgree: true, notes: [] },
      checksum: { expected: backup!.checksum, found: backup!.checksum },
      bytes: { expected: world.held.text.length, found: world.held.text.length },
    });
    expect(drill!.tables).toEqual([{ pointer: '/rows', rows: 3 }]);
    expect((await world.service.getSchedule('nightly')).schedule.progress).toMatchObject({
      sinceDrill: 0,
      lastDrill: { id: drill!.id, passed: true },
    });
    expect(await world.events('drill.passed')).toHaveLength(1);
  });

  it('says that a backup does not restore', async () => {
    const world = createScheduled();
    await world.begin();
    await expect(world.service.runDrill('nightly', BY)).rejects.toMatchObject({ code: 'backup_not_found' });
    await world.at(FIRST);
    const [backup] = await world.backups();
    await world.plain.blobs.delete(backup!.chain[0]!.blobId);
    const drill = await world.service.runDrill('nightly', BY);
    expect(drill).toMatchObject({ passed: false, failure: { code: 'broken_chain' } });
    expect(await world.events('drill.failed')).toMatchObject([{ actor: 'tester', backupId: backup!.id }]);
  });
});

describe('a resource', () => {
  const health = async (world: ReturnType<typeof createScheduled>) =>
    (await world.service.listResources({ limit: 1 })).items[0];

  it('is late once what was promised has not come', async () => {
    const world = createScheduled();
    await world.begin();
    await world.at(FIRST);
    expect(await health(world)).toMatchObject({ health: { state: 'healthy' }, schedules: ['nightly'] });
    world.held.failures.push(new PortError('denied', 'no'));
    await world.at('2026-01-03T01:30:00Z');
    expect((await health(world))!.health).toMatchObject({ state: 'healthy' });
    world.clock.advance(2 * HOUR_MS);
    expect((await health(world))!.health).toMatchObject({ state: 'late' });
    await world.service.runSchedule('nightly', BY);
    await world.work();
    expect((await health(world))!.health).toMatchObject({ state: 'healthy' });
  });

  it('is late, too, where nobody looks at what is due any more, and never while paused', async () => {
    const world = createScheduled();
    await world.begin();
    await world.at(FIRST);
    world.clock.advance(26 * HOUR_MS);
    expect((await health(world))!.health).toMatchObject({ state: 'late' });
    await world.service.pauseSchedule('nightly', true, BY);
    expect((await health(world))!.health).toMatchObject({ state: 'healthy' });
  });
});

it('tries a source without reading it', async () => {
  const world = createScheduled();
  await world.begin();
  expect(await world.service.checkSource('orders-file')).toEqual({
    ok: true,
    detail: 'a file',
    warnings: [],
  });
  world.held.failures.push(new PortError('not_found', 'file:/srv/orders.json: ENOENT'));
  expect(await world.service.checkSource('orders-file')).toMatchObject({
    ok: false,
    failure: { code: 'source_missing' },
  });
  await expect(world.service.putSource('bad', { kind: 'file', path: 'relative' }, BY)).rejects.toMatchObject({
    code: 'invalid_request',
  });
});
