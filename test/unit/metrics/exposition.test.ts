import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exposition, OWN_METRICS } from '../../../ops/metrics/exposition.ts';
import { families, type ShopReading } from '../../../ops/metrics/families.ts';
import { busyReading } from '../../builders/shop-reading.ts';
import { shopStatus } from '../../builders/shop-status.ts';

const { at } = busyReading;
const reading = (parts: Partial<ShopReading> = {}): ShopReading => ({ ...busyReading, ...parts });
const lines = async (given: ShopReading | undefined, cloudWatch = true, failures = 0): Promise<string[]> =>
  (await exposition({ reading: given, failures, cloudWatch }).metrics())
    .split('\n')
    .filter((line) => /^[a-z]/.test(line));

test('the metrics tell what the status tells', async () => {
  expect(await lines(reading())).toEqual(
    expect.arrayContaining([
      'shop_up 1',
      `shop_last_read_timestamp_seconds ${at.getTime() / 1_000}`,
      'shop_consumer_info{consumer="crm",kind="partner"} 1',
      'shop_queue_messages{consumer="payment",state="waiting"} 3',
      'shop_queue_messages{consumer="payment",state="in_flight"} 2',
      'shop_queue_messages{consumer="payment",state="delayed"} 1',
      'shop_dead_letters{consumer="payment"} 4',
      'shop_dead_letters{consumer="archive-undelivered-steps"} 1',
      'shop_parked_letters 6',
      'shop_orders{status="placed"} 5',
      'shop_orders{status="confirmed"} 1234',
      'shop_orders{status="cancelled"} 7',
      'shop_late_order_age_seconds 600',
      'shop_refunds_due 2',
      'shop_problems{consumer="payment",state="cannot start"} 1',
      'shop_problems{consumer="payment",state="dead letters"} 1',
      'shop_queue_oldest_message_age_seconds{consumer="payment"} 700',
      'shop_consumer_messages_per_second{consumer="payment"} 1.5',
      'shop_consumer_error_ratio{consumer="payment"} 0.25',
      'shop_consumer_longest_wait_seconds{consumer="payment"} 650',
      'shop_consumer_given_up_messages{consumer="payment"} 2',
      'shop_function_errors{consumer="payment"} 1',
      'shop_circuit_breaker_open{consumer="payment"} 1',
      'shop_cloudwatch_alarm_active{alarm="order-failed-deliveries",severity="warning"} 1',
      'shop_cloudwatch_alarm_active{alarm="sweep-dead-letters",severity="critical"} 0',
    ]),
  );
});

test('what is unknown of a partner has no sample, and no 0', async () => {
  const ofPartner = (await lines(reading())).filter((line) => line.includes('"crm"')).map((line) => line.split('{')[0]);
  expect([...new Set(ofPartner)]).toEqual([
    'shop_consumer_info',
    'shop_queue_messages',
    'shop_dead_letters',
    'shop_problems',
    'shop_queue_oldest_message_age_seconds',
  ]);
});

test('what only CloudWatch knows is left out where it is not asked, for it would be wrong', async () => {
  const names = (await lines(reading(), false)).join('\n');
  expect(names).toContain('shop_queue_messages');
  expect(names).not.toMatch(/per_second|ratio|oldest|breaker|function_errors|longest|given_up|cloudwatch/);
});

test('orders of a table that is only counted in part are left out, those that are undecided are not', async () => {
  const status = shopStatus([], { orders: { PLACED: 5, CONFIRMED: 15_000, CANCELLED: 10, atLeast: true } });
  const orders = (await lines(reading({ status }))).filter((line) => line.startsWith('shop_orders'));
  expect(orders).toEqual(['shop_orders{status="placed"} 5']);
});

test('a consumer that is paused says since when, and a mapping that is off that it is', async () => {
  const all = await lines(reading());
  expect(all).toContain('shop_consumer_enabled{consumer="stock"} 0');
  expect(all).toContain('shop_consumer_paused{consumer="stock"} 1');
  expect(all).toContain(`shop_consumer_paused_timestamp_seconds{consumer="stock"} ${at.getTime() / 1_000 - 3_600}`);
});

test('every metric is served of some shop', async () => {
  const served = new Set((await lines(reading())).map((line) => /^\w+/.exec(line)?.[0]));
  for (const { name } of [...families, ...Object.values(OWN_METRICS)]) expect(served).toContain(name);
});

test('every metric is in the docs', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'metrics.md'), 'utf8');
  for (const { name } of [...families, ...Object.values(OWN_METRICS)]) expect(page).toContain(`| \`${name}\` |`);
});

test('a shop that cannot be read is down, and nothing else is claimed of it', async () => {
  expect(await lines(undefined, true, 3)).toEqual(['shop_up 0', 'shop_read_failures_total 3']);
});
