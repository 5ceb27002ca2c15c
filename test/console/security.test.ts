import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import { test } from './in-chromium.ts';
import type { RunningConsole } from './running-console.ts';

type Answer = { status: number | undefined; headers: Record<string, unknown>; body: string };

/** Asks as no browser would, with exactly these headers. */
async function ask(
  { port }: RunningConsole,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, path, method, headers }).end(method === 'POST' ? '{}' : undefined);
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

const tokenOf = ({ url }: RunningConsole) => new URL(url).searchParams.get('token') ?? '';

/** Opens the printed link, and returns the cookie that it gives. */
async function cookieOf(running: RunningConsole): Promise<string> {
  const { headers } = await ask(running, `/?token=${tokenOf(running)}`);
  return String(headers['set-cookie']).split(';')[0] ?? '';
}

describe('who asks', () => {
  const foreign: [string, (own: string) => Record<string, string>][] = [
    ['a page of another site', () => ({ Origin: 'http://shop.example' })],
    ['a page without an origin of its own', () => ({ Origin: 'null' })],
    ['a page of another port of this machine', () => ({ Origin: 'http://127.0.0.1:1' })],
    ['a name that was pointed at this machine', () => ({ Host: 'rebound.example' })],
    ['a name with the right port that was pointed at this machine', (port) => ({ Host: `rebound.example:${port}` })],
    ['a link on another site', () => ({ 'Sec-Fetch-Site': 'cross-site' })],
    ['a neighbour of the same site', () => ({ 'Sec-Fetch-Site': 'same-site' })],
  ];
  test.for(foreign)('%s gets 403, with the cookie too', async ([, headersFor], { running }) => {
    const headers = { Cookie: await cookieOf(running), ...headersFor(String(running.port)) };
    for (const path of ['/map', '/api/status', '/api/orders', '/api/live', '/assets/console.js']) {
      expect((await ask(running, path, headers)).status, path).toBe(403);
    }
    expect((await ask(running, '/api/orders/place', headers, 'POST')).status).toBe(403);
    expect((await ask(running, `/?token=${tokenOf(running)}`, { ...headers, Cookie: '' })).status).toBe(403);
  });

  test('whoever has not opened the link gets 401, and no cookie', async ({ running }) => {
    const wrong = `console-${running.port}=${'x'.repeat(32)}`;
    for (const path of [
      '/',
      '/map',
      '/?token=guessed',
      '/api/status',
      '/api/live',
      '/assets/console.js',
      '/api/none',
    ]) {
      for (const Cookie of ['', wrong]) {
        const { status, headers } = await ask(running, path, { Cookie });
        expect([path, status, headers['set-cookie']]).toEqual([path, 401, undefined]);
      }
    }
    expect((await ask(running, `/api/orders/place?token=${tokenOf(running)}`, {}, 'POST')).status).toBe(401);
  });

  test('the link gives a cookie that no script reads and no other site sends, and its token leaves the address', async ({
    running,
  }) => {
    const { status, headers } = await ask(running, `/?token=${tokenOf(running)}`);
    expect(status).toBe(303);
    expect(headers.location).toBe('/map');
    expect(String(headers['set-cookie'])).toMatch(/HttpOnly/);
    expect(String(headers['set-cookie'])).toMatch(/SameSite=Strict/);
    expect(String(headers['set-cookie'])).not.toContain(tokenOf(running));
  });

  test('only this machine reaches it', async ({ running }) => {
    const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
    const others = ['127.0.0.2', ...addresses].filter((one) => one !== '127.0.0.1' && !one.startsWith('fe80'));
    for (const host of others) {
      const { promise, resolve } = Promise.withResolvers<string>();
      const socket = connect({ host, port: running.port }, () => resolve('reached'));
      socket.once('error', () => resolve('refused'));
      expect([host, await promise]).toEqual([host, 'refused']);
      socket.destroy();
    }
  });
});

test('a page of another origin can neither read nor do anything, nor show it in a frame', async ({
  context,
  page,
  running,
}) => {
  const console = new URL(running.url).origin;
  const site = createServer((_, answer) =>
    answer.end(`<!doctype html><title>Another site</title><iframe src="${console}/map"></iframe>`),
  ).listen(0, '127.0.0.1');
  await once(site, 'listening');
  const foreign = await context.newPage();
  const answers: [string, number][] = [];
  foreign.on('response', (one) => answers.push([new URL(one.url()).pathname, one.status()]));
  await foreign.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/page`);
  const read = await foreign.evaluate(
    (url) => fetch(url, { credentials: 'include' }).then((answer) => answer.text(), String),
    `${console}/api/status`,
  );
  expect(read).toContain('Failed to fetch');
  await foreign.evaluate(
    (url) =>
      fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"scenario":"ko"}' }).catch(String),
    `${console}/api/orders/place`,
  );
  expect(answers).toEqual(
    expect.arrayContaining([
      ['/page', 200],
      ['/map', 403],
      ['/api/orders/place', 403],
    ]),
  );
  // The page itself may.
  expect(await page.evaluate(() => fetch('/api/status').then(({ status }) => status))).toBe(200);
  site.close();
});

test('a script that somebody smuggled into a page does not run', async ({ context, page, running }) => {
  await page.close();
  const watched = await context.newPage();
  await watched.goto(running.url);
  const policy = (await watched.request.get(`${new URL(running.url).origin}/map`)).headers()['content-security-policy'];
  expect(policy).toMatch(/default-src 'none'/);
  expect(policy).not.toContain('unsafe');
  await watched.evaluate(`{
    const script = document.createElement('script');
    script.textContent = 'document.title = "smuggled"';
    const image = document.createElement('img');
    image.setAttribute('onerror', 'document.title = "smuggled"');
    image.src = 'data:,';
    document.body.append(script, image);
  }`);
  const elsewhere = await watched.evaluate(() => fetch('http://127.0.0.1:9/').then(String, String));
  expect(elsewhere).toContain('Failed to fetch');
  expect(await watched.title()).not.toBe('smuggled');
});

const ACTIONS = [
  ['/orders', 'Place a test order'],
  ['/traffic', 'Start a load'],
  ['/traffic', 'Take the payment gateway down'],
  ['/replay', 'Count'],
  ['/audit', 'Run the audit'],
] as const;

test('a page that may only look has no button that changes something, and says why', async ({
  page,
  context,
  running,
}) => {
  const at = (path: string) => new URL(path, running.url).href;
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  for (const [path, name] of ACTIONS) {
    await page.goto(at(path));
    await button(name).waitFor();
  }
  const facts: object = await (await page.request.get(at('/api/facts'))).json();
  const looking = { ...facts, actionsAllowed: false, revealAllowed: false, bodiesShown: false };
  await context.route('**/api/facts', (route) => route.fulfill({ json: looking }));
  for (const [path, name] of ACTIONS) {
    await page.goto(at(path));
    await page.getByText('Read-only').waitFor();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await button(name).count(), `${name} on ${path}`).toBe(0);
  }
});
