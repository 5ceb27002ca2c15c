import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { localFolder } from '../../localstack/engines.ts';
import { eventually, testOrder } from '../deployed/deployed-shop.ts';
import { test } from './in-chromium.ts';
import { publishPoison } from './poison.ts';

type Row = { messageId: string; orderId?: string };
type Line = { time: string; who: string; action: string; result: string };

const LOG = join(localFolder, 'console-actions.jsonl');

/** Reads what the log of actions has since a moment. */
async function logSince(time: string): Promise<{ text: string; lines: Line[] }> {
  const all = (await readFile(LOG, 'utf8')).trim().split('\n');
  const lines = all.map((line): Line => JSON.parse(line)).filter((line) => line.time >= time);
  return { text: JSON.stringify(lines), lines };
}

test('personal data is masked wherever a letter is shown, and a reveal and every action are written down without any', async ({
  page,
  running,
}) => {
  const since = new Date().toISOString();
  const order = testOrder({ token: 'tok_of_a_customer' });
  await publishPoison(order);
  const origin = new URL(running.url).origin;
  const get = async (path: string) => await (await page.request.get(origin + path)).text();
  const post = (path: string, data: object) => page.request.post(origin + path, { data, headers: { Origin: origin } });
  const letter = await eventually('the dead letter is listed', async () => {
    const { rows }: { rows: Row[] } = JSON.parse(await get('/api/dead-letters/letters?consumer=payment'));
    return rows.find(({ orderId }) => orderId === order.orderId);
  });
  const path = `letter/payment/${letter.messageId}`;
  await page.goto(`${origin}/dead-letters/${path}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('textbox', { name: 'Body', exact: true }).waitFor();
  const shown = [await page.content(), await page.getByRole('textbox', { name: 'Body', exact: true }).inputValue()];
  const reads = ['', '/board', '/board?by=order', '/letters?consumer=payment', '/history', `/${path}`];
  for (const read of reads) shown.push(await get(`/api/dead-letters${read}`));
  for (const read of ['/api/orders', '/api/status', '/api/map', '/api/jobs']) shown.push(await get(read));
  for (const text of shown) {
    expect(text).not.toContain(order.phone);
    expect(text).not.toContain(order.token);
  }

  const reveal = { consumer: 'payment', id: letter.messageId, reason: 'the customer called' };
  expect(await (await post('/api/dead-letters/reveal', reveal)).text()).toContain(order.phone);
  const body = JSON.stringify({ customer: { phone: order.phone } });
  await post('/api/dead-letters/redrive', { ids: [letter.messageId], body, force: true });
  await post('/api/orders/place', { scenario: 'none' });
  const { text, lines } = await logSince(since);
  const results = (name: string) => lines.filter(({ action }) => action === name).map(({ result }) => result);
  expect(results('dead-letters/reveal')).toEqual(['begun', 'done']);
  expect(results('dead-letters/redrive')[0]).toBe('begun');
  expect(results('orders/place')).toEqual(['begun', expect.stringMatching(/^failed: /)]);
  for (const { who } of lines) expect(who).not.toBe('');
  for (const secret of [order.phone, order.phone.slice(-8), order.token]) expect(text).not.toContain(secret);
});
