// What every store of layouts must do, as in lib/ports/layouts.ts.

import { describe, expect, test } from '@jest/globals';
import type { BlobStore } from '../../lib/ports/blob-store.ts';
import type { LayoutStore } from '../../lib/ports/layouts.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';
import { hexId } from './samples.ts';

export interface LayoutStoreHarness extends Closing {
  layouts: LayoutStore;
  /** What they are the layouts of. */
  blobs: BlobStore;
}

export function layoutStoreSuite(name: string, make: Make<LayoutStoreHarness>): void {
  describe(`${name} layout store`, () => {
    const harness = forEachTest(make);

    test('keeps each part of each layout, and the last that was written', async () => {
      const { layouts } = harness();
      const [one, other] = [hexId(), hexId()];
      await layouts.write(one, 'sources', Buffer.from('first'));
      await layouts.write(one, 'places', Buffer.alloc(0));
      await layouts.write(other, 'sources', Buffer.from('other'));
      await layouts.write(one, 'sources', Buffer.from('second'));
      const read = async (...asked: Parameters<LayoutStore['read']>) =>
        Buffer.from((await layouts.read(...asked))!).toString();
      expect([await read(one, 'sources'), await read(one, 'places'), await read(other, 'sources')]).toEqual([
        'second',
        '',
        'other',
      ]);
      expect(await layouts.read(other, 'places')).toBeUndefined();
      expect(await layouts.read(hexId(), 'sources')).toBeUndefined();
    });

    test.each(['delete', 'setAside'] as const)('%s of a blob takes its layout along', async (how) => {
      const { layouts, blobs } = harness();
      const [gone, stays] = [hexId(), hexId()];
      for (const id of [gone, stays]) {
        await blobs.put(id, [Buffer.from(id)]);
        await layouts.write(id, 'sources', Buffer.from('sources'));
        await layouts.write(id, 'places', Buffer.from('places'));
      }
      await blobs[how](gone);
      for (const part of ['sources', 'places'] as const) {
        expect(await layouts.read(gone, part)).toBeUndefined();
        expect(await layouts.read(stays, part)).toBeDefined();
      }
    });

    test.each(['', '../escape', 'A'.repeat(32), `${'a'.repeat(31)}/`])(
      'has no place for %j, which is no id of a blob',
      async (blobId) => {
        const { layouts } = harness();
        await expect(layouts.write(blobId, 'sources', Buffer.from('x'))).rejects.toMatchObject({
          code: 'not_found',
        });
        await expect(layouts.read(blobId, 'sources')).rejects.toMatchObject({ code: 'not_found' });
      },
    );
  });
}
