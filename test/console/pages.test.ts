import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { beforeAll, expect, inject } from 'vitest';
import { runDemo } from '../../ops/demo/run.ts';
import { eventually, orderOf, placed, publish, shop, testOrder } from '../deployed/deployed-shop.ts';
import { test } from './in-chromium.ts';
import { publishPoison } from './poison.ts';

const PHONE = { width: 360, height: 740 };

const unreadable = testOrder();
const placedOrder = testOrder();

// A shop that has something to show on every page.
beforeAll(async () => {
  if (inject('skip') !== '') return;
  await publishPoison(unreadable);
  await publish(placed(placedOrder));
  await runDemo(shop, { phone: undefined, signal: new AbortController().signal, onProgress: () => {} });
  await eventually('the order is decided', async () => (await orderOf(placedOrder.orderId))?.status === 'CANCELLED');
});

const main = (page: Page) => page.getByRole('main');
const press = (page: Page, name: string) => main(page).getByRole('button', { name, exact: true }).first().click();

/** Follows the first link of a table to a page of its own. */
async function follow(page: Page, table: string, text: string): Promise<void> {
  const row = main(page).getByRole('table', { name: table, exact: true }).getByRole('row').filter({ hasText: text });
  await row.first().getByRole('link').first().click();
}

async function openLetter(page: Page): Promise<void> {
  await follow(page, 'Dead letters', 'quantity');
  await follow(page, 'Letters', unreadable.orderId);
  await main(page).getByRole('button', { name: 'Edit', exact: true }).waitFor();
}

/** What can be looked at: its name, its address, and what is done there first. */
const VIEWS: [string, string, (page: Page) => Promise<unknown>][] = [
  [
    'the map',
    '/map',
    (page) =>
      main(page)
        .getByRole('button', { name: /^payment queue, / })
        .waitFor(),
  ],
  [
    'a node of the map',
    '/map',
    (page) =>
      main(page)
        .getByRole('button', { name: /^payment queue, / })
        .click(),
  ],
  ['the orders', '/orders', (page) => main(page).getByRole('table', { name: 'Orders', exact: true }).waitFor()],
  ['an order', `/orders/${placedOrder.orderId}`, (page) => main(page).getByText('CANCELLED').first().waitFor()],
  ['the dialog of a test order', '/orders', (page) => press(page, 'Place a test order')],
  ['the dead letters', '/dead-letters', (page) => main(page).getByRole('table', { name: 'Dead letters' }).waitFor()],
  ['a group', '/dead-letters', (page) => follow(page, 'Dead letters', 'quantity')],
  ['a letter', '/dead-letters', openLetter],
  ['a letter that is edited', '/dead-letters', async (page) => [await openLetter(page), await press(page, 'Edit')]],
  ['the dialog of a redrive', '/dead-letters', async (page) => [await openLetter(page), await press(page, 'Redrive')]],
  ['the dialog of parking', '/dead-letters', async (page) => [await openLetter(page), await press(page, 'Park')]],
  ['the traffic', '/traffic', (page) => main(page).getByRole('button', { name: 'Start a load' }).waitFor()],
  ['the replay', '/replay', () => Promise.resolve()],
  ['the audit', '/audit', () => Promise.resolve()],
  ['no page', '/none', () => Promise.resolve()],
];

/** What axe finds wrong with a page, and where. */
async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  );
}

const widthOf = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth');

test.for(VIEWS)('%s can be used by everybody: both themes, a phone, Korean', async ([, path, act], { page }) => {
  await page.goto(new URL(path, page.url()).href);
  await main(page).getByRole('heading', { level: 1 }).waitFor();
  await act(page);
  await page.locator('main [aria-busy=true]').first().waitFor({ state: 'detached' });
  expect(await page.getByRole('main').count()).toBe(1);
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
    expect(await violations(page), colorScheme).toEqual([]);
  }
  await page.setViewportSize(PHONE);
  expect(await widthOf(page)).toBeLessThanOrEqual(PHONE.width);
  await page.evaluate('localStorage.setItem("language", "ko")');
  await page.reload();
  await page.locator('html[lang=ko]').waitFor();
  expect(await main(page).getByRole('heading', { level: 1 }).textContent()).toMatch(/[가-힣]|^t-/);
  expect(await widthOf(page)).toBeLessThanOrEqual(PHONE.width);
});

test('the language is chosen by a switch, and stays chosen', async ({ page }) => {
  await page.getByRole('button', { name: '한국어' }).click();
  await page.locator('html[lang=ko]').waitFor();
  await page.reload();
  await main(page).getByRole('heading', { level: 1, name: '지도', exact: true }).waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await main(page).getByRole('heading', { level: 1, name: 'Map', exact: true }).waitFor();
});
