// The blob of an attempt whose commit has definitely not taken place goes at once, so that quarantine stays empty in ordinary
// life; and that it goes, or does not, changes nothing for who asked.

import { describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../lib/log.ts';
import type { Change } from '../../../lib/ports/change.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import type { Deps } from '../../../lib/service/contract/deps.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, inputOf, type World } from '../world.ts';

const conflict = () => new PortError('conflict', 'lost', { change: 'head.put' });
const down = () => new PortError('unavailable', 'down');
const has = (changes: Change[], kind: Change['kind']) => changes.some((change) => change.kind === kind);
const rows = (n: number) =>
  JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, v: id === n ? n : 0 })));

/** A world whose ports a test exchanges, and its log. */
function worldOf(replace: (deps: Deps) => Partial<Deps>): { world: World; lines: string[] } {
  const lines: string[] = [];
  const log = createLogger((line) => lines.push(line));
  return { world: createWorld((deps) => ({ log, ...replace(deps) })), lines };
}

/** Commits with a change of that kind are met by `meet`, which says whether they come through. */
function commitsOf(deps: Deps, kind: Change['kind'], meet: (nth: number) => void) {
  let nth = 0;
  return {
    ...deps.catalog,
    async commit(changes: Change[]) {
      if (has(changes, kind)) meet(nth++);
      await deps.catalog.commit(changes);
    },
  };
}

describe('a create that loses its race', () => {
  test('leaves no blob where it cannot see any more how the race went on', async () => {
    let isLost = false;
    const { world } = worldOf((deps) => ({
      catalog: {
        ...commitsOf(deps, 'backup.insert', () => {
          isLost = true;
          throw conflict();
        }),
        async getHead(resourceId) {
          if (isLost) throw down();
          return deps.catalog.getHead(resourceId);
        },
      },
    }));
    await expect(world.backup('r', '{"a":1}')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await world.blobCount()).toBe(0);
  });

  test('keeps its blob where its commit may stand, or where writers may not delete', async () => {
    const unknown = worldOf((deps) => ({
      catalog: commitsOf(deps, 'backup.insert', () => {
        throw down();
      }),
    }));
    await expect(unknown.world.backup('r', '{"a":1}')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await unknown.world.blobCount()).toBe(1);
    const forbidden = worldOf((deps) => ({
      options: { ...deps.options, writersDelete: false },
      catalog: commitsOf(deps, 'backup.insert', (nth) => {
        if (nth === 0) throw new PortError('conflict', 'built anew', { change: 'idempotency.insert' });
      }),
    }));
    await forbidden.world.backup('r', '{"a":1}');
    expect(await forbidden.world.blobCount()).toBe(2);
  });

  test('succeeds though the blob of its lost attempt cannot be removed, and says which stays', async () => {
    let other: World | undefined;
    const { world, lines } = worldOf((deps) => ({
      blobs: {
        ...deps.blobs,
        delete: async () => {
          throw down();
        },
      },
      catalog: {
        ...deps.catalog,
        async commit(changes) {
          if (other === undefined && has(changes, 'backup.insert')) {
            // Another process is faster.
            other = { ...world };
            await world.service.createBackup(inputOf('r', '{"faster":true}'), { actor: 'x' });
            throw conflict();
          }
          await deps.catalog.commit(changes);
        },
      },
      gate: { run: (_key, work) => work() },
    }));
    expect(await world.backup('r', '{"a":1}')).toMatchObject({ sequence: 2 });
    expect(await world.blobCount()).toBe(3);
    expect(lines.filter((line) => line.includes('the blob of a lost attempt stays'))).toHaveLength(1);
  });
});

describe('a rebase that loses its race', () => {
  /** A backup whose base has expired, so that a sweep gives it a new chain. */
  async function due(meet: (nth: number) => void, replace: (deps: Deps) => Partial<Deps> = () => ({})) {
    const made = worldOf((deps) => ({
      catalog: commitsOf(deps, 'backup.update', () => {}),
      ...replace(deps),
    }));
    const { world } = made;
    const metadata = { version: '1.0', source: 'test', tags: {}, retentionDays: 1 };
    await world.make('r', rows(1), 'full', { metadata });
    await world.make('r', rows(2), 'incremental');
    world.clock.advance(2 * DAY);
    const { commit } = world.deps.catalog;
    let nth = 0;
    world.deps.catalog.commit = async (changes) => {
      const isRebase = changes.some(
        (change) => change.kind === 'event.append' && change.event.action === 'backup.rebased',
      );
      if (isRebase) meet(nth++);
      await commit(changes);
    };
    return made;
  }

  test('every time: leaves no blob behind, and no other backup waits for it', async () => {
    const { world } = await due(() => {
      throw conflict();
    });
    expect(await sweep(world.deps)).toMatchObject({ expired: 1, rebased: 0 });
    expect(await world.blobCount()).toBe(2);
    expect(await world.text('backup-2')).toBe(rows(2));
  });

  test('keeps its blob where its commit may stand', async () => {
    const { world } = await due(() => {
      throw down();
    });
    await expect(sweep(world.deps)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await world.blobCount()).toBe(3);
  });

  test('says so in the log where the blob cannot be removed, and the sweep goes on', async () => {
    const { world, lines } = await due(
      () => {
        throw conflict();
      },
      (deps) => ({
        blobs: {
          ...deps.blobs,
          delete: async () => {
            throw down();
          },
        },
      }),
    );
    expect(await sweep(world.deps)).toMatchObject({ expired: 1, rebased: 0, finished: true });
    expect(lines.some((line) => line.includes('the blob of a lost attempt stays'))).toBe(true);
  });

  test('to a deletion: leaves no blob, whether or not it can be removed', async () => {
    let isGone = false;
    const { world } = await due(() => {
      if (isGone) return;
      isGone = true;
      throw conflict();
    });
    const { getBackup } = world.deps.catalog;
    world.deps.catalog.getBackup = async (id) => {
      const record = await getBackup(id);
      return isGone && record?.id === 'backup-2' ? { ...record, deletedAt: 1 } : record;
    };
    expect(await sweep(world.deps)).toMatchObject({ rebased: 0 });
    expect(await world.blobCount()).toBe(2);
  });
});
