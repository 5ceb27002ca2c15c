import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { metricLines } from '../../../lambdas/runtime/metrics.ts';
import type { Outcome } from '../../../lambdas/runtime/outcome.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { cancelled, captured, confirmed, declined, refunded, reserved } from '../../builders/events.ts';

const startedAt = Date.UTC(2026, 10, 21, 9);

type Parts = { waited?: number[]; outcomes?: Outcome['kind'][]; published?: CloudEvent[] };

/** Returns three done attempts by default; the first published all events. */
function attempts({ waited = [5, 70, 900], outcomes = [], published = [] }: Parts) {
  return waited.map((ms, index) => {
    const made = sqsRecord({});
    const record = { ...made, attributes: { ...made.attributes, SentTimestamp: String(startedAt - ms) } };
    const outcome = { kind: outcomes[index] ?? ('done' as const) };
    return { record, outcome, published: index === 0 ? published : [] };
  });
}

const linesOf = (parts: Parts = {}) => metricLines('payment', attempts(parts), startedAt, startedAt + 40);

/** Evaluates the lines as CloudWatch does: each metric with its dimensions and values. */
function metricsOf(parts: Parts): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  for (const text of linesOf(parts)) {
    const { _aws, ...line } = JSON.parse(text);
    expect(_aws.Timestamp).toBe(startedAt + 40);
    for (const { Namespace, Dimensions, Metrics } of _aws.CloudWatchMetrics) {
      expect(Namespace).toBe('ShopMessaging');
      for (const names of Dimensions) {
        const dimensions = Object.fromEntries(names.map((name: string) => [name, line[name]]));
        for (const { Name, Unit } of Metrics) found.push({ [Name]: line[Name], Unit, ...dimensions });
      }
    }
  }
  return found;
}

const placedStep = (orderId: string, step = 'shop.order.placed.v1'): CloudEvent => ({
  ...confirmed({ orderId }),
  type: 'shop.order.progressed.v1',
  data: { orderId, sequence: 1, step },
});

test('Metrics do not count a repeated publication', () => {
  const [first, ...others] = attempts({ published: [captured()] });
  if (first === undefined) throw new Error('There is a first try');
  const again = [{ ...first, repeated: true as const }, ...others];
  expect(metricLines('payment', [first, ...others], startedAt, startedAt + 40).join()).toContain(
    '"PaymentsCaptured":1',
  );
  expect(metricLines('payment', again, startedAt, startedAt + 40).join()).not.toContain('PaymentsCaptured');
});

describe('The metrics of a batch', () => {
  test('are one line with outcomes, waiting times and duration', () => {
    expect(linesOf()).toHaveLength(1);
    expect(metricsOf({ outcomes: ['will be tried again', 'done', 'dead-lettered'] })).toEqual([
      { Done: 1, Unit: 'Count', consumer: 'payment' },
      { Retried: 1, Unit: 'Count', consumer: 'payment' },
      { DeadLettered: 1, Unit: 'Count', consumer: 'payment' },
      { Took: 40, Unit: 'Milliseconds', consumer: 'payment' },
      { Waited: [5, 70, 900], Unit: 'Milliseconds', consumer: 'payment' },
    ]);
  });

  test("report a waiting time of zero when the sender's clock is ahead", () => {
    expect(metricsOf({ waited: [-20] })).toContainEqual(expect.objectContaining({ Waited: [0] }));
  });
});

/** CloudWatch takes events of 1 MiB, a hundred values of a metric and a hundred metrics; Lambda splits what is longer than 64 KiB. */
function expectWithinLimits(line: string): void {
  expect(Buffer.byteLength(line)).toBeLessThan(65_536);
  const { _aws, ...fields } = JSON.parse(line);
  for (const value of Object.values(fields).filter(Array.isArray)) expect(value.length).toBeLessThanOrEqual(100);
  for (const { Metrics, Dimensions } of _aws.CloudWatchMetrics) {
    expect(Metrics.length).toBeLessThanOrEqual(100);
    const names = [...Dimensions.flat(), ...Metrics.map(({ Name }: { Name: string }) => Name)];
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(names));
  }
}

describe('The limits of CloudWatch', () => {
  const money = (currency: string, amount: number) => ({ ...captured(), data: { orderId: 'o-1', amount, currency } });
  const published = fc.array(
    fc.oneof(
      fc
        .constantFrom('customer' as const, 'out-of-stock' as const, 'payment-declined' as const, 'timed-out' as const)
        .map((reason) => cancelled({ orderId: 'o-1', reason })),
      fc
        .tuple(fc.constantFrom('KRW', 'EUR', 'USD', 'JPY', 'GBP'), fc.nat())
        .map(([currency, amount]) => money(currency, amount)),
      fc.constant(confirmed({ orderId: 'o-1' })),
    ),
    { maxLength: 100 },
  );
  const waited = fc.array(fc.integer({ min: 0, max: 20 * 86_400_000 }), {
    minLength: 1,
    maxLength: 350,
    size: 'max',
  });

  test('hold for every line, and no value is lost or counted twice', () => {
    fc.assert(
      fc.property(waited, published, (waits, events) => {
        for (const text of linesOf({ waited: waits, published: events })) expectWithinLimits(text);
        const found = metricsOf({ waited: waits, published: events });
        const sumOf = (name: string, dimensions: number) =>
          found
            .filter((metric) => name in metric && Object.keys(metric).length === 2 + dimensions)
            .reduce((sum, metric) => sum + Number(metric[name]), 0);
        expect(found.flatMap((metric) => metric.Waited ?? [])).toEqual(waits);
        expect(sumOf('Done', 1)).toBe(waits.length);
        expect(found.filter((metric) => 'Took' in metric)).toHaveLength(1);
        const cancellations = events.filter(({ type }) => type === 'shop.order.cancelled.v1');
        expect(sumOf('OrdersCancelled', 0)).toBe(cancellations.length);
        expect(sumOf('OrdersCancelled', 1)).toBe(cancellations.length);
        expect(sumOf('RevenueCaptured', 1)).toBe(
          events.reduce((sum, { data }) => sum + ('amount' in data ? Number(data.amount) : 0), 0),
        );
      }),
      // A smaller counterexample takes minutes to find and says no more.
      { endOnFailure: true },
    );
  });
});

describe('Business metrics', () => {
  const business = (...published: CloudEvent[]) => metricsOf({ published }).filter(({ consumer }) => !consumer);

  test('count published events', () => {
    const published = [
      placedStep('o-1'),
      placedStep('o-2'),
      placedStep('o-1', 'shop.order.confirmed.v1'),
      confirmed({ orderId: 'o-1' }),
      declined({ orderId: 'o-2' }),
      reserved({ orderId: 'o-1' }),
    ];
    expect(business(...published)).toEqual([
      { OrdersPlaced: 2, Unit: 'Count' },
      { OrdersConfirmed: 1, Unit: 'Count' },
      { PaymentsDeclined: 1, Unit: 'Count' },
    ]);
  });

  test('report captured and refunded money in minor units of its currency', () => {
    expect(business(captured({ amount: 100 }), captured({ amount: 20 }), refunded())).toEqual([
      { PaymentsCaptured: 2, Unit: 'Count' },
      { PaymentsRefunded: 1, Unit: 'Count' },
      { RevenueCaptured: 120, Unit: 'None', currency: 'KRW' },
      { RevenueRefunded: 12_000, Unit: 'None', currency: 'KRW' },
    ]);
  });

  test('use one line per currency and count the batch in the first only', () => {
    const euros = { ...captured({ amount: 3 }), data: { orderId: 'o-3', amount: 3, currency: 'EUR' } };
    const published = [captured({ amount: 100 }), euros];
    expect(linesOf({ published })).toHaveLength(2);
    const found = metricsOf({ published });
    expect(found.filter((metric) => 'Done' in metric)).toHaveLength(1);
    expect(found).toContainEqual({ PaymentsCaptured: 2, Unit: 'Count' });
    expect(found).toContainEqual({ RevenueCaptured: 100, Unit: 'None', currency: 'KRW' });
    expect(found).toContainEqual({ RevenueCaptured: 3, Unit: 'None', currency: 'EUR' });
  });

  test('count cancelled orders in total and by reason', () => {
    const reasons = ['customer', 'out-of-stock', 'customer'] as const;
    const found = business(...reasons.map((reason, index) => cancelled({ orderId: `o-${index}`, reason })));
    expect(found).toEqual([
      { OrdersCancelled: 2, Unit: 'Count' },
      { OrdersCancelled: 2, Unit: 'Count', reason: 'customer' },
      { OrdersCancelled: 1, Unit: 'Count' },
      { OrdersCancelled: 1, Unit: 'Count', reason: 'out-of-stock' },
    ]);
  });
});
