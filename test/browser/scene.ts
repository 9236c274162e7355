// A browser, a service whose history all tests know, and pages that have loaded what they show.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { cleanUp, newDataDir, type Server, startServer, temporaryFolder } from '../e2e/server.ts';
import { type Look, openBrowser, type Visit, visit } from './browser.ts';
import { SETTINGS, tellByItself } from './by-itself.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { tell } from './story.ts';

/** A row that the history tells of. */
export const USER = '/tables/users/id=42';

/** Where pictures go, if they are wanted: `SHOTS=docs/console npm run test:browser`. */
const { SHOTS } = process.env;

export interface Scene {
  /** Of the service with the known history. */
  readonly url: string;
  /** Whom it tells. */
  readonly receiver: Receiver;
  /** A page of the console, once it has loaded what it shows; of another service, if one is given. The page before is closed. */
  open(path: string, look?: Look, url?: string): Promise<Visit>;
}

/** For the top of a test file: begins before its tests, and is gone behind them. */
export function createScene(): Scene {
  let browser: Browser;
  let server: Server;
  let receiver: Receiver;
  let visited: Visit | undefined;
  beforeAll(async () => {
    browser = await openBrowser();
    receiver = await startReceiver();
    const folder = temporaryFolder();
    const env = { ...SETTINGS, BACKUP_SOURCE_FOLDERS: folder };
    server = await startServer({ dataDir: newDataDir(), env });
    await tell({ url: server.url, now: Date.now() });
    await tellByItself(server.url, receiver, folder);
  });
  afterAll(async () => {
    await browser.close();
    await cleanUp();
    receiver.close();
  });
  return {
    get url() {
      return server.url;
    },
    get receiver() {
      return receiver;
    },
    async open(path, look = {}, url = server.url) {
      await visited?.context.close();
      visited = await visit(browser, look);
      await visited.page.goto(`${url}/console/${path}`);
      await settled(visited.page);
      return visited;
    },
  };
}

/** Resolves once nothing is being loaded any more. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector('h1');
  await page.waitForFunction(() => document.querySelector('.skel[aria-hidden], [aria-busy=true]') === null);
  await page.waitForTimeout(150);
}

/** Resolves once a page that was there already has taken another width or theme: for some frames in a row nothing more is loaded. */
export async function laidOut(page: Page): Promise<void> {
  await page.evaluate(async (frames) => {
    for (let quiet = 0; quiet < frames; quiet++) {
      await new Promise((done) => requestAnimationFrame(done));
      if (document.querySelector('.skel[aria-hidden], [aria-busy=true]') !== null) quiet = 0;
    }
  }, 4);
}

/** Takes one, if pictures are wanted. */
export async function picture(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** What axe finds wrong. It is put there by the browser itself, which no policy of the page concerns. */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations: all } = await (window as unknown as { axe: typeof axe }).axe.run({ runOnly: tags });
    return all.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
  return found;
}
