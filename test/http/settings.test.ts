// What is said of a resource over HTTP: as a whole, on the condition that nobody was faster, told to the trail, and what it hides.

import { describe, expect, test } from '@jest/globals';
import { expectRefused } from './harness.ts';
import { createScene } from './resource-scene.ts';

const ORDERS = {
  expectEverySeconds: 3600,
  identity: { '/tables/orders': ['order_no', 'line'], '/tables/*': ['id'] },
  shrink: { share: 0.2, action: 'refuse', least: 100 },
  sensitive: ['iban'],
  mask: 'by-name',
};

function createSettingsScene() {
  const scene = createScene();
  const put = (settings: unknown, headers: Record<string, string> = {}) =>
    scene.app.request('/resources/shop/settings', {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(settings),
    });
  return { ...scene, put };
}

describe('what is said', () => {
  test('is replaced as a whole, before the first state too, and outlives states', async () => {
    const { world, get, put } = createSettingsScene();
    const said = async () => (await get('/settings')).json();
    expect(await said()).toEqual({});
    expect(await (await put(ORDERS)).json()).toEqual(ORDERS);
    await world.backup('shop', '1');
    await world.make('shop', '2', 'incremental');
    expect(await said()).toEqual(ORDERS);
    await put({ mask: 'all' });
    expect(await said()).toEqual({ mask: 'all' });
    expect(await (await put({})).json()).toEqual({});
    expect(await said()).toEqual({});
  });

  test('leaves a line of the trail for each change, without names and words', async () => {
    const { world, put } = createSettingsScene();
    await put(ORDERS);
    await put({});
    const { items } = await world.deps.catalog.listEvents({ resourceId: 'shop', limit: 9 });
    const { mask, expectEverySeconds } = ORDERS;
    const counts = { arraysWithIdentity: 2, sensitiveWords: 1 };
    const rule = { shrinkShare: 0.2, shrinkAction: 'refuse', shrinkLeast: 100 };
    const about = { action: 'settings.changed', actor: 'ann' };
    expect(items).toMatchObject([
      { ...about, detail: {} },
      { ...about, detail: { mask, expectEverySeconds, ...counts, ...rule } },
    ]);
    expect(JSON.stringify(items)).not.toContain('iban');
  });
});

describe('two who speak at once', () => {
  test('do not overtake each other unseen', async () => {
    const { get, put } = createSettingsScene();
    const seen = (await put({ mask: 'all' }, { 'If-None-Match': '*' })).headers.get('ETag')!;
    expect((await get('/settings')).headers.get('ETag')).toBe(seen);
    expect((await put({ mask: 'none' }, { 'If-None-Match': '*' })).status).toBe(412);
    expect((await put({ mask: 'none' }, { 'If-Match': seen })).headers.get('ETag')).not.toBe(seen);
    const late = await put({ mask: 'by-name' }, { 'If-Match': seen });
    expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([
      412,
      'precondition_failed',
    ]);
    expect(await (await get('/settings')).json()).toEqual({ mask: 'none' });
    await put({});
    expect((await put({ mask: 'all' }, { 'If-Match': '*' })).status).toBe(412);
  });

  test('a tag is of what is said, in whatever order', async () => {
    const { put } = createSettingsScene();
    const tags: (string | null)[] = [];
    for (const settings of [ORDERS, Object.fromEntries(Object.entries(ORDERS).reverse())]) {
      tags.push((await put(settings)).headers.get('ETag'));
    }
    expect(tags[0]).toBe(tags[1]);
  });
});

describe('what is refused', () => {
  const many = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i));
  const refused: [why: string, settings: unknown, pointers: string[]][] = [
    ['what is not known', { identitty: {} }, ['/identitty']],
    ['a path that is none', { identity: { orders: ['id'] } }, ['/identity/orders']],
    ['no members', { identity: { '/o': [] } }, ['/identity/~1o']],
    ['a member twice', { identity: { '/o': ['a', 'a'] } }, ['/identity/~1o']],
    ['an empty member', { identity: { '/o': [''] } }, ['/identity/~1o/0']],
    ['a member no path can name', { identity: { '/o': ['a=b'] } }, ['/identity/~1o/0']],
    ['many members', { identity: { '/o': many(9, String) } }, ['/identity/~1o']],
    [
      'many arrays',
      { identity: Object.fromEntries(many(101, (i) => `/${i}`).map((path) => [path, ['id']])) },
      ['/identity'],
    ],
    ['no time', { expectEverySeconds: 0 }, ['/expectEverySeconds']],
    ['a share of more than all', { shrink: { share: 1.1, action: 'warn' } }, ['/shrink/share']],
    ['a share below none', { shrink: { share: -0.1, action: 'warn' } }, ['/shrink/share']],
    ['another act', { shrink: { share: 0.1, action: 'delete' } }, ['/shrink/action']],
    ['no rows at least', { shrink: { share: 0.1, action: 'warn', least: 0 } }, ['/shrink/least']],
    ['a word of two', { sensitive: ['a,b'] }, ['/sensitive/0']],
    ['a word that means others', { sensitive: ['@all'] }, ['/sensitive/0']],
    ['words that hide nothing', { sensitive: ['iban'], mask: 'none' }, ['/mask']],
    ['many words', { sensitive: many(101, (i) => `w${i}`) }, ['/sensitive']],
    [
      'too long in all',
      { identity: Object.fromEntries(many(5, (i) => `/${i}${'x'.repeat(2000)}`).map((p) => [p, ['id']])) },
      [''],
    ],
  ];
  test.each(refused)('%s', async (_why, settings, pointers) => {
    const body = JSON.stringify(settings);
    await expectRefused('PUT', '/resources/r/settings', body, 400, 'invalid_request', pointers);
  });
});

describe('mask=@resource', () => {
  const STATE = '{"iban":"DE1","password":"pw-1","name":"Ann"}';
  const looked = async (settings: object | undefined, mask = '@resource') => {
    const { world, get, put } = createSettingsScene();
    await world.backup('shop', '{"iban":"DE0","password":"pw-0","name":"Bob"}');
    await world.backup('shop', STATE);
    if (settings !== undefined) expect((await put(settings)).status).toBe(200);
    const texts = await Promise.all(
      ['tree', 'diff', 'history'].map(async (route) => {
        const answer = await get(`/${route}?mask=${encodeURIComponent(mask)}`);
        expect(answer.status).toBe(200);
        return answer.text();
      }),
    );
    return texts.map((text) => ['DE1', 'pw-1', 'Ann'].map((value) => text.includes(value)));
  };
  // A history of the whole shows no values of an object.
  const each = (shown: boolean[]) => [shown, shown, [false, false, false]];

  test.each<[string, object | undefined, boolean[]]>([
    ['nothing is set', undefined, [true, false, true]],
    ['words are', { sensitive: ['IBAN'] }, [false, false, true]],
    ['all is hidden', { mask: 'all' }, [false, false, false]],
    ['nothing is hidden', { mask: 'none' }, [true, true, true]],
  ])('where %s', async (_, settings, shown) => {
    expect(await looked(settings)).toEqual(each(shown));
  });

  test('goes together with words of the caller', async () => {
    expect(await looked({ mask: 'none' }, '@resource,name')).toEqual(each([true, true, false]));
  });

  test('is not put on anybody who does not ask for it', async () => {
    expect(await looked({ mask: 'all' }, 'xyz')).toEqual(each([true, true, true]));
  });
});
