import { describe, expect, test } from '@jest/globals';
import type { DocumentRecord } from '../../lib/core/records/document.ts';
import { LIMITS } from '../../lib/core/records/limits.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { document, drain, LONE_SURROGATES, ODD_STRINGS, T0 } from './samples.ts';

/** As JSON writes it. */
const keyOf = (id: string): Buffer => Buffer.from(JSON.stringify(id).slice(1, -1));

export function documentTests(catalog: () => Catalog): void {
  const put = (record: DocumentRecord) =>
    catalog().commit([{ kind: 'document.put', record, expect: record.version - 1 }]);
  const idsOf = (page: Promise<DocumentRecord[]>) => page.then((all) => all.map(({ id }) => id));
  const list = (query: { prefix?: string; falling?: boolean; limit?: number } = {}) => {
    const { limit = 2, ...rest } = query;
    return idsOf(
      drain((page) => catalog().listDocuments({ ...page, collection: 'schedule', ...rest }), limit),
    );
  };
  const due = (before: number) =>
    idsOf(drain((page) => catalog().dueDocuments({ ...page, collection: 'schedule', before }), 2));

  describe('documents', () => {
    test('one comes back member for member, whatever is in it', async () => {
      const body = JSON.parse('{"__proto__":1,"b":[null,1e300,-0.5,"\\ud800"],"a":""}') as unknown;
      const record = document({ dueAt: T0, expiresAt: T0 + 1, body });
      await put(record);
      const read = await catalog().getDocument('schedule', record.id);
      expect(JSON.stringify(read)).toBe(JSON.stringify(record));
      expect(await catalog().getDocument('source', record.id)).toBeUndefined();
    });

    test('it is put, replaced, removed, and put again from nothing, each time by its version', async () => {
      const first = document({ id: 'a' });
      await put(first);
      await put({ ...first, body: 2, version: 2 });
      const lost = { code: 'conflict', change: 'document.put' };
      await expect(put(first)).rejects.toMatchObject(lost);
      await expect(put({ ...first, version: 2 })).rejects.toMatchObject(lost);
      await expect(put(document({ id: 'b', version: 3 }))).rejects.toMatchObject(lost);
      const remove = (expect: number) =>
        catalog().commit([{ kind: 'document.remove', collection: 'schedule', id: 'a', expect }]);
      await expect(remove(1)).rejects.toMatchObject({ code: 'conflict', change: 'document.remove' });
      expect(await catalog().getDocument('schedule', 'a')).toMatchObject({ body: 2, version: 2 });
      await remove(2);
      await expect(remove(2)).rejects.toMatchObject({ code: 'conflict' });
      expect(await catalog().getDocument('schedule', 'a')).toBeUndefined();
      await put(first);
    });

    test('collections do not meet', async () => {
      await put(document({ id: 'same', body: 's' }));
      await put(document({ collection: 'source', id: 'same', body: 'o', dueAt: T0 }));
      expect(await list()).toEqual(['same']);
      expect(await due(T0)).toEqual([]);
      expect(await catalog().getDocument('source', 'same')).toMatchObject({ body: 'o' });
    });

    test('a list is in the order of ids, both ways, in pages, by prefix', async () => {
      const ids = [...ODD_STRINGS, ...LONE_SURROGATES, 'run/1', 'run/10', 'run/2', 'runs'].filter(
        (id) => id !== '' && id.length <= LIMITS.documentIdLength,
      );
      for (const id of ids) await put(document({ id }));
      const sorted = [...new Set(ids)].sort((a, b) => Buffer.compare(keyOf(a), keyOf(b)));
      expect(await list()).toEqual(sorted);
      expect(await list({ falling: true, limit: 3 })).toEqual(sorted.toReversed());
      expect(await list({ prefix: 'run/' })).toEqual(['run/1', 'run/10', 'run/2']);
      expect(await list({ prefix: 'run/', falling: true })).toEqual(['run/2', 'run/10', 'run/1']);
    });

    test('those of one group are a list of their own, in the order of ids, in pages', async () => {
      const groups = ['a', 'b', ...LONE_SURROGATES];
      for (let n = 0; n < 7; n++) {
        for (const group of groups) {
          await put(document({ collection: 'run', id: `${n}-${groups.indexOf(group)}`, group }));
        }
      }
      await put(document({ collection: 'run', id: '3-none' }));
      await put(document({ collection: 'drill', id: '3-other', group: 'a' }));
      const of = (group: string, falling: boolean) =>
        idsOf(drain((page) => catalog().listDocuments({ ...page, collection: 'run', group, falling }), 3));
      for (const [i, group] of groups.entries()) {
        const rising = Array.from({ length: 7 }, (_, n) => `${n}-${i}`);
        expect(await of(group, false)).toEqual(rising);
        expect(await of(group, true)).toEqual(rising.toReversed());
      }
      expect(await of('none', true)).toEqual([]);
      // One that leaves it, and one that goes.
      await put(document({ collection: 'run', id: '3-0', version: 2 }));
      await catalog().commit([{ kind: 'document.remove', collection: 'run', id: '4-0', expect: 1 }]);
      expect(await of('a', false)).toEqual(['0-0', '1-0', '2-0', '5-0', '6-0']);
      expect(await catalog().getDocument('run', '3-1')).toMatchObject({ group: 'b' });
    });

    test('collections that are spread are one list all the same, and what is due of them too', async () => {
      const ids = Array.from({ length: 40 }, (_, n) => `d/${String(n).padStart(3, '0')}`);
      for (const [n, id] of ids.entries())
        await put(document({ collection: 'delivery', id, dueAt: T0 + 100 - n }));
      const all = (falling: boolean) =>
        idsOf(
          drain(
            (page) => catalog().listDocuments({ ...page, collection: 'delivery', prefix: 'd/', falling }),
            7,
          ),
        );
      expect(await all(false)).toEqual(ids);
      expect(await all(true)).toEqual(ids.toReversed());
      const dueNow = await idsOf(
        drain((page) => catalog().dueDocuments({ ...page, collection: 'delivery', before: T0 + 90 }), 7),
      );
      expect(dueNow).toEqual(ids.slice(10).toReversed());
    });

    test('what is due comes by its time, and moves with it', async () => {
      for (const [id, dueAt] of [
        ['c', 3],
        ['a', 2],
        ['b', 1],
        ['d', 9],
      ] as const) {
        await put(document({ id, dueAt: T0 + dueAt }));
      }
      await put(document({ id: 'never' }));
      expect(await due(T0 + 3)).toEqual(['b', 'a', 'c']);
      await put(document({ id: 'b', dueAt: T0 + 5, version: 2 }));
      await put(document({ id: 'a', version: 2 }));
      expect(await due(T0 + 8)).toEqual(['c', 'b']);
    });

    test('what has expired is forgotten by a purge, and nothing else', async () => {
      await put(document({ id: 'gone', expiresAt: T0, dueAt: T0 }));
      await put(document({ id: 'stays', expiresAt: T0 + 1 }));
      await put(document({ id: 'for ever' }));
      await catalog().purge({ now: T0, operationsBefore: T0 });
      expect(await list()).toEqual(['for ever', 'stays']);
      expect(await due(T0)).toEqual([]);
      await put(document({ id: 'gone' }));
    });

    test('an id that some home could not sort is refused by all', async () => {
      const longest = '\u{1}'.repeat(LIMITS.documentIdLength);
      await put(document({ id: longest }));
      expect(await list()).toEqual([longest]);
      await expect(put(document({ id: '' }))).rejects.toBeInstanceOf(RangeError);
      await expect(put(document({ id: `${longest}x` }))).rejects.toBeInstanceOf(RangeError);
    });
  });
}
