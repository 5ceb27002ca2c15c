import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Notification } from '../../lambdas/notification/rules.ts';
import type { SmsSettings } from '../../lambdas/notification/sms-settings.ts';
import type { TextState } from '../../lambdas/notification/text-state.ts';
import { dynamoRecordStore } from '../../lambdas/runtime/records.ts';
import { output, testOrder } from '../deployed/deployed-shop.ts';
import { FunctionInstance } from '../harness/function-instance.ts';
import { checkInvariants } from './check-invariants.ts';
import { bundleOf, connection, deployedFunction, leadTo } from './deployed-functions.ts';
import { useHarness } from './harness.ts';

const shop = useHarness();

test('a flood of orders with premium-rate numbers sends no text, dead-letters nothing and does not affect other texts', async () => {
  const { ledger } = shop();
  const { sku } = testOrder();
  await ledger.stock(sku, 70);
  const premium = Array.from({ length: 60 }, (_, number) => testOrder({ sku, phone: `+8260${1_000_000 + number}` }));
  const others = Array.from({ length: 5 }, () => testOrder({ sku }));
  await ledger.place([...premium, ...others]);
  await shop().settle();
  await checkInvariants(shop(), { refused: new Set(premium.map(({ orderId }) => orderId)) });
});

describe('With quiet hours', () => {
  const QUIET_HOURS = { from: 21, to: 8 };
  let deployed: FunctionInstance[] = [];
  let quiet: FunctionInstance;

  beforeAll(async () => {
    const { environment, timeoutMs } = await deployedFunction('notification');
    const endpoint = await shop().proxy.open('notification-quiet', { crash: () => quiet.crash() });
    const settings = JSON.parse(environment.SMS_SETTINGS ?? '') as SmsSettings;
    quiet = new FunctionInstance({
      bundle: bundleOf('notification'),
      environment: {
        ...leadTo(endpoint, environment),
        SMS_SETTINGS: JSON.stringify({ ...settings, perDay: 1, quietHours: QUIET_HOURS } satisfies SmsSettings),
      },
      timeoutMs,
      log: () => {},
    });
    deployed = shop().instances.get('notification')?.splice(0, Number.POSITIVE_INFINITY, quiet) ?? [];
  });

  afterAll(() => {
    shop()
      .instances.get('notification')
      ?.splice(0, 1, ...deployed);
    quiet.kill();
  });

  const records = dynamoRecordStore<Notification>(
    output('NotificationsTableName'),
    DynamoDBDocumentClient.from(new DynamoDBClient(connection())),
  );
  const textOf = async (orderId: string): Promise<TextState | undefined> =>
    (await records.load([orderId])).get(orderId)?.texts['order-confirmed'];

  const hourIn = (timeZone: string, time: string) =>
    Number(new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' }).format(new Date(time)));

  // At 02:00 UTC it is night in a zone of each.
  test.each([
    ['Brazil', '+5568912345678', ['America/Rio_Branco', 'America/Noronha']],
    ['Portugal', '+351912345678', ['Atlantic/Azores', 'Europe/Lisbon']],
    ['Nepal', '+9779841234567', ['Asia/Katmandu']],
    ['the United States', '+12025550123', ['Pacific/Honolulu', 'America/New_York']],
  ])(
    'a text waits until it is day in every zone of the country, the record says so, and it is sent once: %s',
    async (_, phone, zones) => {
      const { ledger, clock } = shop();
      const order = testOrder({ phone });
      const night = new Date(clock.now() + 86_400_000).setUTCHours(2, 0, 0, 0);
      await shop().pass((night - clock.now()) / 1_000);
      await ledger.stock(order.sku, 1);
      await ledger.place([order]);
      await shop().pump();

      const waiting = await textOf(order.orderId);
      expect(waiting).toEqual({ notBefore: expect.any(String) });
      await shop().settle();

      await checkInvariants(shop());
      const sent = await textOf(order.orderId);
      const sentAt = sent !== undefined && 'sentAt' in sent ? sent.sentAt : '';
      expect(waiting !== undefined && 'notBefore' in waiting && waiting.notBefore <= sentAt).toBe(true);
      for (const zone of zones) {
        expect(hourIn(zone, sentAt)).toBeGreaterThanOrEqual(QUIET_HOURS.to);
        expect(hourIn(zone, sentAt)).toBeLessThan(QUIET_HOURS.from);
      }
    },
  );

  test('a number gets no more texts a day than it may', async () => {
    const { ledger } = shop();
    const orders = Array.from({ length: 3 }, () => testOrder({ phone: '+821099887766' }));
    for (const { sku } of orders) await ledger.stock(sku, 1);
    await ledger.place(orders);
    await shop().settle();
    const states = await Promise.all(orders.map(({ orderId }) => textOf(orderId)));
    expect(states.filter((state) => state !== undefined && 'sentAt' in state)).toHaveLength(1);
    expect(states.filter((state) => state !== undefined && 'refusedAt' in state)).toEqual(
      Array.from({ length: 2 }, () => expect.objectContaining({ reason: 'too-many' })),
    );
  });
});
