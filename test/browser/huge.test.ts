// What is large stays smooth: a state of 100 MB as a tree, a history of 10,000 backups. Measured in the browser, from the key to the next
// frame in which what it asked for is on the screen.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { createClient } from '../../lib/client/client.ts';
import { cleanUp, newDataDir, type Server, startServer } from '../e2e/server.ts';
import { openBrowser, visit } from './browser.ts';

const BACKUPS = 10_000;
const ROWS = 600_000;
/** What is in the page, and not fetched, follows a key within this. */
const INTERACTION_MS = 100;
const SETUP_MS = 300_000;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await openBrowser();
  server = await startServer({ dataDir: newDataDir() });
  const client = createClient({ url: server.url });
  const row = (id: number): string =>
    `{"id":${id},"email":"user.${id}@example.org","balance":12345678901234567890.${id},"note":"${'text '.repeat(16)}"}`;
  const rows = Array.from({ length: ROWS }, (_, i) => row(i + 1)).join(',');
  await client.create('large', `{"tables":{"users":[${rows}]}}`, {});
  for (let n = 0; n < BACKUPS; n++)
    await client.create('long', `{"n":${n},"at":[${n % 7}]}`, {
      type: n % 500 === 0 ? 'full' : 'incremental',
    });
}, SETUP_MS);
afterAll(async () => {
  await browser.close();
  await cleanUp();
});

/** Milliseconds from a key to the frame behind it. */
async function frameAfter(page: Page, key: string): Promise<number> {
  await page.evaluate(() => {
    const told = window as unknown as { took?: number };
    delete told.took;
    document.addEventListener(
      'keydown',
      () => {
        const began = performance.now();
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            told.took = performance.now() - began;
          }),
        );
      },
      { once: true, capture: true },
    );
  });
  await page.keyboard.press(key);
  const took = await page.waitForFunction(() => (window as unknown as { took?: number }).took);
  return (await took.jsonValue())!;
}

function median(what: string, values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  process.stdout.write(`${what}: ${sorted.map((ms) => ms.toFixed(0)).join(' ')} ms from key to frame\n`);
  return sorted[sorted.length >> 1]!;
}

test('a state of 100 MB: the tree opens at a row in its middle, and keys move without waiting', async () => {
  const { page, faults } = await visit(browser);
  await page.goto(`${server.url}/console/state?id=large&path=/tables/users/id=300000`);
  await page.locator('[role=treeitem][aria-selected=true]').waitFor({ timeout: 30_000 });
  await page.getByText('600,000 rows, by id').waitFor();
  await page.getByText('299,979 before').waitFor();
  await page.locator('[role=treeitem][aria-selected=true]').focus();
  const taken: number[] = [];
  for (const key of [
    'ArrowDown',
    'ArrowDown',
    'ArrowLeft',
    'ArrowDown',
    'ArrowRight',
    'ArrowDown',
    'PageDown',
    'ArrowUp',
    'PageUp',
  ]) {
    taken.push(await frameAfter(page, key));
  }
  expect(median('a state of 100 MB', taken)).toBeLessThan(INTERACTION_MS);
  // Only what is in sight is in the page.
  expect(await page.getByRole('treeitem').count()).toBeLessThan(120);
  expect(faults).toEqual([]);
});

test('a history of 10,000 backups: sums in columns, a page of rows, and keys move without waiting', async () => {
  const { page, faults } = await visit(browser);
  await page.goto(`${server.url}/console/resource?id=long`);
  await page.getByText('10,000 backups').first().waitFor({ timeout: 30_000 });
  await page.getByText('10,000 moments since').waitFor();
  const columns = page.getByRole('option');
  expect(await columns.count()).toBeLessThanOrEqual(140);
  await columns.last().click();
  await columns.last().focus();
  const taken: number[] = [];
  for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowRight', 'ArrowLeft', 'ArrowLeft'])
    taken.push(await frameAfter(page, key));
  expect(median('10,000 backups', taken)).toBeLessThan(INTERACTION_MS);
  expect(await page.getByRole('row').count()).toBeLessThan(120);
  await page.getByRole('button', { name: 'Older' }).click();
  await page.getByText('backup-9950', { exact: true }).first().waitFor();
  expect(faults).toEqual([]);
});
