// Lists of backups by when they were made and how they are tagged, over HTTP.

import { describe, expect, test } from '@jest/globals';
import { START } from '../service/world.ts';
import { problemOf } from './harness.ts';
import { createScene } from './resource-scene.ts';

const MINUTE = 60_000;

/** Ten backups of two resources, a minute apart: of the minutes 0, 2, 4 ... one is the shop's, tagged by its place. */
async function createBackups() {
  const scene = createScene();
  for (let n = 0; n < 10; n++) {
    scene.world.clock.set(START + n * MINUTE);
    const tags = { env: n < 5 ? 'test' : 'prod', n: String(n), '=&': 'ä b' };
    const metadata = { version: '1', source: 'test', tags, retentionDays: 30 };
    await scene.world.backup(n % 2 === 0 ? 'shop' : 'other', String(n), { metadata });
  }
  const list = async (query: string, path = '/backups') => {
    const response = await scene.app.request(`${path}?${query}`);
    expect(response.status).toBe(200);
    const { backups, nextCursor } = (await response.json()) as {
      backups: { metadata: { tags: { n: string } } }[];
      nextCursor?: string;
    };
    return { numbers: backups.map(({ metadata }) => Number(metadata.tags.n)), nextCursor };
  };
  return { ...scene, list };
}

const at = (n: number) => encodeURIComponent(new Date(START + n * MINUTE).toISOString());

describe('by time', () => {
  test('both ends are included, of all and of one resource, newest first', async () => {
    const { list } = await createBackups();
    expect((await list(`from=${at(2)}&to=${at(5)}`)).numbers).toEqual([5, 4, 3, 2]);
    expect((await list(`from=${at(2)}&to=${at(5)}&resourceId=shop`)).numbers).toEqual([4, 2]);
    expect((await list(`to=${at(3)}`, '/resources/shop/backups')).numbers).toEqual([2, 0]);
    expect((await list(`from=${at(7)}&type=full`)).numbers).toEqual([9, 8, 7]);
    expect((await list(`from=${at(7)}&type=incremental`)).numbers).toEqual([]);
  });

  test('so long ago is counted from now', async () => {
    const { list } = await createBackups();
    expect((await list('from=-2m30s')).numbers).toEqual([9, 8, 7]);
    expect((await list('to=-8m')).numbers).toEqual([1, 0]);
  });

  test('in pages, and among the deleted', async () => {
    const { list, world } = await createBackups();
    const first = await list(`from=${at(0)}&resourceId=shop&limit=2`);
    expect(first.numbers).toEqual([8, 6]);
    const rest = await list(`from=${at(0)}&resourceId=shop&limit=9&cursor=${first.nextCursor}`);
    expect(rest).toEqual({ numbers: [4, 2, 0] });
    for (const id of ['backup-3', 'backup-5']) await world.service.deleteBackup(id, { actor: 'ann' });
    expect((await list(`deleted=true&to=${at(3)}`)).numbers).toEqual([2]);
    expect((await list(`to=${at(4)}&resourceId=shop`)).numbers).toEqual([0]);
  });
});

describe('by tag', () => {
  test('exactly, several together, whatever their names', async () => {
    const { list } = await createBackups();
    expect((await list('tag=env=test')).numbers).toEqual([4, 3, 2, 1, 0]);
    expect((await list('tag.env=test&tag.n=3')).numbers).toEqual([3]);
    expect((await list('tag=env=test&tag.n=3', '/resources/shop/backups')).numbers).toEqual([]);
    expect(
      (await list(`tag.${encodeURIComponent('=&')}=${encodeURIComponent('ä b')}&limit=1`)).numbers,
    ).toEqual([9]);
    expect((await list('tag=env=tes')).numbers).toEqual([]);
    expect((await list('tag.constructor=x')).numbers).toEqual([]);
    expect((await list(`tag=env=prod&to=${at(6)}`)).numbers).toEqual([6, 5]);
  });

  test('in pages, which may be short, and give each once', async () => {
    const { list } = await createBackups();
    for (const limit of [1, 2, 3, 4, 7]) {
      const numbers: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await list(
          `tag=env=test&limit=${limit}${cursor === undefined ? '' : `&cursor=${cursor}`}`,
        );
        expect(page.numbers.length).toBeLessThanOrEqual(limit);
        numbers.push(...page.numbers);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(numbers).toEqual([4, 3, 2, 1, 0]);
    }
  });
});

test.each([
  ['from=yesterday', '/query/from'],
  ['to=2026-01-01', '/query/to'],
  ['from=-2x', '/query/from'],
  ['from=latest', '/query/from'],
  ['tag=env', '/query/tag'],
  ['tags=env', '/query/tags'],
  ['status=failed&from=-2h', '/query/from'],
  ['status=failed&tag=env=prod', '/query/tag'],
  ['status=failed&type=full', '/query/type'],
])('%s is refused at its place', async (query, pointer) => {
  const { app } = createScene();
  const problem = await problemOf(await app.request(`/backups?${query}`));
  expect(problem).toMatchObject({ status: 400, code: 'invalid_request', errors: [{ pointer }] });
});
