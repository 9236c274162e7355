// Who is told: how each channel stands, a test of it, what it was told with every attempt, and again by hand.

import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { createClient } from '../../lib/client/client.ts';
import { eventually, newDataDir, startServer } from '../e2e/server.ts';
import { createScene, picture, violations } from './scene.ts';

const scene = createScene();

test('channels: those that fail first, each with where it leads and what waits; never a secret', async () => {
  const { page, faults } = await scene.open('notifications');
  await page.getByText('1 of 2 channels does not arrive.').waitFor();
  const rows = page.locator('tbody tr');
  expect(await rows.nth(0).textContent()).toMatch(/^pager.*Failing.*it answered 503/);
  expect(await rows.nth(1).textContent()).toMatch(/^ops.*Healthy.*taken/);
  expect(await page.content()).not.toContain('whsec_');
  expect(faults).toEqual([]);
});

test('a test shows what came of it: taken, or why not and when it is tried again', async () => {
  const client = createClient({ url: scene.url });
  const params = { channelId: 'third' };
  const target = {
    kind: 'webhook' as const,
    url: `${scene.receiver.url}/flaky`,
    secrets: ['env:OPS_SECRET'],
  };
  await client.call('putChannel', { params, body: { target } });
  const { page, faults } = await scene.open('notifications');
  await page.getByText('Nothing yet').waitFor();
  await page.getByRole('button', { name: 'Send a test to ops' }).click();
  await page.getByText(/The test of ops was taken with 204/).waitFor();
  await page.getByRole('button', { name: 'Send a test to third' }).click();
  await page.getByText(/The test of third was not taken: it answered 503/).waitFor({ timeout: 20_000 });
  await page.getByText(/It is tried again in (9|10|11|12) min/).waitFor();
  // Who comes later is told after who came first.
  await page.getByRole('button', { name: 'Send a test to third' }).click();
  await page.getByText('It waits behind what was not taken before it').waitFor({ timeout: 20_000 });
  await client.call('removeChannel', { params });
  expect(await violations(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('a channel is made, changed and removed; a secret that is typed is not sent, and what is wrong stands at its field', async () => {
  const client = createClient({ url: scene.url });
  const { page, faults } = await scene.open('notifications');
  const sent: string[] = [];
  page.on('request', (request) => sent.push(request.postData() ?? ''));
  await page.getByRole('link', { name: 'New channel' }).click();
  await page.getByLabel('Name').fill('on-call');
  await page.getByLabel('URL', { exact: true }).fill('ftp://example.org/hook');
  await page.getByLabel('Signing secrets stand at').fill('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  await page.getByLabel('Only resources').fill('orders, shop*');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('It was not sent.').waitFor();
  await page.getByLabel('Signing secrets stand at').fill('env:OPS_SECRET');
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await page.getByText('must be a URL of http or https').waitFor();
  expect(await page.getByLabel('URL', { exact: true }).getAttribute('aria-invalid')).toBe('true');
  expect(await violations(page)).toEqual([]);
  await page.getByLabel('URL', { exact: true }).fill(`${scene.receiver.url}/ops`);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'on-call' }).waitFor();
  await page.getByText('orders, shop*').waitFor();
  expect(sent.join('')).not.toContain('whsec_');

  await page.getByRole('link', { name: 'Change' }).click();
  // Of a URL only where it leads is shown: the rest is not put back as if it were all.
  expect(await page.getByLabel('URL', { exact: true }).inputValue()).toBe('');
  await page.getByLabel('URL', { exact: true }).fill(`${scene.receiver.url}/ops`);
  await page.getByLabel('Told of').fill('backup.failed, run.*');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('backup.failed, run.*').waitFor();
  const { channels } = await client.call('listChannels', {});
  expect(channels.find(({ id }) => id === 'on-call')).toMatchObject({
    events: ['backup.failed', 'run.*'],
    resources: ['orders', 'shop*'],
  });
  await page.getByRole('button', { name: 'Remove…' }).click();
  await page.getByLabel('Type on-call to confirm').fill('on-call');
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('on-call is removed').waitFor();
  expect(faults).toEqual([]);
});

test('by keys alone: there, into a channel, to a delivery and its attempts', async () => {
  const { page, faults } = await scene.open('');
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press('g', 'n');
  await page.getByText('does not arrive').waitFor();
  await press('j', 'Enter');
  await page.getByRole('heading', { name: 'pager' }).waitFor();
  await page.getByText('The last attempt was not taken').waitFor();
  await press('j', 'Enter');
  await page.getByText('it answered 503').last().waitFor();
  await page
    .getByText(/after \d+ ms/)
    .first()
    .waitFor();
  expect(await violations(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('what was taken is sent again by hand, and arrives', async () => {
  const client = createClient({ url: scene.url });
  const { page } = await scene.open('notifications?id=ops');
  const before = scene.receiver.taken.length;
  await page.getByRole('button', { name: 'Send channel.tested again' }).first().click();
  await page.getByText('1 delivery is on the way again').waitFor();
  await eventually(20_000, 'the delivery', () => scene.receiver.taken.length > before);
  const { deliveries } = await client.call('listDeliveries', { params: { channelId: 'ops' } });
  expect(deliveries[0]).toMatchObject({ replayOf: expect.any(String) });
});

test('nobody is told yet, and who may not see it hears which right it takes', async () => {
  const TOKEN = 'a-long-and-secret-token';
  const guarded = await startServer({ dataDir: newDataDir(), env: { BACKUP_API_TOKEN: TOKEN } });
  const client = createClient({ url: guarded.url, token: TOKEN });
  const { token } = await client.call('makeToken', { body: { name: 'reader', scopes: ['backup:list'] } });
  const signIn = async (page: Page, secret: string): Promise<void> => {
    await page.getByLabel('Token', { exact: true }).fill(secret);
    await page.keyboard.press('Enter');
  };
  const { page } = await scene.open('notifications', {}, guarded.url);
  await signIn(page, TOKEN);
  await page.getByText('Nobody is told of anything yet').waitFor();
  await picture(page, 'notifications-none-1440-light');
  expect(await violations(page)).toEqual([]);
  const { page: other } = await scene.open('notifications', {}, guarded.url);
  await signIn(other, token);
  await other.getByText('The channels could not be read').waitFor();
  await other.getByText('This needs a right that your token does not have').waitFor();
  expect(await other.getByRole('link', { name: 'Notifications' }).count()).toBe(0);
  await guarded.stop();
});
