// Every route that looks into the past, on a resource of 1,000 backups whose name and states are hostile: each answer is held to its contract,
// and to what whoever has kept all states says.

import { beforeAll, describe, expect, test } from '@jest/globals';
import type { BackupType } from '../../lib/core/records/model.ts';
import type { Answer } from '../../lib/http/contract/answers.ts';
import { applyServed } from '../core/json/json-tree.ts';
import { textAt } from '../service/history/chains.ts';
import { createScene } from './resource-scene.ts';

const BACKUPS = 1000;
const RESOURCE = 'shop/%2F ..\u00fc\u{1f642}"\\';
const MINUTE = 60_000;

/** Xorshift: the same history in every run. */
function createDice(): (sides: number) => number {
  let seed = 0x9e3779b9;
  return (sides) => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % sides;
  };
}

interface Kept {
  id: string;
  createdAt: number;
  json: string;
  type: BackupType;
  tag: string;
}

const NAMES = ['a/b', '~', '~1', '', '__proto__', 'constructor', '\u00e9', '\u{1f642}', 'id=1', '0'];
const NUMBERS = ['9007199254740993', '1e400', '-0', '1.0', '1E+2', '0.10'];
const IDS = ['1', '"1"', '1.5', '"x/y~z"', '"\u{1f600}"', '"id=1"', '"a,b"', 'true', 'null', '1e2'];

/** What a state is made of: rows by id, members by name, all as JSON. */
interface Shop {
  rows: Map<string, string>;
  members: Map<string, string>;
}

const textOf = ({ rows, members }: Shop): string =>
  `{"tables":{"rows":[${[...rows].map(([id, v]) => `{"id":${id},"v":${v}}`).join()}]},"settings":{${[
    ...members,
  ]
    .map(([name, v]) => `${JSON.stringify(name)}:${v}`)
    .join()}}}`;

function change({ rows, members }: Shop, dice: (sides: number) => number): void {
  for (let n = dice(3); n >= 0; n--) {
    const id = dice(2) === 0 ? IDS[dice(IDS.length)]! : String(1000 + dice(60));
    const value = dice(2) === 0 ? NUMBERS[dice(NUMBERS.length)]! : String(dice(1e6));
    if (dice(5) === 0) rows.delete(id);
    else rows.set(id, value);
    const name = NAMES[dice(NAMES.length)]!;
    if (dice(6) === 0) members.delete(name);
    else if (dice(2) === 0) members.set(name, value);
  }
}

const scene = createScene(RESOURCE);
const { world } = scene;
const live: Kept[] = [];
const hidden: Kept[] = [];
const json = async <T>(answer: Response | Promise<Response>): Promise<T> => {
  const response = await answer;
  const text = await response.text();
  expect([response.status, text.slice(0, 300)]).toEqual([200, text.slice(0, 300)]);
  return JSON.parse(text) as T;
};
const get = <T>(rest: string): Promise<T> => json<T>(scene.get(rest));
const instantOf = ({ createdAt }: Kept) => encodeURIComponent(new Date(createdAt).toISOString());

/** Every page. */
async function all<T>(
  path: string,
  member: string,
  ask: (path: string) => Promise<object> = get,
): Promise<T[]> {
  const items: T[] = [];
  for (let cursor = ''; ; ) {
    const page = (await ask(`${path}${cursor}`)) as Record<string, unknown>;
    items.push(...(page[member] as T[]));
    if (page.nextCursor === undefined) return items;
    cursor = `&cursor=${encodeURIComponent(String(page.nextCursor))}`;
  }
}

beforeAll(async () => {
  const dice = createDice();
  const shop: Shop = {
    rows: new Map(Array.from({ length: 40 }, (_, i) => [String(1000 + i), String(dice(1e6))])),
    members: new Map(),
  };
  const made: Kept[] = [];
  for (let n = 0; n < BACKUPS; n++) {
    change(shop, dice);
    const type = (['incremental', 'incremental', 'incremental', 'differential', 'full'] as const)[
      n % 97 === 0 ? 4 : dice(4)
    ]!;
    const text = textOf(shop);
    const tag = String(n % 7);
    const record = await world.make(RESOURCE, text, type, {
      metadata: { version: '1', source: 't', tags: { n: tag }, retentionDays: 0 },
    });
    made.push({ id: record.id, createdAt: record.createdAt, json: text, type: record.type, tag });
    world.clock.advance(MINUTE);
  }
  for (const [n, one] of made.entries()) {
    if (n % 13 === 5) {
      await world.remove(one.id);
      hidden.push(one);
    } else live.push(one);
  }
}, 120_000);

/** Spread over all of it, the ends included. */
const some = (count: number): Kept[] =>
  Array.from({ length: count }, (_, i) => live[Math.round((i * (live.length - 1)) / (count - 1))]!);

test('lists: all pages are all that is live, the newest first, by time, type and tag', async () => {
  const newestFirst = live.map(({ id }) => id).reverse();
  expect((await all<{ id: string }>('/backups?limit=77', 'backups')).map(({ id }) => id)).toEqual(
    newestFirst,
  );
  const [from, to] = [live[200]!, live[700]!];
  const within = await all<{ id: string }>(
    `/backups?limit=50&from=${instantOf(from)}&to=${instantOf(to)}`,
    'backups',
  );
  expect(within.map(({ id }) => id)).toEqual(
    live
      .slice(200, 701)
      .map(({ id }) => id)
      .reverse(),
  );
  const ask = (path: string): Promise<object> => json(scene.app.request(path));
  const tagged = await all<{ id: string }>(
    `/backups?resourceId=${encodeURIComponent(RESOURCE)}&tag.n=3&limit=60`,
    'backups',
    ask,
  );
  expect(tagged.map(({ id }) => id)).toEqual(
    live
      .filter(({ tag }) => tag === '3')
      .map(({ id }) => id)
      .reverse(),
  );
  const full = await all<{ id: string }>(
    `/backups?resourceId=${encodeURIComponent(RESOURCE)}&type=full&limit=5`,
    'backups',
    ask,
  );
  expect(full.map(({ id }) => id)).toEqual(
    live
      .filter(({ type }) => type === 'full')
      .map(({ id }) => id)
      .reverse(),
  );
  const gone = await all<{ id: string }>(
    `/backups?resourceId=${encodeURIComponent(RESOURCE)}&deleted=true&limit=30`,
    'backups',
    ask,
  );
  expect(gone.map(({ id }) => id)).toEqual(hidden.map(({ id }) => id).reverse());
});

test('resources: what is counted is what is live', async () => {
  const { resources } = await json<{ resources: object[] }>(
    scene.app.request(`/resources?prefix=${encodeURIComponent(RESOURCE.slice(0, 6))}`),
  );
  expect(resources).toMatchObject([{ id: RESOURCE, live: live.length, accepted: BACKUPS }]);
});

test('states: at any instant, place and id, whole and in part', async () => {
  for (const one of some(60)) {
    const answer = await scene.get(`/state?at=${instantOf(one)}`);
    expect(await answer.text()).toBe(one.json);
    const byId = await scene.get(`/state?at=${one.id}`, { Range: 'bytes=3-40' });
    expect([byId.status, await byId.text()]).toEqual([206, Buffer.from(one.json).subarray(3, 41).toString()]);
    expect(byId.headers.get('etag')).toBe(answer.headers.get('etag'));
  }
  for (const back of [0, 1, 33, 500, live.length - 1]) {
    expect(await (await scene.get(`/state?at=-${back}`)).text()).toBe(live.at(-1 - back)!.json);
  }
  expect((await scene.get(`/state?at=-${live.length}`)).status).toBe(400);
});

test('between two states: a deleted moment is told, and is that before it', async () => {
  for (const one of hidden.slice(0, 20)) {
    const answer = await scene.get(`/state?at=${instantOf(one)}`);
    const before = live.findLast(({ createdAt }) => createdAt < one.createdAt)!;
    expect(await answer.text()).toBe(before.json);
  }
});

describe('looks', () => {
  const PATHS = [
    ['settings', 'a/b'],
    ['settings', '~'],
    ['settings', ''],
    ['settings', '__proto__'],
    ['settings', '\u{1f642}'],
    ['tables', 'rows', '3'],
    ['tables', 'rows', 'id=1007'],
    ['tables', 'rows', 'id="x/y~z"', 'v'],
    ['tables', 'rows', 'id="1"'],
  ];
  const pointer = (steps: readonly string[]) =>
    encodeURIComponent(steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));
  /** Rows by what they are called, as this test keeps them: no two have one id. */
  const expectedAt = (text: string, steps: readonly string[]): string | undefined => {
    const id = /^id=(.*)$/s.exec(steps[2] ?? '')?.[1];
    if (steps[0] !== 'tables' || id === undefined) return textAt(text, steps);
    const rows = textAt(text, ['tables', 'rows'])!;
    const count = JSON.parse(rows) as unknown[];
    const found = count.findIndex((_, i) => textAt(rows, [String(i), 'id']) === id);
    return found < 0 ? undefined : textAt(rows, [String(found), ...steps.slice(3)]);
  };

  test.each(PATHS)('tree and history of %s %s %s %s', async (...given) => {
    const steps = given.filter((step) => step !== undefined);
    for (const one of some(25)) {
      const expected = expectedAt(one.json, steps);
      const answer = await scene.get(`/tree?at=${one.id}&path=${pointer(steps)}`);
      expect([one.id, answer.status]).toEqual([one.id, expected === undefined ? 404 : 200]);
      if (expected === undefined) continue;
      const found = (await answer.json()) as Answer<'Tree'>;
      if (found.kind !== 'object') expect(found.text).toBe(expected);
      else expect(found.bytes).toBe(Buffer.byteLength(expected));
    }
    const expected = live.flatMap(({ id, json: text }, i) => {
      const [from, to] = [
        i === 0 ? undefined : expectedAt(live[i - 1]!.json, steps),
        expectedAt(text, steps),
      ];
      return from === to ? [] : [id];
    });
    type Change = { backupId: string };
    const found = await all<Change>(`/history?path=${pointer(steps)}&limit=150`, 'changes');
    expect(found.map(({ backupId }) => backupId)).toEqual([...expected].reverse());
    const since = live[live.length >> 1]!;
    const later = await all<Change>(`/history?path=${pointer(steps)}&limit=90&since=${since.id}`, 'changes');
    const after = new Set(live.slice((live.length >> 1) + 1).map(({ id }) => id));
    expect(later.map(({ backupId }) => backupId)).toEqual(expected.filter((id) => after.has(id)));
  });

  test('differences of any two, whatever is between them, make one of the other', async () => {
    const dice = createDice();
    for (let n = 0; n < 60; n++) {
      const [from, to] = [live[dice(live.length)]!, live[dice(live.length)]!];
      const lists: Record<string, string[]> = { changes: [], additions: [], deletions: [], moves: [] };
      for (let after = ''; ; ) {
        const answer = await scene.get(`/diff?from=${from.id}&to=${to.id}&limit=20${after}`);
        expect(answer.status).toBe(200);
        const text = await answer.text();
        for (const name of Object.keys(lists)) {
          const items = textAt(text, [name])!.slice(1, -1);
          if (items !== '') lists[name]!.push(items);
        }
        const { next } = JSON.parse(text) as { next?: number };
        if (next === undefined) break;
        after = `&after=${next}`;
      }
      const served = `{${Object.entries(lists)
        .map(([name, items]) => `"${name}":[${items.join()}]`)
        .join()}}`;
      expect(applyServed(from.json, served)).toBe(to.json);
    }
  });
});

test('timeline: whatever the buckets, all of it together', async () => {
  for (const buckets of [1, 7, 100, 500]) {
    const timeline = await get<Answer<'Timeline'>>(`/timeline?buckets=${buckets}`);
    expect(timeline.live).toBe(live.length);
    expect(timeline.buckets.reduce((sum, bucket) => sum + bucket.backups, 0)).toBe(live.length);
    expect(timeline.totals.fulls).toBe(live.filter(({ type }) => type === 'full').length);
  }
});

test('restores: by instant and by id, planned and done, are the state that was', async () => {
  for (const one of some(25)) {
    const post = (path: string, body: object): Promise<Response> =>
      Promise.resolve(
        scene.app.request(path, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ targetResourceId: 'copy', createdBy: 't', ...body }),
        }),
      );
    const timestamp = new Date(one.createdAt).toISOString();
    const { plan } = await json<{ plan: unknown }>(
      post('/restore/point-in-time', { resourceId: RESOURCE, timestamp, plan: true }),
    );
    expect(plan).toMatchObject({ state: { backupId: one.id, exact: true } });
    const byInstant = await (
      await post('/restore/point-in-time', { resourceId: RESOURCE, timestamp })
    ).text();
    expect(textAt(byInstant, ['data'])).toBe(one.json);
    expect(textAt(await (await post('/restore', { backupId: one.id })).text(), ['data'])).toBe(one.json);
  }
});
