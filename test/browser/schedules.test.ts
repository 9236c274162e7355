// What runs by itself: how each schedule stands, one with its coming and last runs, what can be done, sources and drills.

import { expect, test } from '@jest/globals';
import { createClient } from '../../lib/client/client.ts';
import { newDataDir, startServer } from '../e2e/server.ts';
import { createScene, picture, violations } from './scene.ts';

const scene = createScene();

test('schedules: those that fail first, each with when, how it went, and what comes in its own zone', async () => {
  const { page, faults } = await scene.open('schedules');
  await page.getByText('1 of 3 schedules needs you.').waitFor();
  const rows = page.locator('tbody tr');
  expect(await rows.nth(0).textContent()).toMatch(/^rates-often.*every 15 minutes.*Failed/);
  expect(await rows.nth(1).textContent()).toMatch(/^orders-nightly.*02:30 every dayEurope\/Berlin.*02:30/);
  expect(await rows.nth(2).textContent()).toMatch(/^archive.*Monday to Friday.*Paused/);
  await page.getByRole('img', { name: 'Last 3 runs: 2 completed, the newest too; 1 unchanged' }).waitFor();
  // Its time may have come once more meanwhile.
  await page.getByRole('img', { name: /^Last \d runs?: \d failed, the newest too$/ }).waitFor();
  expect(faults).toEqual([]);
});

test('by keys alone: to a schedule, its coming five, and the log of a run', async () => {
  const { page, faults } = await scene.open('');
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press('g', 's');
  await page.getByText('needs you').waitFor();
  await press('j', 'j', 'Enter');
  await page.getByRole('heading', { name: 'The next 5' }).waitFor();
  expect(await page.locator('table').first().locator('tbody tr').count()).toBe(5);
  await press('j', 'Enter');
  await page.getByText('Asked for by').waitFor();
  expect(faults).toEqual([]);
});

test('runs now, drills now, pauses and goes on, and says what came of it', async () => {
  const client = createClient({ url: scene.url });
  const { page, faults } = await scene.open('schedules?id=archive');
  await page.getByText('It is paused since').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Pause…' }).waitFor();
  await page.getByRole('button', { name: 'Run now' }).click();
  await page.getByText('Backed up').waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Drill now' }).click();
  await page.getByText('Came back', { exact: true }).waitFor({ timeout: 30_000 });
  await page
    .getByText(/checksum equal, 2 tables, 419 rows/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Pause…' }).click();
  await page.getByLabel('Why').fill('the archive is being moved');
  await page.keyboard.press('Enter');
  await page.getByText('the archive is being moved.').waitFor();
  const { pause } = await client.call('getSchedule', { params: { id: 'archive' } });
  expect(pause).toMatchObject({ reason: 'the archive is being moved' });
  expect(await violations(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('sources: where they lead, who reads them, and what a test of the connection says', async () => {
  const { page, faults } = await scene.open('schedules?show=sources');
  await page.getByRole('button', { name: 'Test the connection of orders-file' }).click();
  await page.getByText('orders-file answers:').waitFor();
  await page.getByRole('button', { name: 'Test the connection of rates-file' }).click();
  await page.getByText('rates-file does not answer:').waitFor();
  expect(await violations(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('a source is made by keys, with what is wrong at its field; a secret is never sent', async () => {
  const { page, faults } = await scene.open('schedules?show=sources');
  const sent: string[] = [];
  page.on('request', (request) => sent.push(request.postData() ?? ''));
  await page.getByRole('link', { name: 'New source' }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('Name').fill('Not A Name');
  await page.getByLabel('Kind').selectOption('http');
  await page.getByLabel('URL', { exact: true }).fill('https://shop.example/orders.json');
  await page.getByLabel('Headers').fill('Authorization: Bearer s3cr3t-of-the-shop');
  await page.getByRole('button', { name: 'Save and test' }).press('Enter');
  await page.getByText('Authorization looks like a secret.').waitFor();
  expect(await page.getByLabel('Headers').getAttribute('aria-invalid')).toBe('true');
  await page.getByLabel('Headers').fill('Authorization: Bearer {env:SHOP_TOKEN}');
  await page.getByRole('button', { name: 'Save and test' }).press('Enter');
  await page.locator('[aria-invalid=true]').waitFor();
  expect(await page.getByLabel('Name').getAttribute('aria-invalid')).toBe('true');
  expect(await violations(page)).toEqual([]);
  await page.getByLabel('Name').fill('shop-orders');
  await page.getByRole('button', { name: 'Save and test' }).press('Enter');
  await page.getByText('shop-orders does not answer:').waitFor();
  expect(sent.join('')).not.toContain('s3cr3t');

  await page.getByRole('link', { name: 'Change shop-orders' }).click();
  expect(await page.getByLabel('Headers').inputValue()).toBe('Authorization: Bearer {env:SHOP_TOKEN}');
  await page.getByLabel('URL', { exact: true }).fill('https://shop.example/all.json');
  await page.getByRole('button', { name: 'Save and test' }).click();
  await page.locator('bdi', { hasText: 'https://shop.example/all.json' }).waitFor();
  await page.getByRole('link', { name: 'shop-orders', exact: true }).click();
  await page.getByRole('button', { name: 'Remove…' }).click();
  await page.getByLabel('Type shop-orders to confirm').fill('shop-orders');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('shop-orders is removed').waitFor();
  await page.getByRole('link', { name: 'orders-file', exact: true }).click();
  await page.getByRole('button', { name: 'Remove…' }).click();
  await page.getByLabel('Type orders-file to confirm').fill('orders-file');
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('source_in_use').waitFor();
  expect(faults).toEqual([]);
});

test('a schedule shows its next five before it is saved, and what is wrong at its field; then it is changed and removed', async () => {
  const client = createClient({ url: scene.url });
  const { page, faults } = await scene.open('schedules');
  await page.getByRole('link', { name: 'New schedule' }).click();
  await page.getByLabel('Name').fill('weekdays');
  await page.getByLabel('Into the resource').fill('orders/weekdays');
  await page.getByLabel('On the wall of').fill('America/New_York');
  await page.getByLabel('When').fill('61 9 * * *');
  await page.locator('[aria-invalid=true]').waitFor();
  expect(await page.getByLabel('When').getAttribute('aria-invalid')).toBe('true');
  await page.getByText('None can be told yet').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByLabel('When').fill('0 9 * * 1-5');
  const rows = page.getByRole('region', { name: 'The next five' }).locator('tbody tr');
  await rows.nth(4).getByText('09:00').waitFor();
  for (const text of await rows.allTextContents())
    expect(text).toMatch(/^(Mon|Tue|Wed|Thu|Fri) .* 09:00 -0[45]:00\d\d-\d\d 1[34]:00$/);
  // Nothing is kept by looking ahead.
  await expect(client.call('getSchedule', { params: { id: 'weekdays' } })).rejects.toMatchObject({
    code: 'schedule_not_found',
  });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'weekdays' }).waitFor();
  await page.getByText('09:00').first().waitFor();

  await page.getByRole('link', { name: 'Change' }).click();
  await page.getByLabel('When').fill('every 6h');
  await page.getByText('every 6 hours').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'The next 5' }).waitFor();
  expect((await client.call('getSchedule', { params: { id: 'weekdays' } })).when).toBe('every 6h');
  await page.getByRole('button', { name: 'Remove…' }).click();
  await page.getByLabel('Type weekdays to confirm').fill('weekdays');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Remove', exact: true }).press('Enter');
  await page.getByText('weekdays is removed').waitFor();
  expect(faults).toEqual([]);
});

test('drills: what was compared, in the list and on the resource', async () => {
  const { page } = await scene.open('schedules?show=drills');
  await page
    .getByText(/checksum equal, 2 tables, 419 rows/)
    .first()
    .waitFor();
  const { page: resource, faults } = await scene.open('resource?id=orders');
  await resource.getByText(/Restored and compared .* checksum equal, 2 tables, 419 rows/).waitFor();
  await resource.getByRole('link', { name: 'orders-nightly' }).waitFor();
  expect(faults).toEqual([]);
});

test('the overview names a schedule that fails and a channel that does not arrive', async () => {
  const { page, faults } = await scene.open('');
  const needs = page.getByRole('list', { name: 'Needs you' });
  await needs.getByRole('link', { name: 'rates-often', exact: true }).waitFor();
  await needs.getByRole('link', { name: 'pager', exact: true }).waitFor();
  await page
    .getByRole('row', { name: /^orders / })
    .getByRole('img', { name: /^Last 3 runs/ })
    .waitFor();
  expect(faults).toEqual([]);
});

test('nothing runs by itself yet; and who may only look is offered nothing to do', async () => {
  const TOKEN = 'a-long-and-secret-token';
  const guarded = await startServer({ dataDir: newDataDir(), env: { BACKUP_API_TOKEN: TOKEN } });
  const client = createClient({ url: guarded.url, token: TOKEN });
  const made = (name: string, scopes: ('schedule:read' | 'backup:list')[]) =>
    client.call('makeToken', { body: { name, scopes } });
  const { token } = await made('reader', ['schedule:read', 'backup:list']);
  const { token: other } = await made('lister', ['backup:list']);
  const as = async (secret: string, path: string) => {
    const { page } = await scene.open(path, {}, guarded.url);
    await page.getByLabel('Token', { exact: true }).fill(secret);
    await page.keyboard.press('Enter');
    return page;
  };
  const empty = await as(TOKEN, 'schedules');
  await empty.getByText('Nothing runs by itself yet').waitFor();
  await picture(empty, 'schedules-none-1440-light');
  expect(await violations(empty)).toEqual([]);
  await client.call('putSource', {
    params: { id: 'a' },
    body: { kind: 'http', url: 'http://127.0.0.1:9/a' },
  });
  await client.call('putSchedule', {
    params: { id: 'nightly' },
    body: { sourceId: 'a', resourceId: 'a', when: 'every 1d' },
  });
  const looking = await as(token, 'schedules?id=nightly');
  await looking.getByRole('heading', { name: 'The next 5' }).waitFor();
  expect(await looking.getByRole('button', { name: 'Run now' }).count()).toBe(0);
  const refused = await as(other, 'schedules');
  await refused.getByText('This needs a right that your token does not have').waitFor();
  await guarded.stop();
});
