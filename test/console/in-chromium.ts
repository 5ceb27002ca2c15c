import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { test as base, expect, inject } from 'vitest';
import '../deployed/provided.ts';
import { findChromium } from './chromium.ts';
import { EngineLink } from './engine-link.ts';
import { type RunningConsole, startConsole } from './running-console.ts';

const DESKTOP = { width: 1_280, height: 800 };
/** Longer than anything takes on a busy machine; nothing here is a timed test. */
export const PATIENCE_MS = 45_000;

/** What a test in a browser works with; each is started when the first test of a file asks for it. */
type Fixtures = {
  endpoint: string;
  chromium: string;
  engine: EngineLink;
  running: RunningConsole;
  browser: Browser;
  /** A person's browser: it has opened the link that the console printed. */
  context: BrowserContext;
  page: Page;
};

/** A test that has a console, a browser and a page; it fails where the page had an error or asked another host for something. */
export const test = base.extend<Fixtures>({
  endpoint: [inject('endpoint'), { scope: 'file' }],
  chromium: [findChromium() ?? 'chromium', { scope: 'file' }],
  engine: [
    async ({ endpoint }, use) => {
      const link = new EngineLink(endpoint);
      await link.open();
      await use(link);
      await link.cut();
    },
    { scope: 'file' },
  ],
  running: [
    async ({ engine }, use) => {
      const running = await startConsole(engine.endpoint);
      await use(running);
      await running.stop();
    },
    { scope: 'file' },
  ],
  browser: [
    async ({ chromium: executablePath }, use) => {
      // Root has no sandbox; what is opened comes from this repository alone.
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  context: async ({ browser }, use) => {
    const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: 'no-preference' });
    context.setDefaultTimeout(PATIENCE_MS);
    await use(context);
    await context.close();
  },
  page: async ({ context, running }, use) => {
    const page = await context.newPage();
    const problems = watch(page, new URL(running.url).origin);
    await page.goto(running.url);
    await use(page);
    expect(problems).toEqual([]);
  },
});

/** Collects what a page must never have: an error of its script, and a request to anywhere else. */
function watch(page: Page, origin: string): string[] {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    // What was refused or cut on purpose is said by the test itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      problems.push(`console: ${message.text()}`);
    }
  });
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (asked !== origin && protocol !== 'data:') problems.push(`request to ${request.url()}`);
  });
  return problems;
}
