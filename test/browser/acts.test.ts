// What changes something: bringing a value back by mouse and by keys alone, trash, retention.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createClient } from '../../lib/client/client.ts';
import { moveClock } from '../e2e/moved-clock.ts';
import { newDataDir, startServer } from '../e2e/server.ts';
import { createScene, USER } from './scene.ts';

const scene = createScene();

describe('bringing a value back', () => {
  test('by mouse: what needs one, what changed, when, and the value as it was', async () => {
    const { page } = await scene.open('');
    await page.getByRole('link', { name: 'See what changed' }).click();
    await page.getByText('36 changed, 150 removed').waitFor();
    await page
      .locator(`article[data-pointer="${USER}"]`)
      .getByLabel(/^History of/)
      .click();
    await page.getByText('History of id=42').waitFor();
    await page.locator('#path').fill(`${USER}/email`);
    await page.keyboard.press('Enter');
    await page.getByText('Changed 3 times').waitFor();
    await page.getByRole('button', { name: 'Restore the old value' }).first().click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download', exact: true }).click(),
    ]);
    expect(readFileSync((await download.path())!, 'utf8')).toBe('"jonas.weber@example.org"');
  });

  test('by keys alone, in place: the name has to be typed, and the old newest is the way back', async () => {
    const client = createClient({ url: scene.url });
    const before = await (await client.state('shop', { at: 'latest' })).text();
    const wanted = await (await client.state('shop', { at: '-1' })).text();
    const { page, faults } = await scene.open('');
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press('/');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('shop');
    // At once: what was typed is meant, and not what is still on the screen.
    await press('Enter');
    await page.getByRole('heading', { name: 'Timeline' }).waitFor();
    await page.getByText('150 of 554 rows').first().waitFor();
    // One backup back, and its state is what is restored.
    await press('ArrowLeft');
    await page.locator('.readout').getByText('backup-60', { exact: true }).waitFor();
    await press('r');
    await page.getByRole('dialog').getByText('Plan').waitFor();
    // To the choice of where it goes; the arrows choose.
    for (
      let n = 0;
      n < 12 &&
      !(await page.evaluate(() => document.activeElement?.getAttribute('name')?.endsWith('t') ?? false));
      n++
    )
      await press('Tab');
    await press('ArrowDown', 'ArrowDown');
    await page.getByText('Comes back').waitFor();
    const button = page.getByRole('button', { name: /^Restore 186 changes/ });
    expect(await button.isDisabled()).toBe(true);
    for (
      let n = 0;
      n < 12 &&
      !(await page.evaluate(() => document.activeElement?.hasAttribute('aria-describedby') ?? false));
      n++
    )
      await press('Tab');
    await page.keyboard.type('shop');
    expect(await button.isDisabled()).toBe(false);
    await press('Tab', 'Tab', 'Enter');
    await page.getByText('has the state of backup-60 again').waitFor();
    expect(await (await client.state('shop', { at: 'latest' })).text()).toBe(wanted);
    expect(await (await client.state('shop', { at: '-1' })).text()).toBe(before);
    // And back again.
    await page.getByRole('button', { name: /^Undo/ }).click();
    await page.getByLabel('Type shop to confirm').fill('shop');
    await page.getByRole('button', { name: /^Restore 186 changes/ }).click();
    await page.getByText('has the state of backup-61 again').waitFor();
    expect(await (await client.state('shop', { at: 'latest' })).text()).toBe(before);
    expect(faults).toEqual([]);
  });

  test('is stopped where the target has changed since the plan', async () => {
    const client = createClient({ url: scene.url });
    await client.create('moving', '{"n":1}', {});
    await client.create('moving', '{"n":2}', { type: 'incremental' });
    const { page } = await scene.open('resource?id=moving');
    await page.getByRole('button', { name: 'Restore' }).click();
    await page.getByLabel('As of').fill('-1');
    await page.keyboard.press('Enter');
    await page.getByText('In place').click();
    await page.getByText('Comes back').waitFor();
    await page.getByLabel('Type moving to confirm').fill('moving');
    await client.create('moving', '{"n":3}', { type: 'incremental' });
    await page.getByRole('button', { name: /^Restore 1 change/ }).click();
    await page.getByText('it was made again').waitFor();
    expect(await page.getByLabel('Type moving to confirm').inputValue()).toBe('');
    expect(await (await client.state('moving', {})).text()).toBe('{"n":3}');
  });
});

test('trash: what is deleted comes back, from a menu by keys and from the list', async () => {
  const client = createClient({ url: scene.url });
  const one = await client.create('to-delete', '1', {});
  await client.create('to-delete', '2', {});
  const { page } = await scene.open('resource?id=to-delete');
  await page.getByRole('button', { name: `More for ${one.id}` }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowUp');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Delete');
  await page.keyboard.press('Enter');
  await page.getByText(`${one.id} is in the trash`).waitFor();
  await page.goto(`${scene.url}/console/trash`);
  await page
    .getByRole('row', { name: new RegExp(one.id) })
    .getByRole('button', { name: 'Undelete' })
    .click();
  await page.getByText('1 backup came back').waitFor();
  expect((await client.backup(one.id)).status).toBe('completed');
});

test('retention: what goes is counted before it is saved, and a name is asked for', async () => {
  const clock = moveClock();
  clock.setDays(-5);
  // A jump of the clock would hold expiry up for a day.
  const env = { ...clock.env, BACKUP_EXPIRY_HOLD_SECONDS: '0' };
  const aged = await startServer({ dataDir: newDataDir(), env });
  const client = createClient({ url: aged.url });
  for (let n = 0; n < 6; n++) await client.create('kept', `{"n":${n}}`, { metadata: { retentionDays: 1 } });
  await client.call('putPolicy', { params: { resourceId: 'kept' }, body: { keepLast: 6 } });
  clock.set(0);
  const { page, faults } = await scene.open('retention?id=kept', {}, aged.url);
  await page.getByLabel('Last').fill('2');
  await page.locator('.verdict').getByText('4', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'Save…' }).click();
  const go = page.getByRole('button', { name: /let 4 backups go/ });
  expect(await go.isDisabled()).toBe(true);
  await page.getByLabel('Type kept to confirm').fill('kept');
  await go.click();
  await page.getByText('The policy is set').waitFor();
  const { policy } = await client.call('getPolicy', { params: { resourceId: 'kept' } });
  expect(policy).toMatchObject({ keepLast: 2 });
  expect(faults).toEqual([]);
  await aged.stop();
});
