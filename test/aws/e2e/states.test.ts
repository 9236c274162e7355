// States looked at through the gateway of the deployed stack, under ids of every kind.

import { expect, test } from '@jest/globals';
import { capabilities } from '../capabilities.ts';
import { describeDeployed } from './deployed.ts';

const BEFORE = '{"users":[{"id":1,"n":1.0}]}';
const AFTER = '{"users":[{"id":2},{"id":1,"n":12345678901234567890.10}]}';

/** Of ids that a path holds only encoded. */
const ENCODED = ['tf/prod/a', '100%', 'x%2Fy', 'dots.in/../it.'];
const IDS = ['looked-at', 'a b', 'dots.', 'ünï😀', 'a+b&c=d'];

describeDeployed('states', ({ client }) => {
  // `fetch` asks for gzip by itself.
  const tested = capabilities().keepsPackedAnswers ? test : test.skip;
  tested.each([...IDS, ...(capabilities().keepsPathsEncoded ? ENCODED : [])])(
    'of %j, encoded, in all forms',
    async (id) => {
      await client.backup({ resourceId: id, state: BEFORE });
      await client.backup({ resourceId: id, state: AFTER, type: 'incremental' });
      const path = `/resources/${encodeURIComponent(id)}`;
      const get = (rest: string, headers: Record<string, string> = {}) =>
        client.send('GET', `${path}${rest}`, undefined, headers);

      const state = await get('/state');
      expect([state.status, state.body.toString()]).toEqual([200, AFTER]);
      expect((await get('/state?at=-1')).body.toString()).toBe(BEFORE);
      const part = await get('/state', { Range: 'bytes=0-8' });
      expect([part.status, part.body.toString()]).toEqual([206, AFTER.slice(0, 9)]);
      const { etag } = Object.fromEntries(state.headers);
      expect((await get('/state', { 'If-None-Match': etag! })).status).toBe(304);
      expect((await client.send('HEAD', `${path}/state`)).headers.get('etag')).toBe(etag);

      const row = encodeURIComponent('/users/id=1');
      expect((await get(`/tree?path=${row}`)).json()).toMatchObject({
        path: '/users/1',
        children: [{ text: '1' }, { text: '12345678901234567890.10' }],
      });
      expect((await get(`/history?path=${row}`)).json()).toMatchObject({
        changes: [{ change: 'changed' }, { change: 'first' }],
      });
      expect((await get('/diff')).json()).toMatchObject({ counts: { additions: 1, changes: 1 } });
      expect((await get('/patch')).body.toString()).toContain('"value":12345678901234567890.10');
      expect((await get('/backups')).json()).toMatchObject({ count: 2 });
      const listed = await client.send('GET', `/resources?prefix=${encodeURIComponent(id)}`);
      expect(listed.json()).toMatchObject({ resources: [{ id, accepted: 2 }] });
    },
  );

  tested('are packed for who takes it', async () => {
    await client.backup({ resourceId: 'packed', state: AFTER });
    const ask = (coding: string) =>
      client.send('GET', '/resources/packed/state', undefined, { 'Accept-Encoding': coding });
    const [packed, plain] = [await ask('gzip'), await ask('identity')];
    expect([packed.body.toString(), plain.body.toString()]).toEqual([AFTER, AFTER]);
    expect(packed.headers.get('etag')).toBe(plain.headers.get('etag')!.replace(/"$/, ';gzip"'));
  });
});
