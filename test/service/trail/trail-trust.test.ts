// A table that was restored to an earlier moment is known by the trail, which lies in the bucket.

import { describe, expect, test } from '@jest/globals';
import type { EventRef, SegmentMark } from '../../../lib/core/records/model.ts';
import { counting, createCallCounts } from '../../../lib/decorators/counting.ts';
import { silentLogger } from '../../../lib/log.ts';
import { createManualClock } from '../../../lib/memory/clock.ts';
import { createMemoryKeyring } from '../../../lib/memory/keyring.ts';
import { createMemoryTrailStore } from '../../../lib/memory/trail-store.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import type { TrailStore } from '../../../lib/ports/trail.ts';
import { lineOfEvent } from '../../../lib/ports/trail-lines.ts';
import { systemRandom } from '../../../lib/random.ts';
import { createTrailTrust, proofOfOlderCatalog } from '../../../lib/service/trail/trust.ts';
import { appendSegment } from '../../../lib/service/trail/write.ts';
import { checkHealth } from '../../../lib/service/upkeep/health.ts';
import { createWorld } from '../world.ts';

const MINUTE = 60_000;

const keyring = createMemoryKeyring();
const storeId = 'ab'.repeat(16);

/** A trail of so many segments, each with the event of its number. */
async function storeOf(segments: number) {
  const store = createMemoryTrailStore();
  const deps = { store, keyring, storeId, clock: createManualClock(), random: systemRandom };
  for (let n = 0, last: SegmentMark | undefined; n < segments; n++) {
    const event = {
      id: `event-${n + 1}`,
      at: 1,
      action: 'backup.created',
      actor: 'x',
      resourceId: 'r',
    } as const;
    last = await appendSegment(deps, last, [lineOfEvent({ ...event, detail: {} })]);
  }
  return store;
}

/** A catalog that knows so many of them, and has the events up to one. */
const sourceOf = (segment: number, events = segment) => ({
  lastSegment: async () => (segment === 0 ? undefined : { segment, sha256: 'ab' }),
  hasEvent: async ({ id }: EventRef) => Number(id.slice('event-'.length)) <= events,
});

describe('the catalog is held to the trail', () => {
  test.each([
    ['a new store', 0, 0, 0, false],
    ['as it should be', 7, 7, 7, false],
    ['a run died between a segment and its mark', 7, 6, 7, false],
    ['and so did the very first', 1, 0, 1, false],
    ['a minute older', 7, 6, 6, true],
    ['older than the first segment', 1, 0, 0, true],
    ['some minutes older', 7, 5, 5, true],
    ['empty', 7, 0, 0, true],
    ['a trail that was taken away is no proof', 0, 7, 7, false],
  ])('%s', async (_, segments, mark, events, isOlder) => {
    const store = await storeOf(segments);
    const proof = await proofOfOlderCatalog({ store, keyring, storeId, source: sourceOf(mark, events) });
    expect(proof !== undefined).toBe(isOlder);
    if (isOlder) expect(proof).toContain(`${mark} segments of ${segments}`);
  });

  test('a last segment that does not open is no proof', async () => {
    const store = await storeOf(6);
    await store.append(7, Buffer.from('rot'));
    const held = { store, keyring, storeId, source: sourceOf(6) };
    expect(await proofOfOlderCatalog(held)).toBeUndefined();
  });

  test('a run that goes on at the same time is no proof', async () => {
    const store = await storeOf(6);
    let mark = 3;
    const source = { ...sourceOf(6), lastSegment: async () => ({ segment: mark, sha256: 'ab' }) };
    const busy = {
      ...store,
      async list(after?: number) {
        // Written and marked between the look at the mark and the list.
        mark = 6;
        return store.list(after);
      },
    };
    expect(await proofOfOlderCatalog({ store: busy, keyring, storeId, source })).toBeUndefined();
  });
});

describe('a process', () => {
  async function scene(segments: number, mark: number) {
    const [asked, listed] = [createCallCounts<Pick<Catalog, 'getNotice'>>(), createCallCounts<TrailStore>()];
    let notice: { code: 'rollback'; detail: string } | undefined;
    const clock = createManualClock();
    const { trust, proofOfRollback } = createTrailTrust(silentLogger, {
      source: sourceOf(mark),
      keyring,
      storeId,
      catalog: counting(
        {
          getNotice: async () =>
            notice && { ...notice, id: 'rollback', severity: 'critical', since: 1, version: 1 },
        },
        asked,
      ),
      store: counting(await storeOf(segments), listed),
      clock,
      everyMs: MINUTE,
    });
    const raise = (detail?: string): void => {
      notice = detail === undefined ? undefined : { code: 'rollback', detail };
    };
    return { trust, proofOfRollback, clock, asked, listed, raise };
  }

  test('lists the trail once, and reads the notice once a minute', async () => {
    const { trust, clock, asked, listed } = await scene(7, 7);
    for (let second = 0; second < 5 * 60; second++) {
      await trust.learn();
      clock.advance(1000);
    }
    expect([asked.of(), listed.of('list')]).toEqual([5, 1]);
    expect(trust.fault()).toBeUndefined();
  });

  test('trusts no older table at its first look, and looks again until that is mended', async () => {
    const { trust, listed, clock } = await scene(7, 3);
    await trust.learn();
    expect(trust.fault()).toMatchObject({ code: 'rollback' });
    clock.advance(MINUTE);
    await trust.learn();
    expect(listed.of('list')).toBe(2);
  });

  test('that is asked for nothing but its health hears that it is mended', async () => {
    const { trust, clock, raise } = await scene(7, 7);
    raise('older');
    const { deps } = createWorld(() => ({ trust }));
    expect(await checkHealth(deps)).toMatchObject({ status: 'unhealthy', problems: [{ code: 'rollback' }] });
    raise();
    clock.advance(MINUTE);
    expect(await checkHealth(deps)).toMatchObject({ status: 'healthy', problems: [] });
  });

  test('stops within a minute of the proof that another one has written down, and goes on within one of its end', async () => {
    const { trust, clock, raise } = await scene(7, 7);
    await trust.learn();
    raise('older');
    clock.advance(MINUTE - 1);
    await trust.learn();
    expect(trust.fault()).toBeUndefined();
    clock.advance(1);
    await trust.learn();
    expect(trust.fault()).toMatchObject({ detail: 'older' });
    raise();
    clock.advance(MINUTE);
    await trust.learn();
    expect(trust.fault()).toBeUndefined();
  });
});
