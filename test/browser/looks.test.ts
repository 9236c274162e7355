// What is shown: exactly what is stored, nothing that is hidden, by mouse and by keys, and what stands there when something is wrong.

import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createClient } from '../../lib/client/client.ts';
import { newDataDir, startServer } from '../e2e/server.ts';
import { createScene, picture, settled, USER, violations } from './scene.ts';

const scene = createScene();

describe('what is shown', () => {
  test('is what is stored, digit by digit and escape by escape', async () => {
    const { page } = await scene.open(`state?id=shop&at=backup-60&path=${USER}`);
    const pane = page.getByLabel('Raw value');
    await pane.getByText('12345678901234567890.042').waitFor();
    const { page: other } = await scene.open('state?id=shop&at=backup-60&path=/tables/products/0');
    await other.getByLabel('Raw value').getByText('"rate":1e2').waitFor();
    const { page: city } = await scene.open(`state?id=shop&at=backup-60&path=${USER}/addresses/1`);
    await city.getByLabel('Raw value').getByText('"K\\u00f6ln"').waitFor();
  });

  test('hides by name what may be a secret, and that is not sent before it is asked for', async () => {
    const { page } = await scene.open('');
    const answers: string[] = [];
    page.on('response', (response) => {
      if (response.url().includes('/resources/'))
        void response.text().then(
          (text) => answers.push(text),
          () => {},
        );
    });
    await page.goto(`${scene.url}/console/state?id=shop&at=backup-60&path=${USER}`);
    await settled(page);
    for (const path of [
      `history?id=shop&path=${USER}/password_hash`,
      'compare?id=shop&from=backup-60&to=backup-61',
    ]) {
      await page.goto(`${scene.url}/console/${path}`);
      await settled(page);
    }
    expect(answers.length).toBeGreaterThan(5);
    expect(answers.join('')).not.toContain('$2b$12$');
    expect(answers.join('')).not.toMatch(/tok-9\d{4}/);
    await page.goto(`${scene.url}/console/state?id=shop&at=backup-60&path=${USER}`);
    await settled(page);
    await page.keyboard.press('v');
    await page.getByLabel('Raw value').getByText('$2b$12$').waitFor();
  });

  test.each([320, 390])('nothing stands out of a page that is %i px wide', async (width) => {
    const screens = ['', 'resource?id=shop', 'activity', 'trash', 'audit', 'retention?id=shop'];
    for (const path of [...screens, `history?id=shop&path=${USER}/email`, 'compare?id=shop&from=backup-60']) {
      const { page } = await scene.open(path, { width, height: 844 });
      const out = await page.evaluate(() =>
        [...document.querySelectorAll('main table, main section, main .panel')]
          .filter((one) => one.getBoundingClientRect().width > 0)
          .map((one) => Math.round(one.getBoundingClientRect().right))
          .filter((right) => right > innerWidth - 8),
      );
      expect([path, out]).toEqual([path, []]);
    }
  });

  test('what is in a state is never a part of the page', async () => {
    const client = createClient({ url: scene.url });
    const nasty = '<img src=x onerror=alert(1)>';
    await client.create(nasty, JSON.stringify({ [nasty]: nasty, a: { [nasty]: [nasty] } }), {});
    await client.create(nasty, JSON.stringify({ [nasty]: `${nasty}2`, a: {} }), { type: 'incremental' });
    for (const path of [
      '',
      `resource?id=${encodeURIComponent(nasty)}`,
      `state?id=${encodeURIComponent(nasty)}`,
      `compare?id=${encodeURIComponent(nasty)}`,
    ]) {
      const { page, faults } = await scene.open(path);
      expect(await page.locator('img').count()).toBe(0);
      expect(faults).toEqual([]);
    }
  });
});

test('a timeline is walked by keys, and each column is a whole sentence', async () => {
  const { page } = await scene.open('resource?id=shop');
  const options = page.getByRole('option');
  expect(await options.count()).toBeGreaterThan(20);
  await options.last().click();
  await options.last().focus();
  await page.keyboard.press('Home');
  await page.waitForFunction(
    () => document.activeElement?.getAttribute('aria-label')?.startsWith('backup-1,') === true,
  );
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toMatch(
    /^backup-1, .*0 added, 0 changed, 0 removed, state 55\.8 KB$/,
  );
  await page.keyboard.press('ArrowRight');
  await page.locator('.readout').getByText('backup-2', { exact: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'State of shop' }).waitFor();
});

test('a tree is walked by keys: open, close, to the parent, to the end', async () => {
  const { page } = await scene.open('state?id=flags%2Fstorefront&at=latest&path=/checkout');
  await page.locator('[role=treeitem][aria-selected=true]').focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForURL(/path=%2Fcheckout%2FnewFlow/);
  await page.keyboard.press('ArrowLeft');
  await page.waitForURL(/path=%2Fcheckout$/);
  await page.keyboard.press('ArrowLeft');
  expect(await page.getByRole('treeitem').count()).toBe(3);
  await page.keyboard.press('End');
  await page.waitForURL(/path=%2Frates/);
});

test('an instant is understood as it is typed; what is no instant, or yet to come, says so', async () => {
  const { page } = await scene.open('state?id=shop');
  const field = page.getByLabel('At', { exact: true });
  await field.fill('-26h');
  await page.getByText('Enter: -26h').waitFor();
  await field.fill('yesterday 14:00');
  await page.getByText(/^Enter: .* CET · .*Z$/).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('older than asked').waitFor();
  await field.fill('2099-01-01');
  await page.getByText('that is yet to come').waitFor();
  await field.fill('soon');
  await page.getByText('no instant').waitFor();
});

test('errors stand in the place of what failed, with code and request id', async () => {
  const { page } = await scene.open('state?id=nobody');
  await page.getByText('The state could not be read').waitFor();
  await page.getByText(/resource_not_found · [0-9a-f-]{36}/).waitFor();
  const { page: path } = await scene.open('history?id=shop&path=/tables/none');
  await path.getByText('It was never there').waitFor();
});

test('first run: waits, and becomes the overview once there is a state', async () => {
  const empty = await startServer({ dataDir: newDataDir() });
  const { page, faults } = await scene.open('', {}, empty.url);
  await page.getByText('No backups yet').waitFor();
  await picture(page, 'first-run-1440-light');
  expect(await violations(page)).toEqual([]);
  await createClient({ url: empty.url }).create('settings/checkout', '{"a":1}', {});
  await page.getByRole('link', { name: 'settings/checkout' }).waitFor({ timeout: 15_000 });
  expect(faults).toEqual([]);
  await empty.stop();
});

test('what is not well is told first, with what the service knows of it', async () => {
  const dataDir = newDataDir();
  const ill = await startServer({ dataDir });
  await createClient({ url: ill.url }).create('still-here', '1', {});
  const { page, faults } = await scene.open('', {}, ill.url);
  renameSync(join(dataDir, 'master.key'), join(dataDir, 'master.key.elsewhere'));
  await page.getByText('The service is not well:').waitFor({ timeout: 20_000 });
  await page.getByText('Not answering: keyring').waitFor();
  await page.getByText('The service itself needs you').waitFor();
  expect(await page.getByRole('link', { name: 'still-here' }).count()).toBe(1);
  expect(faults).toEqual([]);
  await ill.stop();
});

test('a service that goes away leaves what is shown, and says so', async () => {
  const passing = await startServer({ dataDir: newDataDir() });
  await createClient({ url: passing.url }).create('still-here', '1', {});
  const { page } = await scene.open('', {}, passing.url);
  await page.getByRole('link', { name: 'still-here' }).waitFor();
  await passing.stop();
  await page.getByText('The service has not answered since').waitFor({ timeout: 15_000 });
  expect(await page.getByRole('link', { name: 'still-here' }).count()).toBe(1);
});
