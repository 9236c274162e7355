// Who is let in: by a token that becomes a cookie, with no more than its rights, and no longer than it is good.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from '../../lib/client/client.ts';
import { newDataDir, type Server, startServer } from '../e2e/server.ts';
import { createScene, picture, violations } from './scene.ts';

const scene = createScene();

describe('with a token', () => {
  const TOKEN = 'a-long-and-secret-token';
  let guarded: Server;
  beforeAll(async () => {
    guarded = await startServer({ dataDir: newDataDir(), env: { BACKUP_API_TOKEN: TOKEN } });
    await createClient({ url: guarded.url, token: TOKEN }).create('hidden-name', '{"a":1}', {});
  });

  test('nothing is shown before one signs in; the token is in a cookie that no script reads, and nowhere else', async () => {
    const { page, context, faults } = await scene.open('', {}, guarded.url);
    await page.getByRole('heading', { name: /^Sign in to/ }).waitFor();
    await picture(page, 'sign-in-1440-light');
    expect(await violations(page)).toEqual([]);
    expect(await page.content()).not.toContain('hidden-name');
    await page.getByLabel('Token').fill('a-wrong-and-secret-token');
    await page.keyboard.press('Enter');
    await page.getByText('not accepted').waitFor();
    await page.getByLabel('Token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'hidden-name' }).waitFor();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: 'brs_session', httpOnly: true, sameSite: 'Strict' });
    expect(cookie!.value).not.toContain(TOKEN);
    expect(
      await page.evaluate(() =>
        JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]),
      ),
    ).toBe(JSON.stringify([{}, {}, '', `${guarded.url}/console/`]));
    await page.reload();
    await page.getByRole('link', { name: 'hidden-name' }).waitFor();
    await page.getByRole('button', { name: 'sign out' }).click();
    await page.getByRole('heading', { name: /^Sign in to/ }).waitFor();
    expect(await page.content()).not.toContain('hidden-name');
    expect(faults).toEqual([]);
  });

  test('tokens: made once shown, then used to sign in, with no more than its rights; revoked, it is signed out', async () => {
    const { page } = await scene.open('', {}, guarded.url);
    const signIn = async (token: string): Promise<void> => {
      await page.getByRole('heading', { name: /^Sign in to/ }).waitFor();
      await page.getByLabel('Token', { exact: true }).fill(token);
      await page.keyboard.press('Enter');
    };
    await signIn(TOKEN);
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByLabel('Name').fill('reader');
    await page.getByLabel('everything').uncheck();
    await page.getByLabel('see backups').check();
    await page.getByRole('button', { name: 'Make token' }).click();
    await page.getByRole('button', { name: 'Show' }).click();
    const made = (await page.locator('.secret').textContent())!;
    expect(made).toMatch(/^bkp_/);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'sign out' }).click();
    await signIn(made);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('link', { name: 'hidden-name' }).click();
    await page.getByRole('heading', { name: 'Timeline' }).waitFor();
    expect(await page.getByRole('button', { name: 'Restore' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Tokens' }).count()).toBe(0);
    const client = createClient({ url: guarded.url, token: TOKEN });
    const { tokens } = await client.call('listTokens', {});
    await client.call('revokeToken', { params: { id: tokens.find(({ name }) => name === 'reader')!.id } });
    await page.getByRole('heading', { name: /^Sign in to/ }).waitFor({ timeout: 15_000 });
  });
});
