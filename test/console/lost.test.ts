import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { test } from './in-chromium.ts';
import { startConsole } from './running-console.ts';

const sentence = (page: Page) => page.getByRole('status');

/** Waits until the one sentence of the page says so. */
const says = (page: Page, what: RegExp) => sentence(page).filter({ hasText: what }).waitFor();

test('an engine that ended is said on every page, and each recovers by itself once it is back', async ({
  context,
  engine,
  page,
}) => {
  await page.getByText('Live', { exact: true }).waitFor();
  await sentence(page).filter({ hasNotText: 'Connecting' }).waitFor();
  const before = await sentence(page).textContent();
  const orders = await context.newPage();
  await orders.goto(new URL('/orders', page.url()).href);
  await orders.getByRole('heading', { name: 'Orders' }).waitFor();
  await engine.cut();
  try {
    for (const one of [page, orders]) await says(one, /stopped answering|Nothing is running/);
  } finally {
    await engine.open();
  }
  for (const one of [page, orders]) {
    const asBefore = sentence(one).filter({ hasText: before ?? '' });
    await asBefore.waitFor();
  }
  await orders.getByRole('alert').waitFor({ state: 'detached' });
});

test('a console that ended is said, and once it was started anew at the same port, that its new link is needed', async ({
  context,
  engine,
}) => {
  const first = await startConsole(engine.endpoint);
  const page = await context.newPage();
  await page.goto(first.url);
  await page.getByText('Live', { exact: true }).waitFor();
  await first.stop();
  await says(page, /does not answer/);
  const second = await startConsole(engine.endpoint, first.port);
  try {
    expect(second.port).toBe(first.port);
    await says(page, /open the link/);
    await page.goto(second.url);
    await page.getByText('Live', { exact: true }).waitFor();
  } finally {
    await second.stop();
  }
});

test('a second console takes the next free port, and each has its own link', async ({ context, engine, running }) => {
  const second = await startConsole(engine.endpoint, running.port);
  try {
    expect(second.port).toBeGreaterThan(running.port);
    const page = await context.newPage();
    for (const { url } of [running, second, running]) {
      await page.goto(url);
      await page.getByText('Live', { exact: true }).waitFor();
    }
  } finally {
    await second.stop();
  }
});
