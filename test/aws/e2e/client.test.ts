// The package's own client against the deployed stack, signing for itself.

import { expect, test } from '@jest/globals';
import { createSigner } from '../../../lib/client/aws.ts';
import { createClient } from '../../../lib/client/client.ts';
import { capabilities } from '../capabilities.ts';
import { signingKeyOf } from '../sigv4.ts';
import { describeDeployed } from './deployed.ts';

const EXACT = '{"big":12345678901234567890.10,"e":1e400,"rows":[{"id":1},{"id":2}]}';

describeDeployed('the typed client', ({ unsignedUrl }) => {
  const { region, ...credentials } = signingKeyOf(process.env);
  const client = createClient({ url: unsignedUrl, sign: createSigner({ region, credentials }) });
  const tested = capabilities().keepsPackedAnswers ? test : test.skip;

  tested('backs up, looks, restores and lists, by signed calls', async () => {
    const made = await client.create('typed', EXACT, { metadata: { tags: { by: 'client' } } });
    const state = await client.state('typed');
    expect([await state.text(), state.backupId]).toEqual([EXACT, made.id]);
    expect((await client.restore(made.id, 'copy')).text).toBe(EXACT);
    expect((await client.tree('typed', { path: '/rows/id=2' })).path).toBe('/rows/1');
    expect(await Array.fromAsync(client.backups({ tag: 'by=client' }), ({ id }) => id)).toEqual([made.id]);
    expect((await client.timeline('typed')).totals.backups).toBe(1);
    await expect(client.backup('backup-none')).rejects.toMatchObject({ code: 'backup_not_found' });
  });

  tested('uploads what is longer than a call takes, and fetches it again', async () => {
    const text = JSON.stringify(Array.from({ length: 260_000 }, (_, id) => ({ id, name: `row ${id}` })));
    expect(text.length).toBeGreaterThan(5 * 1024 * 1024);
    const made = await client.create('typed-large', text);
    expect(made).toMatchObject({ status: 'completed', size: text.length });
    expect((await client.restore(made.id, 'copy')).text === text).toBe(true);
  });
});
