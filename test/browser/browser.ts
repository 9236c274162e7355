// Chromium, as Debian has it, on a service of its own. What the page's policy refuses is counted, and what it logs as an error.

import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export async function openBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((one): one is string => one !== undefined && existsSync(one));
  if (executablePath === undefined)
    throw new Error('no Chromium here: apt-get install chromium, or name it in CHROMIUM');
  // As root there is no sandbox; only pages of our own are opened.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--font-render-hinting=none'] });
}

export interface Look {
  width?: number;
  height?: number;
  theme?: 'light' | 'dark';
}

export interface Visit {
  context: BrowserContext;
  page: Page;
  /** What the policy refused, and errors of the page; to be empty at the end of each test. */
  faults: string[];
}

export async function visit(
  browser: Browser,
  { width = 1440, height = 900, theme = 'light' }: Look = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    acceptDownloads: true,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const faults: string[] = [];
  await context.exposeFunction('tellFault', (text: string) => faults.push(text));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
      void (window as unknown as { tellFault: (text: string) => void }).tellFault(
        `${violatedDirective} ${blockedURI} ${sample}`,
      );
    });
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A call that is refused is told by the browser too: that is no fault of the page.
    if (message.type() === 'error' && !message.text().includes('the server responded with a status of'))
      faults.push(message.text());
  });
  return { context, page, faults };
}
