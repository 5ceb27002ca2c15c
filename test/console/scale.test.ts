import { request } from 'node:http';
import type { Page } from 'playwright-core';
import { afterAll, expect, inject } from 'vitest';
import { test } from './in-chromium.ts';
import { idOf, removeMany, sendLetters, writeOrders } from './many.ts';
import type { RunningConsole } from './running-console.ts';

const ORDERS = 10_000;
const LETTERS = 1_000;
const REASONS = 40;

/** However much there is. A page shows a hundred rows of at most ten columns. */
const MOST = { nodes: 3_000, requests: 6, callsOfAws: 60, bytesPerUpdate: 20_000 };
/** A receive call answers at most ten dead letters, and the last ones of each queue none. */
const MOST_CALLS_OF_A_SCAN = LETTERS / 10 + 150;

const PAGES = ['Map', 'Orders', 'Dead letters', 'Traffic', 'Replay', 'Audit'] as const;

type View = { what: string; nodes: number; requests: string[]; milliseconds: number };

afterAll(async () => {
  if (inject('skip') === '') await removeMany(ORDERS);
});

/** Does something on a page, and collects what the page asks for until it shows all of it; what it asks for again at each update counts once. */
async function look(page: Page, what: string, act: () => Promise<unknown>): Promise<View> {
  const requests = new Set<string>();
  const count = (one: { url(): string }) => {
    const { pathname, search } = new URL(one.url());
    if (pathname.startsWith('/api/') && pathname !== '/api/live') requests.add(pathname + search);
  };
  page.on('request', count);
  const start = performance.now();
  await act();
  await page.locator('main [aria-busy=true]').first().waitFor({ state: 'detached' });
  const milliseconds = Math.round(performance.now() - start);
  const nodes = await page.evaluate<number>('document.querySelectorAll("*").length');
  page.off('request', count);
  return { what, nodes, requests: [...requests], milliseconds };
}

test('with 10,000 orders and 1,000 dead letters every page stays small, and asks for little', async ({
  context,
  engine,
  page,
  running,
}) => {
  await Promise.all([writeOrders(ORDERS), sendLetters(LETTERS, REASONS)]);
  const views: View[] = [];
  const main = page.getByRole('main');
  const see = async (what: string, act: () => Promise<unknown>) => void views.push(await look(page, what, act));
  for (const name of PAGES) {
    await see(name, async () => {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click();
      await main.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    });
  }
  await see('the next orders', async () => {
    await page.goto(new URL('/orders', running.url).href);
    await main.getByRole('button', { name: 'Next' }).click();
  });
  await see('find an order', async () => {
    await main.getByRole('searchbox', { name: 'Find an order' }).fill(idOf(42));
    await page.keyboard.press('Enter');
    await main.getByText(idOf(42)).first().waitFor();
  });
  await see('a group of letters', async () => {
    await page.goto(new URL('/dead-letters', running.url).href);
    await main.getByRole('table', { name: 'Dead letters', exact: true }).getByRole('link').first().click();
    await main.getByRole('table', { name: 'Letters', exact: true }).waitFor();
  });
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  // Nobody listens any more, so that the status is not read meanwhile.
  await page.close();

  const rows = [];
  for (const { what, nodes, requests, milliseconds } of views) {
    engine.calls.length = 0;
    for (const path of requests) await (await fetch(new URL(path, running.url), { headers: { cookie } })).text();
    rows.push({ what, nodes, requests: requests.length, 'calls of AWS': engine.calls.length, milliseconds });
  }
  const bytes = await bytesOfUpdate(running, cookie);
  console.table([...rows, { what: 'an update', bytes }]);
  for (const row of rows) {
    const isScan = /letters/i.test(row.what);
    expect(row.nodes, row.what).toBeLessThan(MOST.nodes);
    expect(row.requests, row.what).toBeLessThanOrEqual(MOST.requests);
    expect(row['calls of AWS'], row.what).toBeLessThanOrEqual(isScan ? MOST_CALLS_OF_A_SCAN : MOST.callsOfAws);
  }
  expect(bytes).toBeLessThan(MOST.bytesPerUpdate);
});

/** Reads the size of what each browser is told at every reading of the shop. */
const bytesOfUpdate = ({ port }: RunningConsole, cookie: string) =>
  new Promise<number>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/api/live', headers: { cookie } }, (answer) => {
      let text = '';
      answer.on('data', (some) => {
        text += some;
        const update = /event: status\n.*?\n\n/s.exec(text);
        if (update === null) return;
        asked.destroy();
        resolve(Buffer.byteLength(update[0]));
      });
    });
    asked.on('error', reject).end();
  });
