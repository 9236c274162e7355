import { describe, expect, test } from '@jest/globals';
import type { Catalog } from '../../lib/ports/catalog.ts';
import type { Change } from '../../lib/ports/change.ts';
import { answer, appended, backup, event, head, inserted, outcomes, T0 } from './samples.ts';

export function raceTests(catalog: () => Catalog): void {
  describe('races', () => {
    const thirty = <T>(make: (i: number) => T) => Array.from({ length: 30 }, (_, i) => make(i));

    async function race(commits: (i: number) => Change[]): Promise<number> {
      const marked = (i: number): Change[] => [...commits(i), appended(event({ actor: `${i}` }))];
      const results = await outcomes(thirty((i) => catalog().commit(marked(i))));
      expect(results.filter((result) => result === 'ok')).toHaveLength(1);
      expect(results.filter((result) => result === 'conflict')).toHaveLength(29);
      // Only the winner has left a trace.
      const winner = results.indexOf('ok');
      expect((await catalog().pendingEvents(50)).map(({ actor }) => actor)).toEqual([`${winner}`]);
      return winner;
    }

    test('of 30 first heads one wins', async () => {
      const winner = await race((i) => [
        { kind: 'head.put', head: head({ resourceId: 'r', sequence: i }), expect: 0 },
      ]);
      expect((await catalog().getHead('r'))?.sequence).toBe(winner);
    });

    test('of 30 moves of one head one wins', async () => {
      const first = head({ resourceId: 'r' });
      await catalog().commit([{ kind: 'head.put', head: first, expect: 0 }]);
      const winner = await race((i) => [
        { kind: 'head.put', head: { ...first, sequence: 100 + i, version: 2 }, expect: 1 },
      ]);
      expect((await catalog().getHead('r'))?.sequence).toBe(100 + winner);
    });

    test('of 30 backups with one sequence one wins', async () => {
      const records = thirty(() => backup({ resourceId: 'r', sequence: 1 }));
      const winner = await race((i) => [inserted(records[i]!)]);
      const { items } = await catalog().listBackups({ resourceId: 'r', limit: 50 });
      expect(items).toEqual([records[winner]]);
    });

    test('of 30 backups with one id one wins', async () => {
      const records = thirty((i) => backup({ id: 'backup-1', size: i }));
      const winner = await race((i) => [inserted(records[i]!)]);
      expect((await catalog().getBackup('backup-1'))?.size).toBe(winner);
    });

    test('of 30 uses of one idempotency key one wins, also when it takes the place of an expired one', async () => {
      await catalog().commit([
        { kind: 'idempotency.insert', record: answer({ key: 'k', expiresAt: T0 }), now: T0 - 1 },
      ]);
      const winner = await race((i) => [
        { kind: 'idempotency.insert', record: answer({ key: 'k', response: `${i}` }), now: T0 },
      ]);
      expect((await catalog().getIdempotency('k', T0))?.response).toBe(`${winner}`);
    });

    test('of 30 removals of one backup one wins', async () => {
      const record = backup();
      await catalog().commit([inserted(record)]);
      await race(() => [{ kind: 'backup.remove', id: record.id, expect: 1 }]);
      expect(await catalog().getBackup(record.id)).toBeUndefined();
    });

    test('30 commits about different things all succeed', async () => {
      const results = await outcomes(
        thirty((i) =>
          catalog().commit([
            inserted(backup({ resourceId: `r${i}` })),
            { kind: 'head.put', head: head({ resourceId: `r${i}` }), expect: 0 },
          ]),
        ),
      );
      expect(results).toEqual(Array(30).fill('ok'));
      expect((await catalog().listBackups({ limit: 50 })).items).toHaveLength(30);
    });

    test('what a resolved commit has written is seen by the next read', async () => {
      await Promise.all(
        thirty(async (i) => {
          const record = backup({ resourceId: `r${i}` });
          await catalog().commit([inserted(record)]);
          expect(await catalog().getBackup(record.id)).toEqual(record);
          const { items } = await catalog().listBackups({ resourceId: `r${i}`, limit: 1 });
          expect(items).toEqual([record]);
        }),
      );
    });
  });
}
