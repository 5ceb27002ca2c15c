import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { orderPlaced } from '../../contracts/order.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import { setAvailable } from '../../ops/stock/shelves.ts';
import { shop, testOrder } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { type Hands, keyboard, mouse } from './hands.ts';
import { PATIENCE_MS, test } from './in-chromium.ts';
import { publishPoison, WRONG, WRONG_AT } from './poison.ts';

/** Who gets an order that is placed, and refuses one that it cannot read. */
const readers = Object.entries<Route>(routing)
  .filter(([, { consumes }]) => consumes.some(({ type }) => type === orderPlaced.type))
  .map(([name]) => name);

const button = (place: Page | Locator, name: string) => place.getByRole('button', { name, exact: true });
const node = (page: Page, name: RegExp | string) => page.getByRole('main').getByRole('button', { name });

/** Opens a page by the navigation. */
async function open(page: Page, hands: Hands, name: string): Promise<void> {
  await hands.press(page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }));
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** Presses a button that asks before it does something, and says yes with the button of the same name. */
async function pressAndConfirm(page: Page, hands: Hands, name: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await hands.press(button(page, name));
  await hands.press(button(dialog, name));
  await dialog.waitFor({ state: 'detached' });
}

/** The payment gateway fails while orders come in: only payment waits, and once it is back every order is decided. */
async function liveThroughOutage(page: Page, hands: Hands): Promise<void> {
  await open(page, hands, 'Traffic');
  await hands.write(page.getByLabel('Orders per second'), '5');
  await hands.write(page.getByLabel('Orders', { exact: true }), '30');
  // Down before the first order, however slow the hands are on a busy machine.
  await hands.press(button(page, 'Take the payment gateway down'));
  await button(page, 'Bring the payment gateway back').waitFor();
  await hands.press(button(page, 'Start a load'));
  await page.getByRole('progressbar').first().waitFor();
  await open(page, hands, 'Map');
  await node(page, /^payment queue, .*\d+ waiting/).waitFor();
  for (const name of ['order', 'stock', 'notification']) {
    await node(page, `${name} queue, empty`).waitFor();
  }
  await open(page, hands, 'Traffic');
  await hands.press(button(page, 'Bring the payment gateway back'));
  await page.getByText('Every order adds up: 30 orders published').waitFor();
  await open(page, hands, 'Map');
  await node(page, 'payment queue, empty').waitFor();
}

/** An order that nobody could read is found, understood, mended and put back for all that refused it, and is confirmed. */
async function mendPoison(page: Page, hands: Hands, order: TestOrder): Promise<void> {
  await open(page, hands, 'Dead letters');
  const groups = page.getByRole('table', { name: 'Dead letters', exact: true });
  await hands.press(groups.getByRole('row').filter({ hasText: 'payment' }).getByRole('link').first());
  const letters = page.getByRole('table', { name: 'Letters', exact: true });
  await hands.press(letters.getByRole('row').filter({ hasText: order.orderId }).getByRole('link').first());
  await page.getByText(WRONG_AT).first().waitFor();
  for (const name of readers.filter((reader) => reader !== 'payment')) {
    await page.getByRole('main').getByRole('link', { name, exact: true }).waitFor();
  }
  await hands.press(button(page, 'Edit'));
  const body = page.getByRole('textbox', { name: 'Body', exact: true });
  const problems = page.getByRole('list', { name: 'Problems', exact: true });
  await problems.getByText(WRONG_AT).waitFor();
  const broken = await body.inputValue();
  expect(broken).not.toContain(order.phone);
  await hands.write(body, broken.slice(0, -1));
  await problems.getByText(/JSON/).waitFor();
  await hands.write(body, broken.replace(`"quantity": ${WRONG}`, '"quantity": 1'));
  await problems.getByRole('listitem').first().waitFor({ state: 'detached' });
  await pressAndConfirm(page, hands, 'Redrive');
  await body.waitFor({ state: 'detached' });
  await open(page, hands, 'Orders');
  await hands.write(page.getByRole('searchbox', { name: 'Find an order' }), order.orderId);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: `Order ${order.orderId}` }).waitFor();
  await page.getByRole('main').getByText('Confirmed').first().waitFor();
  await open(page, hands, 'Dead letters');
  await expect
    .poll(() => lettersOf(page, order), { message: 'who still refuses the order', timeout: PATIENCE_MS })
    .toEqual([]);
}

/** Lists who has a letter of an order, and why. Other tests leave letters of their own. */
async function lettersOf(page: Page, { orderId }: TestOrder): Promise<string[]> {
  const url = new URL(`/api/dead-letters/letters?order=${orderId}`, page.url());
  const { rows }: { rows: { consumer: string; reason: string }[] } = await (await page.request.get(url.href)).json();
  return rows.map(({ consumer, reason }) => `${consumer}: ${reason}`);
}

/** Lives through all that an operator's day may bring. */
async function operate(page: Page, hands: Hands): Promise<void> {
  const order = testOrder();
  await setAvailable(shop, order.sku, 10);
  await publishPoison(order);
  await liveThroughOutage(page, hands);
  await mendPoison(page, hands, order);
  expect(await page.getByRole('alert').count()).toBe(0);
}

test('an outage and a poison message are seen, understood and repaired by mouse alone', ({ page }) =>
  operate(page, mouse(page)));

test('an outage and a poison message are seen, understood and repaired by keyboard alone', ({ page }) =>
  operate(page, keyboard(page)));
