import { describe, expect, test } from '@jest/globals';
import type { Catalog, IdKind } from '../../lib/ports/catalog.ts';
import { testWhere } from './harness.ts';
import { backup, inserted, operation, request } from './samples.ts';

export function idTests(suite: string, catalog: () => Catalog): void {
  describe('allocateId', () => {
    const whereCounted = testWhere({
      suite,
      harness: catalog,
      what: 'counted ids',
      has: ({ capabilities }) => capabilities?.countedIds === true,
    });
    const allocate = (kind: IdKind, count: number) =>
      Promise.all(Array.from({ length: count }, () => catalog().allocateId(kind)));

    test('gives each id once, however many ask at once', async () => {
      const ids = [...(await allocate('backup', 100)), ...(await allocate('backup', 100))];
      expect(new Set(ids).size).toBe(200);
    });

    test('tells the kinds apart', async () => {
      const [backups, restores] = await Promise.all([allocate('backup', 20), allocate('restore', 20)]);
      expect(backups.every((id) => /^backup-[0-9A-Za-z_-]+$/.test(id))).toBe(true);
      expect(restores.every((id) => /^restore-[0-9A-Za-z_-]+$/.test(id))).toBe(true);
    });

    test('goes on past ids that were committed, failed to commit, or were removed', async () => {
      const given: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        const id = await catalog().allocateId('backup');
        given.push(id);
        const record = backup({ id, resourceId: 'r', sequence: 1 });
        await catalog().commit([inserted(record)]);
        await catalog().commit([{ kind: 'backup.remove', id, expect: 1 }]);
      }
      const restore = await catalog().allocateId('restore');
      await catalog().commit([{ kind: 'operation.insert', record: operation({ id: restore }) }]);
      given.push(restore, ...(await allocate('backup', 3)), ...(await allocate('restore', 3)));
      expect(new Set(given).size).toBe(given.length);
    });

    test('goes on past the id of a request, which its backup will have', async () => {
      const id = await catalog().allocateId('backup');
      await catalog().commit([{ kind: 'request.insert', record: request({ id }) }]);
      await catalog().commit([inserted(backup({ id }))]);
      expect(await allocate('backup', 5)).not.toContain(id);
    });

    whereCounted('counts each kind from 1', async () => {
      expect(await allocate('backup', 3)).toEqual(['backup-1', 'backup-2', 'backup-3']);
      expect(await allocate('restore', 2)).toEqual(['restore-1', 'restore-2']);
    });

    whereCounted('counts on from ids that came from elsewhere', async () => {
      await catalog().commit([inserted(backup({ id: 'backup-40' }))]);
      await catalog().commit([{ kind: 'request.insert', record: request({ id: 'backup-41' }) }]);
      await catalog().commit([inserted(backup({ id: 'restore-99' }))]);
      await catalog().commit([inserted(backup({ id: 'backup-' }))]);
      await catalog().commit([inserted(backup({ id: 'backup-0077' }))]);
      await catalog().commit([inserted(backup({ id: 'backup-99999999999999999999999' }))]);
      expect(await catalog().allocateId('backup')).toBe('backup-42');
      expect(await catalog().allocateId('restore')).toBe('restore-1');
    });
  });
}
