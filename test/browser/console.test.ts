// The console in a browser, as people use it: every screen looked at by axe at two widths and in two themes, the way to bring a value
// back by mouse and by keys alone, what is hidden, who is let in.

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { createClient } from '../../lib/client/client.ts';
import { moveClock } from '../e2e/moved-clock.ts';
import { cleanEnvironment, cleanUp, newDataDir, nodePath, type Server, startServer } from '../e2e/server.ts';
import { openBrowser, type Visit, visit } from './browser.ts';
import { tell } from './story.ts';

/** Where pictures go, if they are wanted: `SHOTS=docs/console npm run test:browser`. */
const { SHOTS } = process.env;

let browser: Browser;
let server: Server;
let visited: Visit | undefined;

beforeAll(async () => {
  browser = await openBrowser();
  server = await startServer({ dataDir: newDataDir() });
  await tell({ url: server.url, now: Date.now() });
  if (SHOTS !== undefined) mkdirSync(SHOTS, { recursive: true });
});
afterAll(async () => {
  await browser.close();
  await cleanUp();
});

/** A page of the console, once it has loaded what it shows. */
async function open(path: string, look: Parameters<typeof visit>[1] = {}, url = server.url): Promise<Visit> {
  await visited?.context.close();
  visited = await visit(browser, look);
  await visited.page.goto(`${url}/console/${path}`);
  await settled(visited.page);
  return visited;
}

async function settled(page: Page): Promise<void> {
  await page.waitForSelector('h1');
  await page.waitForFunction(() => document.querySelector('.skel[aria-hidden], [aria-busy=true]') === null);
  await page.waitForTimeout(150);
}

const USER = '/tables/users/id=42';
const SCREENS: [name: string, path: string, act?: (page: Page) => Promise<unknown>][] = [
  ['overview', ''],
  ['resource', 'resource?id=shop'],
  ['state', `state?id=shop&at=-1&path=${USER}`],
  ['state-terraform', 'state?id=terraform%2Fprod%2Fdns&path=/resources/name=www/attributes'],
  ['history', `history?id=shop&path=${USER}/email`],
  ['compare', 'compare?id=shop'],
  ['compare-flags', 'compare?id=flags%2Fstorefront'],
  [
    'restore',
    'state?id=shop&at=-1',
    async (page) => {
      await page.keyboard.press('r');
      await page.getByText('In place').click();
      await page.getByText('Comes back').waitFor();
    },
  ],
  ['trash', 'trash'],
  ['activity', 'activity'],
  ['retention', 'retention?id=shop'],
  ['audit', 'audit'],
  ['tokens', 'tokens'],
  [
    'keys',
    '',
    async (page) => {
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  ],
  [
    'find',
    '',
    async (page) => {
      await page.keyboard.press('/');
      await page.getByRole('combobox').fill('s');
      await page.getByRole('option', { name: 'shop' }).waitFor();
    },
  ],
];

const COMPARED: (typeof SCREENS)[number] = [
  'compared',
  'compare?id=shop&from=backup-2&to=backup-9&path=/tables/orders',
];

/** What axe finds wrong. It is put there by the browser itself, which no policy of the page concerns. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations: all } = await (window as unknown as { axe: typeof axe }).axe.run({ runOnly: tags });
    return all.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
  return found;
}

describe.each([
  [1440, 'light'],
  [1440, 'dark'],
  [390, 'light'],
  [390, 'dark'],
] as const)('at %s px, %s', (width, theme) => {
  test.each(SCREENS.map(([name, path, act]) => ({ name, path, act })))(
    '$name: axe finds nothing, the policy refuses nothing, nothing scrolls sideways',
    async ({ name, path, act }) => {
      const { page, faults } = await open(path, { width, height: width === 390 ? 844 : 900, theme });
      await act?.(page);
      await settled(page);
      if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}-${width}-${theme}.png`) });
      expect(await violations(page)).toEqual([]);
      expect(faults).toEqual([]);
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0);
    },
  );
});

test.each([320, 700, 960, 1200])('no screen scrolls sideways at %s px', async (width) => {
  for (const [, path] of SCREENS.slice(0, 13)) {
    const { page } = await open(path, { width });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([path, over > 0 ? over : 0]).toEqual([path, 0]);
  }
});

test('every screen ends with a command that works', async () => {
  const run = promisify(execFile);
  const brs = `${nodePath()} ${resolve('bin/brs.mjs')}`;
  const env = { ...cleanEnvironment(), BACKUP_URL: server.url, XDG_CONFIG_HOME: newDataDir() };
  for (const [name, path] of [...SCREENS.slice(0, 7), ...SCREENS.slice(8, 13), COMPARED]) {
    const { page } = await open(path);
    const command = (await page.locator('.term code').textContent())!;
    expect([name, command]).toEqual([name, expect.stringMatching(/^brs /)]);
    const { stdout } = await run('bash', ['-c', command.replace(/^brs/, brs)], { env });
    expect([name, stdout.length > 0 || name === 'tokens']).toEqual([name, true]);
  }
});

describe('bringing a value back', () => {
  test('by mouse: what needs one, what changed, when, and the value as it was', async () => {
    const { page } = await open('');
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
    const client = createClient({ url: server.url });
    const before = await (await client.state('shop', { at: 'latest' })).text();
    const wanted = await (await client.state('shop', { at: '-1' })).text();
    const { page, faults } = await open('');
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
    const client = createClient({ url: server.url });
    await client.create('moving', '{"n":1}', {});
    await client.create('moving', '{"n":2}', { type: 'incremental' });
    const { page } = await open('resource?id=moving');
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

describe('what is shown', () => {
  test('is what is stored, digit by digit and escape by escape', async () => {
    const { page } = await open(`state?id=shop&at=backup-60&path=${USER}`);
    const pane = page.getByLabel('Raw value');
    await pane.getByText('12345678901234567890.042').waitFor();
    const { page: other } = await open('state?id=shop&at=backup-60&path=/tables/products/0');
    await other.getByLabel('Raw value').getByText('"rate":1e2').waitFor();
    const { page: city } = await open(`state?id=shop&at=backup-60&path=${USER}/addresses/1`);
    await city.getByLabel('Raw value').getByText('"K\\u00f6ln"').waitFor();
  });

  test('hides by name what may be a secret, and that is not sent before it is asked for', async () => {
    const { page } = await open('');
    const answers: string[] = [];
    page.on('response', (response) => {
      if (response.url().includes('/resources/'))
        void response.text().then(
          (text) => answers.push(text),
          () => {},
        );
    });
    await page.goto(`${server.url}/console/state?id=shop&at=backup-60&path=${USER}`);
    await settled(page);
    for (const path of [
      `history?id=shop&path=${USER}/password_hash`,
      'compare?id=shop&from=backup-60&to=backup-61',
    ]) {
      await page.goto(`${server.url}/console/${path}`);
      await settled(page);
    }
    expect(answers.length).toBeGreaterThan(5);
    expect(answers.join('')).not.toContain('$2b$12$');
    expect(answers.join('')).not.toMatch(/tok-9\d{4}/);
    await page.goto(`${server.url}/console/state?id=shop&at=backup-60&path=${USER}`);
    await settled(page);
    await page.keyboard.press('v');
    await page.getByLabel('Raw value').getByText('$2b$12$').waitFor();
  });

  test('what is in a state is never a part of the page', async () => {
    const client = createClient({ url: server.url });
    const nasty = '<img src=x onerror=alert(1)>';
    await client.create(nasty, JSON.stringify({ [nasty]: nasty, a: { [nasty]: [nasty] } }), {});
    await client.create(nasty, JSON.stringify({ [nasty]: `${nasty}2`, a: {} }), { type: 'incremental' });
    for (const path of [
      '',
      `resource?id=${encodeURIComponent(nasty)}`,
      `state?id=${encodeURIComponent(nasty)}`,
      `compare?id=${encodeURIComponent(nasty)}`,
    ]) {
      const { page, faults } = await open(path);
      expect(await page.locator('img').count()).toBe(0);
      expect(faults).toEqual([]);
    }
  });
});

test('a timeline is walked by keys, and each column is a whole sentence', async () => {
  const { page } = await open('resource?id=shop');
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
  const { page } = await open('state?id=flags%2Fstorefront&at=latest&path=/checkout');
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

test('trash: what is deleted comes back, from a menu by keys and from the list', async () => {
  const client = createClient({ url: server.url });
  const one = await client.create('to-delete', '1', {});
  await client.create('to-delete', '2', {});
  const { page } = await open('resource?id=to-delete');
  await page.getByRole('button', { name: `More for ${one.id}` }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowUp');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Delete');
  await page.keyboard.press('Enter');
  await page.getByText(`${one.id} is in the trash`).waitFor();
  await page.goto(`${server.url}/console/trash`);
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
  const { page, faults } = await open('retention?id=kept', {}, aged.url);
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

test('an instant is understood as it is typed; what is no instant, or yet to come, says so', async () => {
  const { page } = await open('state?id=shop');
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
  const { page } = await open('state?id=nobody');
  await page.getByText('The state could not be read').waitFor();
  await page.getByText(/resource_not_found · [0-9a-f-]{36}/).waitFor();
  const { page: path } = await open('history?id=shop&path=/tables/none');
  await path.getByText('It was never there').waitFor();
});

test('first run: waits, and becomes the overview once there is a state', async () => {
  const empty = await startServer({ dataDir: newDataDir() });
  const { page, faults } = await open('', {}, empty.url);
  await page.getByText('No backups yet').waitFor();
  if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, 'first-run-1440-light.png') });
  expect(await violations(page)).toEqual([]);
  await createClient({ url: empty.url }).create('settings/checkout', '{"a":1}', {});
  await page.getByRole('link', { name: 'settings/checkout' }).waitFor({ timeout: 15_000 });
  expect(faults).toEqual([]);
  await empty.stop();
});

describe('with a token', () => {
  const TOKEN = 'a-long-and-secret-token';
  let guarded: Server;
  beforeAll(async () => {
    guarded = await startServer({ dataDir: newDataDir(), env: { BACKUP_API_TOKEN: TOKEN } });
    await createClient({ url: guarded.url, token: TOKEN }).create('hidden-name', '{"a":1}', {});
  });

  test('nothing is shown before one signs in; the token is in a cookie that no script reads, and nowhere else', async () => {
    const { page, context, faults } = await open('', {}, guarded.url);
    await page.getByRole('heading', { name: /^Sign in to/ }).waitFor();
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, 'sign-in-1440-light.png') });
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
    const { page } = await open('', {}, guarded.url);
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

test('a service that goes away leaves what is shown, and says so', async () => {
  const passing = await startServer({ dataDir: newDataDir() });
  await createClient({ url: passing.url }).create('still-here', '1', {});
  const { page } = await open('', {}, passing.url);
  await page.getByRole('link', { name: 'still-here' }).waitFor();
  await passing.stop();
  await page.getByText('The service has not answered since').waitFor({ timeout: 15_000 });
  expect(await page.getByRole('link', { name: 'still-here' }).count()).toBe(1);
});

test('the first load is at most 60 KB of script and 10 KB of style, packed', () => {
  const folder = resolve('dist/console/assets');
  const sizes = readdirSync(folder).map((name): [string, number] => [
    name.replace(/-.*\./, '.'),
    gzipSync(readFileSync(join(folder, name)), { level: 9 }).length,
  ]);
  for (const [name, size] of sizes)
    expect([name, size > (name.endsWith('js') ? 60_000 : 10_240)]).toEqual([name, false]);
});
