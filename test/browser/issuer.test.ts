// Sign-in where callers are known by an issuer's tokens, as on AWS: authorization code with PKCE, in a real browser.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { type IssuerWorld, startIssuerWorld } from './issuer.ts';
import { createScene, picture, settled, violations } from './scene.ts';

const scene = createScene();
let world: IssuerWorld;
beforeAll(async () => {
  world = await startIssuerWorld(scene.url);
});
afterAll(() => world.stop());

const button = (page: Page) => page.getByRole('button', { name: /^Sign in at/ });
const stores = (page: Page): Promise<string> =>
  page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.search]),
  );

test('one is sent to the issuer and comes back to the view that was wanted; the token is in no store and no URL', async () => {
  const { page, faults } = await scene.open('resource?id=shop', {}, world.url);
  await picture(page, 'sign-in-issuer-1440-light');
  expect(await violations(page)).toEqual([]);
  expect(await page.content()).not.toContain('backup-1');
  await button(page).click();
  await page.getByRole('heading', { name: 'shop' }).waitFor();
  await settled(page);
  expect(page.url()).toBe(`${world.url}/console/resource?id=shop`);
  expect(await stores(page)).toBe(JSON.stringify([{}, {}, '', '?id=shop']));
  expect(await page.getByText('Signed in as').textContent()).toContain('alice');
  // Rights that the token has not: no administration is offered.
  expect(await page.getByRole('link', { name: /^(Tokens|Audit|Retention)$/ }).count()).toBe(0);
  expect(world.asked).toEqual(['GET /authorize', 'POST /token']);
  await page.getByRole('button', { name: 'sign out' }).click();
  await button(page).waitFor();
  expect(await page.content()).not.toContain('backup-1');
  expect(faults).toEqual([]);
});

test('what the issuer says against it is shown, and one can try again', async () => {
  world.refuseNext('access_denied', 'Alice is on holiday');
  const { page, faults } = await scene.open('', {}, world.url);
  await button(page).click();
  await page.getByText('did not sign you in: Alice is on holiday').waitFor();
  expect(await stores(page)).toBe(JSON.stringify([{}, {}, '', '']));
  await button(page).click();
  await page.getByText('Signed in as').waitFor();
  expect(faults).toEqual([]);
});

test('an answer that this window has not asked for signs nobody in', async () => {
  const before = world.asked.length;
  const { page } = await scene.open('overview?code=stolen&state=other', {}, world.url);
  await page.getByText('belongs to no sign-in that was begun in this window').waitFor();
  expect(page.url()).toBe(`${world.url}/console/`);
  expect(world.asked.slice(before)).toEqual([]);
});

test('a token that ends is renewed without a word, if the issuer gave what that takes; else one signs in again', async () => {
  world.isRenewing = true;
  world.tokenSeconds = 1;
  const { page, faults } = await scene.open('', {}, world.url);
  await button(page).click();
  await page.getByText('Signed in as').waitFor();
  await settled(page);
  await page.waitForTimeout(1500);
  const renewals = world.asked.filter((one) => one === 'POST /token').length;
  await page.getByRole('link', { name: 'Activity' }).click();
  await page.getByRole('heading', { name: 'Activity' }).waitFor();
  await settled(page);
  expect(world.asked.filter((one) => one === 'POST /token').length).toBeGreaterThan(renewals);
  world.hasRevoked = true;
  await page.getByRole('link', { name: 'Trash' }).click();
  await button(page).waitFor();
  expect(faults).toEqual([]);
});
