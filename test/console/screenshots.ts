// Makes the pictures of the console that README and docs show: npm run screenshots [-- <folder>]
// With a folder, every page in it at the widths of a phone, a tablet and a desktop, to look at.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { chromium, type Page } from 'playwright-core';
import { startEngine } from '../../localstack/engine.ts';
import { localTarget } from '../../ops/aws-target.ts';
import { runDemo } from '../../ops/demo/run.ts';
import { generateOrder, orderPlacedEvent } from '../../ops/orders/generate.ts';
import { type DeployedShop, deployedShop } from '../../ops/stack.ts';
import { deploy } from '../../ops/up/deploy.ts';
import { freePort } from '../harness/engine.ts';
import { findChromium } from './chromium.ts';
import { startConsole } from './running-console.ts';

const PICTURES = join(import.meta.dirname, '..', '..', 'docs', 'images', 'console');
const THEMES = ['light', 'dark'] as const;
const WIDTHS = { phone: 360, tablet: 820, desktop: 1_440 };
const PICTURE = { width: 1_280, height: 960 };
const WEBP_QUALITY = 80;

/** Longer than anything takes on a busy machine. */
const PATIENCE_MS = 120_000;

const { signal } = new AbortController();

async function main(folder: string | undefined): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'shop-messaging-screenshots-'));
  const engine = await startEngine({
    name: 'ministack',
    port: await freePort(),
    dataDir: data,
    progress: console.info,
  });
  try {
    const target = localTarget(engine.endpoint);
    const partners = JSON.stringify({ crm: ['shop.order.confirmed.v1', 'shop.order.cancelled.v1'] });
    const shop = deployedShop(target, await deploy(target, { signal, folder: data, context: { partners } }));
    await runDemo(shop, { phone: undefined, signal, onProgress: () => {} });
    const running = await startConsole(engine.endpoint);
    const browser = await chromium.launch({ executablePath: findChromium() ?? 'chromium', args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage({ viewport: PICTURE, reducedMotion: 'reduce' });
      page.setDefaultTimeout(PATIENCE_MS);
      await page.goto(running.url);
      await operate(shop, page, (name) => {
        console.info(name);
        return folder === undefined ? takePictures(page, name) : takeAll(page, name, folder);
      });
    } finally {
      await browser.close();
      await running.stop();
    }
  } finally {
    await engine.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** Publishes orders as publishers with bugs do. */
async function publishPoison(shop: DeployedShop): Promise<void> {
  const sns = new SNSClient(shop.config);
  const bugs = ['quantity', 'quantity', 'quantity', 'sku'] as const;
  for (const [index, bug] of bugs.entries()) {
    const order = generateOrder({ orderId: `o-10${index + 24}`, locale: 'ko' });
    const items = order.items.map(({ [bug]: _, ...item }) => (bug === 'sku' ? item : { ...item, quantity: -2 }));
    const Message = JSON.stringify({ ...orderPlacedEvent(order), data: { ...order, items } });
    await sns.send(new PublishCommand({ TopicArn: shop.output('OrdersTopicArn'), Message }));
  }
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first();
const linkOf = (page: Page, table: string, text: string) =>
  page
    .getByRole('table', { name: table, exact: true })
    .getByRole('row')
    .filter({ hasText: text })
    .first()
    .getByRole('link')
    .first();

async function open(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** Waits until everything on the page was read. */
const read = (page: Page) => page.locator('main [aria-busy=true]').first().waitFor({ state: 'detached' });

/** Goes from page to page as an operator does in an outage, and takes a picture of each: `shoot(name)`. */
async function operate(shop: DeployedShop, page: Page, shoot: (name: string) => Promise<void>): Promise<void> {
  await open(page, 'Traffic');
  await page.getByLabel('Orders', { exact: true }).fill('120');
  await button(page, 'Start a load').click();
  await page.getByText(/^([3-9]\d|1\d\d) \/ 120$/).waitFor();
  await button(page, 'Take the payment gateway down').click();
  await button(page, 'Bring the payment gateway back').waitFor();
  await page.getByText(/^1[12]\d \/ 120$/).waitFor();
  await shoot('traffic');
  await open(page, 'Map');
  for (const name of ['order', 'stock', 'notification']) {
    await page.getByRole('button', { name: `${name} queue, empty` }).waitFor();
  }
  await shoot('map');
  await page.getByRole('button', { name: /^payment queue, / }).click();
  await page.getByRole('heading', { name: 'payment queue' }).waitFor();
  await read(page);
  await shoot('map-node');
  await open(page, 'Traffic');
  await button(page, 'Bring the payment gateway back').click();
  await page.getByText(/^Every order adds up/).waitFor();
  await open(page, 'Orders');
  await page.getByRole('table', { name: 'Orders', exact: true }).waitFor();
  await shoot('orders');
  await page.getByRole('searchbox', { name: 'Find an order' }).fill('#1029');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: /demo-.*-fee/ }).waitFor();
  await read(page);
  await shoot('order');
  await publishPoison(shop);
  await open(page, 'Dead letters');
  await linkOf(page, 'Dead letters', 'sku').click();
  await linkOf(page, 'Letters', 'o-').click();
  await button(page, 'Park').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Owner').fill('Mina Park');
  await dialog.getByLabel('Note').fill('The catalogue has no SKU for gift cards yet');
  await dialog.getByLabel('Link').fill('https://tracker.example/SHOP-112');
  await dialog.getByRole('button', { name: 'Park', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await open(page, 'Dead letters');
  await page.getByRole('table', { name: 'Dead letters', exact: true }).waitFor();
  await page.getByText('Mina Park').first().waitFor();
  await read(page);
  await shoot('dead-letters');
  await linkOf(page, 'Dead letters', 'payment').click();
  await page.getByRole('table', { name: 'Letters', exact: true }).waitFor();
  await shoot('dead-letters-group');
  await linkOf(page, 'Letters', 'o-').click();
  await button(page, 'Edit').click();
  await page.getByRole('textbox', { name: 'Body', exact: true }).waitFor();
  await shoot('dead-letter');
  await open(page, 'Replay');
  await button(page, 'Count').click();
  await page
    .getByText(/would be sent/)
    .first()
    .waitFor();
  await shoot('replay');
  await open(page, 'Audit');
  await button(page, 'Run the audit').click();
  await page
    .getByText(/agree$|disagree$|agrees$/)
    .first()
    .waitFor();
  await shoot('audit');
}

/** Takes the pictures of the docs, small enough to be kept in the repository. */
async function takePictures(page: Page, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  const session = await page.context().newCDPSession(page);
  for (const colorScheme of THEMES) {
    await show(page, PICTURE, colorScheme);
    // Playwright itself writes no WebP.
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: WEBP_QUALITY });
    await writeFile(join(PICTURES, `${name}-${colorScheme}.webp`), Buffer.from(data, 'base64'));
  }
}

/** Takes whole pages at every width, to look at. */
async function takeAll(page: Page, name: string, folder: string): Promise<void> {
  for (const [size, width] of Object.entries(WIDTHS)) {
    for (const colorScheme of THEMES) {
      await show(page, { width, height: 900 }, colorScheme);
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize(PICTURE);
}

async function show(page: Page, size: typeof PICTURE, colorScheme: (typeof THEMES)[number]): Promise<void> {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme });
  await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
  // The map and the charts take their new size a moment later.
  await page.waitForTimeout(500);
}

await main(process.argv[2]);
