// What the types of the client refuse. Held by `tsc` in `npm run check`: an error that is no longer one fails there.

import { expect, test } from '@jest/globals';
import { createClient } from '../../lib/client/client.ts';

const client = createClient({ url: 'http://127.0.0.1:9' });

/** Never called. */
export async function compiled(): Promise<void> {
  // @ts-expect-error there is no such route
  await client.call('listBackup', {});
  // @ts-expect-error the id is missing
  await client.call('getBackup', {});
  // @ts-expect-error a misspelt query
  await client.call('listResources', { query: { prefixx: 'db' } });
  // @ts-expect-error no such type
  await client.create('db', '1', { type: 'whole' });
  // @ts-expect-error a state is text, not an object
  await client.create('db', { a: 1 });
  // @ts-expect-error no such member
  (await client.call('getTimeline', { params: { resourceId: 'db' } })).bucket;
  const { checksum } = await client.call('getHealth', {}).then(() => ({ checksum: 1 }));
  const { nextCursor } = await client.call('listResources', { query: { limit: 5 } });
  const text: string | undefined = nextCursor;
  if (text !== undefined) throw new Error(`${text} ${checksum}`);
}

test('is compiled', () => {
  expect(typeof compiled).toBe('function');
});
