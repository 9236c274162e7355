// A drill that puts the state into a scratch target, over real files and databases of SQLite.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SourceSpec } from '../../../lib/core/records/source.ts';
import type { Sources } from '../../../lib/ports/source.ts';
import type { Deps } from '../../../lib/service/contract/deps.ts';
import { workRuns } from '../../../lib/service/schedules/worker.ts';
import { openSources } from '../../sources/given.ts';
import { createWorld, OPTIONS } from '../world.ts';
import { BY, NIGHTLY } from './world.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'backup-drill-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let places = 0;
const at = (name: string): string => join(folder, `${places}-${name}`);

/** What is read, and a scratch target beside it; `over` is put around what opens them. */
async function begin(
  kind: 'file' | 'sqlite',
  over: (sources: Sources) => Sources = (sources) => sources,
  more: Partial<Deps> = {},
) {
  places++;
  const world = createWorld(() => ({ sources: over(openSources()), ...more }));
  const { service, deps } = world;
  const [path, scratchPath] = [at('shop'), at('scratch')];
  if (kind === 'file') writeFileSync(path, '{"orders":[{"id":1},{"id":2}],"n":12345678901234567890.10}');
  else {
    for (const place of [path, scratchPath]) {
      const database = new DatabaseSync(place);
      database.exec(
        'CREATE TABLE orders (id INTEGER PRIMARY KEY, sum REAL); CREATE TABLE other (id INTEGER PRIMARY KEY)',
      );
      database.exec(`INSERT INTO other VALUES (${place === path ? 1 : 7})`);
      if (place === path) database.exec('INSERT INTO orders VALUES (1, 1.5), (2, 2.5)');
      else database.exec('INSERT INTO orders VALUES (2, 99), (3, 3.5)');
      database.close();
    }
  }
  await service.putSource('shop', { kind, path } as SourceSpec, BY);
  await service.putSource('scratch', { kind, path: scratchPath, scratch: true } as SourceSpec, BY);
  const schedule = { ...NIGHTLY, sourceId: 'shop', resourceId: 'shop', drillInto: 'scratch' };
  return {
    ...{ service, schedule, path, scratchPath },
    put: (more: object = {}) => service.putSchedule('nightly', { ...schedule, ...more }, BY),
    async run() {
      await service.runSchedule('nightly', BY);
      await workRuns(deps, Number.MAX_SAFE_INTEGER);
    },
    events: async (action: string) => (await service.listEvents({ limit: 10, action })).items,
  };
}

describe('a drill into a scratch target', () => {
  test('writes the newest state there, reads it back, and keeps what was found', async () => {
    const { service, put, run, path, scratchPath, events } = await begin('file');
    await put({ drillEvery: 1 });
    await run();
    const [drill] = (await service.listDrills({ limit: 1 })).items;
    expect(drill).toMatchObject({
      passed: true,
      into: { sourceId: 'scratch', place: `file:${scratchPath}`, written: 1, isExact: true, rowsAgree: true },
    });
    expect(drill!.into!.checksum!.found).toBe(drill!.into!.checksum!.expected);
    expect(readFileSync(scratchPath, 'utf8')).toBe(readFileSync(path, 'utf8'));
    expect(await events('drill.passed')).toHaveLength(1);
  });

  test('makes the rows of a database those of the state: made, changed and removed', async () => {
    const { service, put, run, scratchPath } = await begin('sqlite');
    await put();
    await run();
    const drill = await service.runDrill('nightly', BY);
    expect(drill).toMatchObject({ passed: true, into: { written: 5, isExact: true, rowsAgree: true } });
    const database = new DatabaseSync(scratchPath);
    expect(database.prepare('SELECT id, sum FROM orders ORDER BY id').all()).toEqual([
      { id: 1, sum: 1.5 },
      { id: 2, sum: 2.5 },
    ]);
    database.close();
  });

  test('touches no table that is not read', async () => {
    const { service, put, run, path, scratchPath } = await begin('sqlite');
    await service.putSource('shop', { kind: 'sqlite', path, tables: ['orders'] }, BY);
    await put();
    await run();
    expect(await service.runDrill('nightly', BY)).toMatchObject({ passed: true, into: { written: 3 } });
    const database = new DatabaseSync(scratchPath);
    expect(database.prepare('SELECT id FROM other').all()).toEqual([{ id: 7 }]);
    database.close();
  });

  describe('of a state that is too large to be held', () => {
    const few = { options: { ...OPTIONS, memory: { ...OPTIONS.memory, heldStateBytesMax: 20 } } };
    const rows = (path: string) =>
      new DatabaseSync(path, { readOnly: true }).prepare('SELECT id, sum FROM orders ORDER BY id').all();

    test('streams through it, and is compared as a stream', async () => {
      const { service, put, run, path, scratchPath } = await begin('sqlite', undefined, few);
      await put();
      await run();
      const drill = await service.runDrill('nightly', BY);
      expect(drill).toMatchObject({ passed: true, into: { written: 5, isExact: true } });
      expect(drill.into!.checksum!.found).toBe(drill.into!.checksum!.expected);
      expect(drill.into!.tables).toBeUndefined();
      expect(rows(scratchPath)).toEqual(rows(path));
    });

    test('fails where what is read back is not what was put there', async () => {
      const changing = (sources: Sources): Sources => ({
        async open(spec) {
          const source = await sources.open(spec);
          if (spec.scratch !== true) return source;
          const read: typeof source.read = (signal) => {
            const database = new DatabaseSync((spec as { path: string }).path);
            database.exec('UPDATE orders SET sum = 1.25 WHERE id = 1');
            database.close();
            return source.read(signal);
          };
          return { ...source, read };
        },
      });
      const { service, put, run } = await begin('sqlite', changing, few);
      await put();
      await run();
      const drill = await service.runDrill('nightly', BY);
      expect(drill).toMatchObject({
        passed: false,
        failure: { code: 'integrity_error' },
        into: { isExact: true },
      });
      expect(drill.into!.checksum!.found).not.toBe(drill.into!.checksum!.expected);
    });
  });

  test('fails, as an event, where what is read back is not what was put there', async () => {
    const lying = (sources: Sources): Sources => ({
      async open(spec) {
        const source = await sources.open(spec);
        if (spec.scratch !== true) return source;
        const chunks = async function* () {
          yield Buffer.from('{"orders":[{"id":1}],"n":12345678901234567890.10}');
        };
        return { ...source, read: async () => ({ chunks: chunks(), warnings: [] }) };
      },
    });
    const { service, put, run, events } = await begin('file', lying);
    await put();
    await run();
    expect(await service.runDrill('nightly', BY)).toMatchObject({
      passed: false,
      failure: { code: 'integrity_error' },
      into: { isExact: true, rowsAgree: false },
    });
    expect(await events('drill.failed')).toHaveLength(1);
  });

  test('fails where the target is gone, or has not what the state has; the backup is looked at all the same', async () => {
    const { service, put, run, scratchPath } = await begin('sqlite');
    await put();
    await run();
    const database = new DatabaseSync(scratchPath);
    database.exec('DROP TABLE orders');
    database.close();
    const drill = await service.runDrill('nightly', BY);
    expect(drill).toMatchObject({
      passed: false,
      failure: { code: 'source_refused' },
      into: { sourceId: 'scratch' },
    });
    expect(drill.failure!.detail).toContain('orders');
    expect(drill.checksum.found).toBe(drill.checksum.expected);
    rmSync(scratchPath);
    expect(await service.runDrill('nightly', BY)).toMatchObject({
      passed: false,
      failure: { code: expect.stringMatching(/^source_/) },
    });
  });
});

describe('a scratch target is refused', () => {
  const refusal = (detail: string) => ({
    code: 'invalid_request',
    errors: [{ pointer: '/drillInto', detail: expect.stringContaining(detail) }],
  });

  test('that is none, is not marked, is what is read, or may be what any source reads', async () => {
    const { service, put, path } = await begin('file');
    await expect(put({ drillInto: 'none' })).rejects.toMatchObject(refusal('there is no none'));
    await service.putSource('other', { kind: 'file', path: at('other') }, BY);
    await expect(put({ drillInto: 'other' })).rejects.toMatchObject(refusal('marked as scratch'));
    await service.putSource('shop', { kind: 'file', path, scratch: true }, BY);
    await expect(put({ drillInto: 'shop' })).rejects.toMatchObject(refusal('what the schedule reads'));
    await service.putSource('same', { kind: 'file', path, scratch: true }, BY);
    await expect(put({ drillInto: 'same' })).rejects.toMatchObject(refusal('may be what shop reads'));
    await service.putSource('of-another', { kind: 'folder', path: folder, scratch: true }, BY);
    await expect(put({ drillInto: 'of-another' })).rejects.toMatchObject(refusal('reads'));
  });

  test('by the drill itself, if it was changed since: nothing is written', async () => {
    const { service, put, run, path, scratchPath } = await begin('file');
    await put();
    await run();
    for (const spec of [
      { kind: 'file', path: scratchPath },
      { kind: 'file', path, scratch: true },
    ] as SourceSpec[]) {
      await service.putSource('scratch', spec, BY);
      expect(await service.runDrill('nightly', BY)).toMatchObject({
        passed: false,
        failure: { code: 'source_refused' },
      });
    }
    expect(() => readFileSync(scratchPath)).toThrow('ENOENT');
    await expect(service.removeSource('scratch', BY)).rejects.toMatchObject({ code: 'source_in_use' });
  });
});
