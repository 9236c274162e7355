import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { baseRefOf, wayOf } from '../../lib/core/records/chain.ts';
import type { BackupRecord, BackupRequest, ResourceHead } from '../../lib/core/records/model.ts';
import { withNextState } from '../../lib/core/records/timeline.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import type { Change } from '../../lib/ports/change.ts';
import type { Page, PageRequest } from '../../lib/ports/pages.ts';
import { backup, drain, inserted, request, T0, unique } from './samples.ts';

type Fate = 'live' | 'deleted' | 'expired' | 'gone' | 'pending' | 'failed' | 'undeleted';

/** A state that was accepted: how long after the one before (clocks go back, too), and what became of it. */
interface Accepted {
  step: number;
  fate: Fate;
}

/** What the test knows, without any index. */
interface Known extends Omit<Accepted, 'step'> {
  id: string;
  sequence: number;
  createdAt: number;
}

const accepted: fc.Arbitrary<Accepted> = fc.record({
  step: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 5 }) },
    { weight: 1, arbitrary: fc.integer({ min: -30, max: 60 }) },
  ),
  fate: fc.oneof(
    { weight: 4, arbitrary: fc.constant<Fate>('live') },
    {
      weight: 3,
      arbitrary: fc.constantFrom<Fate>('deleted', 'expired', 'gone', 'pending', 'failed', 'undeleted'),
    },
  ),
});

/** Writes the history as the service would, commit by commit. */
async function write(catalog: Catalog, resourceId: string, history: readonly Accepted[]): Promise<Known[]> {
  const known: Known[] = [];
  let head: ResourceHead | undefined;
  let createdAt = T0;
  for (const { step, fate } of history) {
    createdAt += step;
    head = withNextState(head, resourceId, createdAt);
    const { sequence } = head;
    const moved: Change = { kind: 'head.put', head, expect: head.version - 1 };
    const id = `backup-${unique()}`;
    known.push({ id, sequence, createdAt, fate });
    if (fate === 'pending' || fate === 'failed') {
      await ask(catalog, moved, request({ id, resourceId, sequence, createdAt }), fate);
    } else {
      const type = sequence % 3 === 0 ? 'full' : 'incremental';
      await make(catalog, moved, backup({ id, resourceId, sequence, createdAt, type }), fate);
    }
  }
  return known;
}

async function ask(catalog: Catalog, moved: Change, record: BackupRequest, fate: Fate): Promise<void> {
  await catalog.commit([moved, { kind: 'request.insert', record }]);
  if (fate !== 'failed') return;
  const failed = { ...record, status: 'failed', version: 2 } as const;
  await catalog.commit([{ kind: 'request.update', record: failed, expect: 1 }]);
}

async function make(catalog: Catalog, moved: Change, record: BackupRecord, fate: Fate): Promise<void> {
  const { id, resourceId, sequence, createdAt } = record;
  // Every other one came as a request, which is completed with it.
  const asked = request({ id, resourceId, sequence, createdAt });
  if (sequence % 2 === 0) {
    await catalog.commit([moved, { kind: 'request.insert', record: asked }]);
    const completed = { ...asked, status: 'completed', version: 2 } as const;
    await catalog.commit([inserted(record), { kind: 'request.update', record: completed, expect: 1 }]);
  } else {
    const pointer = { resourceId, createdAt, sequence, backupId: id };
    // As a call makes it, mostly.
    const pointed: Change[] = sequence % 5 === 0 ? [] : [{ kind: 'snapshot.add', pointer }];
    await catalog.commit([moved, inserted(record), ...pointed]);
  }
  if (fate === 'live') return;
  const deletedReason = fate === 'expired' ? 'expired' : 'deleted';
  const tombstone = { ...record, deletedAt: createdAt + 1, deletedReason, version: 2 } as const;
  await catalog.commit([{ kind: 'backup.update', record: tombstone, expect: 1 }]);
  if (fate === 'gone') await catalog.commit([{ kind: 'backup.remove', id, expect: 2 }]);
  if (fate !== 'undeleted') return;
  await catalog.commit([{ kind: 'backup.update', record: { ...record, version: 3 }, expect: 2 }]);
}

const isLive = ({ fate }: Known): boolean => fate === 'live' || fate === 'undeleted';

function expected(known: Known[], at: number) {
  const live = known.filter(isLive);
  const found = live.findLast(({ createdAt }) => createdAt <= at);
  const next = live.find(({ sequence }) => sequence > (found?.sequence ?? 0));
  const earliest = live.toSorted((a, b) => a.createdAt - b.createdAt || a.sequence - b.sequence)[0];
  const missing = known.findLast(
    (state) => !isLive(state) && state.createdAt <= at && state.sequence > (found?.sequence ?? 0),
  );
  return {
    found: found?.id,
    next: next?.id,
    earliest: earliest?.createdAt,
    missing: missing && [missing.fate, missing.createdAt],
  };
}

export function timelineTests(catalog: () => Catalog): void {
  describe('stateAt', () => {
    const seen = async (resourceId: string, at: number) => {
      const { found, next, earliest, missing } = await catalog().stateAt(resourceId, at);
      return {
        found: found?.backupId,
        next: next?.backupId,
        earliest: earliest?.createdAt,
        missing: missing && [missing.reason, missing.createdAt],
      };
    };

    test('says of any instant of any history what a look at all of it says', async () => {
      let n = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(accepted, { minLength: 1, maxLength: 25 }), async (history) => {
          const resourceId = `history-${++n}`;
          const known = await write(catalog(), resourceId, history);
          const instants = new Set(
            known.flatMap(({ createdAt }) => [createdAt - 1, createdAt, createdAt + 1]),
          );
          for (const at of instants) expect(await seen(resourceId, at)).toEqual(expected(known, at));
          for (const { sequence } of known) {
            for (const type of [undefined, 'full'] as const) {
              const before = known.findLast(
                (state) =>
                  isLive(state) &&
                  state.sequence < sequence &&
                  (type === undefined || state.sequence % 3 === 0),
              );
              expect((await catalog().newestBefore(resourceId, sequence, type))?.id).toBe(before?.id);
            }
          }
        }),
        // Fewer where each call goes far.
        { numRuns: 60, interruptAfterTimeLimit: 15_000 },
      );
    }, 120_000);

    test('any history is listed by sequence, whatever its times, in pages of any size, from any place', async () => {
      let n = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(accepted, { minLength: 1, maxLength: 16 }),
          fc.integer({ min: 1, max: 4 }),
          async (history, limit) => {
            const resourceId = `listed-${++n}`;
            const known = await write(catalog(), resourceId, history);
            const ids = (some: Known[]) => some.map(({ id }) => id);
            const listed = async (list: (page: PageRequest) => Promise<Page<BackupRecord>>) =>
              (await drain(list, limit)).map(({ id }) => id);
            const live = known.filter(isLive);
            const hidden = known.filter(({ fate }) => fate === 'deleted' || fate === 'expired');
            const query = { resourceId };
            expect(await listed((page) => catalog().listBackups({ ...page, ...query }))).toEqual(
              ids(live.toReversed()),
            );
            expect(await listed((page) => catalog().listHidden({ ...page, ...query }))).toEqual(
              ids(hidden.toReversed()),
            );
            const fulls = live.filter(({ sequence }) => sequence % 3 === 0);
            expect(
              await listed((page) => catalog().listBackups({ ...page, ...query, type: 'full' })),
            ).toEqual(ids(fulls.toReversed()));
            for (const fromSequence of [1, 3, known.length]) {
              expect(
                await listed((page) => catalog().resourceHistory({ ...page, ...query, fromSequence })),
              ).toEqual(ids(live.filter(({ sequence }) => sequence >= fromSequence)));
            }
          },
        ),
        { numRuns: 40, interruptAfterTimeLimit: 15_000 },
      );
    }, 120_000);

    test('finds more than a hundred backups', async () => {
      const known = await write(catalog(), 'long', Array(130).fill({ step: 10, fate: 'live' }));
      for (const at of [0, 1, 29, 30, 128, 129]) {
        expect(await seen('long', known[at]!.createdAt + 9)).toEqual(
          expected(known, known[at]!.createdAt + 9),
        );
      }
    }, 60_000);

    test('gives whole pointers, and names what is missing', async () => {
      const fates: Fate[] = ['live', 'deleted', 'pending', 'live'];
      const known = await write(
        catalog(),
        'r',
        fates.map((fate) => ({ step: 10, fate })),
      );
      const [first, second, third, last] = known;
      const pointer = ({ id, createdAt, sequence }: Known) => ({
        resourceId: 'r',
        createdAt,
        sequence,
        backupId: id,
      });
      const { way: _way, ...said } = await catalog().stateAt('r', second!.createdAt);
      expect(said).toEqual({
        found: pointer(first!),
        next: pointer(last!),
        earliest: pointer(first!),
        missing: { reason: 'deleted', backupId: second!.id, createdAt: second!.createdAt },
      });
      expect((await catalog().stateAt('r', third!.createdAt)).missing).toEqual({
        reason: 'pending',
        backupId: third!.id,
        createdAt: third!.createdAt,
      });
      expect(await catalog().stateAt('nothing', T0)).toEqual({});
    });

    test('the way that it tells of, if it tells of one, is that of the record', async () => {
      const alone = [1, 2, 3].map((sequence) =>
        backup({ resourceId: 'r', sequence, chainId: 'one', createdAt: T0 + sequence }),
      );
      const chain = alone.flatMap((record) => record.chain);
      const records = alone.map((record, i) => ({ ...record, chain: chain.slice(0, i + 1) }));
      await catalog().commit(records.map(inserted));
      const head: ResourceHead = { resourceId: 'r', sequence: 3, createdAt: T0 + 3, version: 1 };
      const latest = baseRefOf(records[2]!);
      await catalog().commit([{ kind: 'head.put', head: { ...head, latest }, expect: 0 }]);
      for (const record of records) {
        const { sequence } = record;
        const { found, way } = await catalog().stateAt('r', T0 + sequence);
        expect(found?.sequence).toBe(sequence);
        expect([undefined, wayOf(record)]).toContainEqual(way);
      }
    });

    test('takes a sequence that nothing tells of for a state that is gone', async () => {
      const at = (sequence: number) => T0 + sequence * 10;
      for (const sequence of [1, 4]) {
        await catalog().commit([inserted(backup({ resourceId: 'r', sequence, createdAt: at(sequence) }))]);
      }
      const head: ResourceHead = { resourceId: 'r', sequence: 4, createdAt: at(4), version: 1 };
      await catalog().commit([{ kind: 'head.put', head, expect: 0 }]);
      const missingAt = async (ms: number) => (await catalog().stateAt('r', ms)).missing;
      expect(await missingAt(at(1))).toBeUndefined();
      expect(await missingAt(at(1) + 1)).toEqual({ reason: 'gone' });
      expect(await missingAt(at(4))).toBeUndefined();
      expect(await missingAt(at(9))).toBeUndefined();
      await catalog().commit([{ kind: 'head.put', head: { ...head, sequence: 5, version: 2 }, expect: 1 }]);
      expect(await missingAt(at(9))).toEqual({ reason: 'gone' });
    });

    test('remembers the time of a failed request that is purged, and sends nobody to look for it', async () => {
      const known = await write(catalog(), 'r', [
        { step: 0, fate: 'live' },
        { step: 10, fate: 'failed' },
      ]);
      await catalog().purge({ now: T0, operationsBefore: T0 + 100 });
      expect(await catalog().getRequest(known[1]!.id)).toBeUndefined();
      expect((await catalog().stateAt('r', T0 + 9)).missing).toBeUndefined();
      expect((await catalog().stateAt('r', T0 + 10)).missing).toEqual({ reason: 'gone', createdAt: T0 + 10 });
      for (const status of ['failed', 'pending'] as const) {
        expect((await catalog().listRequests({ limit: 10, status })).items).toEqual([]);
      }
    });
  });
}
