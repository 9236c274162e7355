// Every screen: looked at by axe at two widths and in two themes, no wider than the window at six, and as a command.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { cleanEnvironment, newDataDir, nodePath } from '../e2e/server.ts';
import { createScene, laidOut, picture, USER, violations } from './scene.ts';

const scene = createScene();

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
  ['schedules', 'schedules'],
  [
    'schedule',
    'schedules?id=orders-nightly',
    async (page) => {
      await page.locator('button[aria-expanded]').first().click();
    },
  ],
  [
    'schedule-new',
    'schedules?make=yes',
    async (page) => {
      await page.getByLabel('Name').fill('hourly');
      await page.getByLabel('Into the resource').fill('orders');
      await page.getByLabel('When').fill('15 9-17 * * 1-5');
      await page.getByRole('cell', { name: /:15$/ }).nth(4).waitFor();
    },
  ],
  ['sources', 'schedules?show=sources'],
  [
    'source-new',
    'schedules?show=sources&make=yes',
    async (page) => {
      await page.getByLabel('Name').fill('shop-db');
      await page.getByLabel('URL').fill('postgres://backup@db.example:5432/shop');
      await page.getByLabel('Password stands at').fill('hunter2');
      await page.getByRole('button', { name: 'Save and test' }).click();
      await page.getByText('It was not sent.').waitFor();
    },
  ],
  ['drills', 'schedules?show=drills'],
  ['notifications', 'notifications'],
  [
    'channel',
    'notifications?id=pager',
    async (page) => {
      await page.getByRole('button', { name: 'channel.tested', exact: true }).first().click();
    },
  ],
  ['channel-new', 'notifications?make=yes'],
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

const LOOKS = [
  [1440, 'light'],
  [1440, 'dark'],
  [390, 'dark'],
  [390, 'light'],
] as const;
const OTHER_WIDTHS = [320, 700, 960, 1200];
/** What lies over a screen that is looked at by itself. */
const DIALOGS = ['keys', 'find'];

test.each(SCREENS.map(([name, path, act]) => ({ name, path, act })))(
  '$name: at two widths, light and dark, axe finds nothing, the policy refuses nothing, nothing scrolls sideways at six widths; its command works',
  async ({ name, path, act }) => {
    const { page, faults } = await scene.open(path, { width: 1440, height: 900, theme: 'light' });
    const command = [...DIALOGS, 'restore'].includes(name) ? undefined : await commandOf(page);
    await act?.(page);
    await Promise.all([command === undefined ? undefined : typed(command, name), lookedAt(page, name)]);
    expect(faults).toEqual([]);
  },
);

test('two backups compared end with a command that works', async () => {
  const { page } = await scene.open('compare?id=shop&from=backup-2&to=backup-9&path=/tables/orders');
  await typed(await commandOf(page), 'compared');
});

async function lookedAt(page: Page, name: string): Promise<void> {
  for (const [width, theme] of LOOKS) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
    await laidOut(page);
    await picture(page, `${name}-${width}-${theme}`);
    expect([width, theme, await violations(page)]).toEqual([width, theme, []]);
    expect([width, theme, await beyond(page)]).toEqual([width, theme, 0]);
  }
  for (const width of DIALOGS.includes(name) ? [] : OTHER_WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await laidOut(page);
    expect([width, await beyond(page)]).toEqual([width, 0]);
  }
}

/** By how much a page scrolls sideways. */
const beyond = (page: Page): Promise<number> =>
  page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));

/** With which a screen ends. */
const commandOf = async (page: Page): Promise<string> =>
  (await page.locator('.term code').textContent()) ?? '';

async function typed(command: string, name: string): Promise<void> {
  expect(command).toMatch(/^brs /);
  const brs = `${nodePath()} ${resolve('bin/brs.mjs')}`;
  const env = { ...cleanEnvironment(), BACKUP_URL: scene.url, XDG_CONFIG_HOME: newDataDir() };
  const { stdout } = await promisify(execFile)('bash', ['-c', command.replace(/^brs/, brs)], { env });
  expect([command, stdout.length > 0 || name === 'tokens']).toEqual([command, true]);
}

test('the first load is at most 60 KB of script and 10 KB of style, packed; what comes later 30 KB', () => {
  const folder = resolve('dist/console');
  const index = readFileSync(join(folder, 'index.html'), 'utf8');
  const sizeOf = (names: readonly string[]): number =>
    names
      .map((name) => gzipSync(readFileSync(join(folder, 'assets', name)), { level: 9 }).length)
      .reduce((sum, size) => sum + size, 0);
  const names = readdirSync(join(folder, 'assets'));
  const isFirst = (name: string): boolean => index.includes(`assets/${name}`);
  expect(names.filter(isFirst).length).toBeGreaterThan(1);
  expect(sizeOf(names.filter((name) => name.endsWith('js') && isFirst(name)))).toBeLessThanOrEqual(60_000);
  expect(sizeOf(names.filter((name) => name.endsWith('css')))).toBeLessThanOrEqual(10_240);
  for (const name of names.filter((one) => one.endsWith('js') && !isFirst(one)))
    expect([name, sizeOf([name]) <= 30_000]).toEqual([name, true]);
});
