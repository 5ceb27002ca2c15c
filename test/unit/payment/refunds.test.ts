import { describe, expect, test } from 'vitest';
import { parseEvent } from '../../../contracts/parse.ts';
import { paymentRefundDue, paymentRefunded, paymentRefundRefused } from '../../../contracts/payment.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { nextPayment } from '../../../lambdas/payment/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, dispatched, paymentReceived, placed, refundRequested } from '../../builders/events.ts';
import { FakeGateway } from '../../builders/gateway.ts';
import { NOW, once, payments } from '../../builders/payments.ts';

const KRW = { currency: 'KRW' };
const CONTRACTS = [paymentRefunded, paymentRefundDue, paymentRefundRefused];

type Shop = ReturnType<typeof payments>;

/** Returns a shop with an order of 12,000 that is captured, or paid otherwise, and of which nothing was observed yet. */
async function paid(payment: NonNullable<Parameters<typeof placed>[0]>['payment'] = { token: 'tok_visa' }) {
  const shop = payments();
  await shop.deliver(placed({ payment }));
  await shop.deliver(confirmed({ payment }));
  shop.calls.length = 0;
  shop.published.length = 0;
  return shop;
}

const ask = (shop: Shop, refundId: string, amount: number) =>
  shop.deliver(refundRequested({ refundId, amount, id: `${refundId} ${amount}` }));

/** What went back at the gateway, in sequence. */
const sent = ({ gateway }: Shop) =>
  gateway.entries('refund', 'o-1001').map(({ refundId = 'by others', money }) => `${refundId} ${money.amount}`);

/** The refunds that were told of, with their ids; each is what its contract says. */
const told = ({ published }: Shop) =>
  published
    .filter(({ type }) => type.includes('refund'))
    .map((event) => ({ id: event.id, data: parseEvent(JSON.stringify(event), CONTRACTS).data }));

/** Sends money back as somebody does in the provider's dashboard. */
const refundElsewhere = ({ gateway }: Shop, amount: number) =>
  gateway.ledger.push({ kind: 'refund', orderId: 'o-1001', money: { amount, ...KRW } });

describe('A refund that is asked for', () => {
  test('goes back once per refund id, and says what went back so far', async () => {
    const shop = await paid();
    for (const [refundId, amount] of [
      ['r-1', 5_000],
      ['r-2', 4_000],
      ['r-1', 5_000],
    ] as const) {
      await ask(shop, refundId, amount);
      shop.gateway.expireIdempotencyKeys();
    }
    expect(sent(shop)).toEqual(['r-1 5000', 'r-2 4000']);
    const data = { orderId: 'o-1001', ...KRW };
    expect(new Map(told(shop).map((event) => [event.id, event.data]))).toEqual(
      new Map([
        ['o-1001.refunded.r-1', { ...data, amount: 5_000, refundId: 'r-1', refunded: 5_000 }],
        ['o-1001.refunded.r-2', { ...data, amount: 4_000, refundId: 'r-2', refunded: 9_000 }],
      ]),
    );
    expect(shop.record()).toMatchObject({ state: 'captured', refunds: [{ state: 'done' }, { state: 'done' }] });
    expect(shop.record()).not.toHaveProperty('refundDue');
  });

  test('is told of once, whatever happens to the order afterwards, as the metrics count what is told', async () => {
    const shop = await paid();
    for (const event of [
      refundRequested({ refundId: 'r-1' }),
      refundRequested({ refundId: 'r-2', amount: 1 }),
      dispatched(),
    ])
      await shop.deliver(event);
    const other = await paid();
    for (const event of [refundRequested({ refundId: 'r-1' }), cancelled()]) await other.deliver(event);
    expect([shop, other].map((one) => told(one).map(({ id }) => id))).toEqual([
      ['o-1001.refunded.r-1', 'o-1001.refunded.r-2'],
      ['o-1001.refunded.r-1', 'o-1001.refunded'],
    ]);
  });

  test('is refused beyond what was captured, with both sums, and what is left can still go back', async () => {
    const shop = await paid();
    await ask(shop, 'r-1', 5_000);
    shop.calls.length = 0;
    shop.published.length = 0;
    for (const attempt of [1, 2]) {
      expect(await ask(shop, 'r-2', 7_001)).toEqual([expect.stringMatching(/^failed: ConflictError: .*12000.*5000/)]);
      expect(told(shop).filter(({ id }) => id.includes('refused'))).toHaveLength(attempt);
    }
    expect(told(shop).at(-1)).toEqual({
      id: 'o-1001.refund-refused.r-2',
      data: { orderId: 'o-1001', refundId: 'r-2', amount: 7_001, captured: 12_000, refunded: 5_000, ...KRW },
    });
    expect(shop.calls).toEqual([]);
    expect(await ask(shop, 'r-3', 7_000)).toContain('shop.payment.refunded.v1');
    expect(sent(shop)).toEqual(['r-1 5000', 'r-3 7000']);
  });

  test('under an id that was used for another amount is a conflict, and nothing is sent', async () => {
    const shop = await paid();
    await ask(shop, 'r-1', 5_000);
    expect(await ask(shop, 'r-1', 6_000)).toEqual([expect.stringMatching(/ConflictError.*5000.*6000/)]);
    expect(sent(shop)).toEqual(['r-1 5000']);
  });

  test('of two at once that are more than was captured together is one refused', async () => {
    const shop = await paid();
    const results = await Promise.all([ask(shop, 'r-1', 7_000), ask(shop, 'r-2', 7_000)]);
    expect(results.filter(([first = '']) => first.includes('ConflictError'))).toHaveLength(1);
    expect(sent(shop)).toHaveLength(1);
  });

  test('of goods alone does nothing', async () => {
    const shop = await paid();
    expect(await ask(shop, 'r-1', 0)).toEqual([]);
    expect([shop.record()?.refunds, shop.calls]).toEqual([undefined, []]);
  });

  test('says on record whether goods come with it', async () => {
    const shop = await paid();
    await shop.deliver(refundRequested({ items: [{ sku: 'KB-01', quantity: 1 }] }));
    await ask(shop, 'r-2', 1);
    expect(shop.record()?.refunds?.map(({ goods }) => goods)).toEqual([true, undefined]);
  });

  test('is on record before it is sent', async () => {
    const shop = await paid();
    const onRecord: unknown[] = [];
    shop.gateway.refund = (...args) => {
      onRecord.push(shop.record()?.refunds);
      return FakeGateway.prototype.refund.apply(shop.gateway, args);
    };
    await ask(shop, 'r-1', 5_000);
    expect(onRecord).toMatchObject([[{ refundId: 'r-1', amount: 5_000, state: 'pending' }]]);
  });

  test('does not change what is told of the capture', async () => {
    const shop = payments();
    for (const event of [placed(), confirmed(), refundRequested(), confirmed()]) await shop.deliver(event);
    const captures = shop.published.filter(({ type }) => type === 'shop.payment.captured.v1');
    expect(captures).toHaveLength(2);
    expect(captures[1]).toEqual(captures[0]);
  });

  test('has ids within their limits for the longest ids', async () => {
    const [orderId, refundId] = ['o'.repeat(64), 'r'.repeat(64)];
    const shop = payments();
    for (const event of [placed({ orderId }), confirmed({ orderId })]) await shop.deliver(event);
    for (const amount of [1, 2]) await shop.deliver(refundRequested({ orderId, refundId, amount, id: `${amount}` }));
    await shop.deliver(refundRequested({ orderId, refundId: 'q'.repeat(64), amount: 12_000 }));
    expect(told(shop).map(({ id }) => id)).toEqual([
      `${orderId}.refunded.${refundId}`,
      `${orderId}.refunded.${refundId}`,
      `${orderId}.refund-refused.${'q'.repeat(64)}`,
    ]);
  });

  test('is refused where the order has a hundred already', async () => {
    const shop = await paid();
    for (let number = 1; number <= 100; number += 1) await ask(shop, `r-${number}`, 1);
    expect(await ask(shop, 'r-101', 1)).toEqual([expect.stringMatching(/ConflictError.*100 refunds/)]);
    expect(sent(shop)).toHaveLength(100);
    await shop.deliver(cancelled());
    expect(sent(shop).at(-1)).toBe('cancel 11900');
  });

  test('that is replayed without effects is neither sent nor refused', async () => {
    const shop = await paid();
    await ask(shop, 'r-1', 12_000);
    const replayed = { ...delivery(refundRequested({ refundId: 'r-2' })), withoutEffects: true as const };
    expect(nextPayment(shop.record(), replayed, NOW)).toEqual({});
  });
});

describe('A refund whose answer is lost', () => {
  const others = {
    placed: placed(),
    confirmed: confirmed(),
    dispatched: dispatched(),
    'another request': refundRequested({ refundId: 'r-2', amount: 1 }),
  };

  test.each(Object.entries(others))('is finished by %s, once, and told of', async (_, event) => {
    const shop = await paid();
    let answers = 2;
    shop.gateway.losesResponse = () => --answers === 0;
    expect(await ask(shop, 'r-1', 5_000)).toEqual([expect.stringContaining('lost')]);
    shop.gateway.losesResponse = () => false;
    shop.gateway.expireIdempotencyKeys();
    await shop.deliver(event);
    expect(sent(shop)[0]).toBe('r-1 5000');
    expect(sent(shop).filter((one) => one.startsWith('r-1'))).toHaveLength(1);
    expect(told(shop)[0]).toMatchObject({ id: 'o-1001.refunded.r-1', data: { amount: 5_000, refunded: 5_000 } });
  });

  test('is sent before what the cancellation leaves, and not twice', async () => {
    const shop = await paid();
    shop.gateway.down = true;
    await ask(shop, 'r-1', 5_000);
    shop.gateway.down = false;
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1', 'shop.payment.refunded.v1']);
    expect(sent(shop)).toEqual(['r-1 5000', 'cancel 7000']);
  });

  test('makes no call when an answer comes for which nobody waits any more', async () => {
    const shop = await paid();
    shop.gateway.down = true;
    await ask(shop, 'r-1', 5_000);
    const late = { orderId: 'o-1001', trace: {}, kind: 'capture', result: { kind: 'captured' } } as const;
    expect(nextPayment(shop.record(), late, NOW)).toEqual({});
  });
});

describe('A cancellation after refunds', () => {
  test('sends back what is left, under its own id', async () => {
    const shop = await paid();
    await ask(shop, 'r-1', 5_000);
    await shop.deliver(cancelled());
    expect(sent(shop)).toEqual(['r-1 5000', 'cancel 7000']);
    expect(told(shop).at(-1)).toEqual({
      id: 'o-1001.refunded',
      data: { orderId: 'o-1001', amount: 7_000, refunded: 12_000, ...KRW },
    });
    expect(shop.state()).toBe('refunded');
  });

  test('of all that was captured calls nobody', async () => {
    const shop = await paid();
    await ask(shop, 'r-1', 12_000);
    shop.calls.length = 0;
    await shop.deliver(cancelled());
    expect([shop.calls, shop.state(), sent(shop)]).toEqual([[], 'refunded', ['r-1 12000']]);
  });

  test('refuses every further one, with what was captured and what went back', async () => {
    const shop = await paid();
    await shop.deliver(cancelled());
    expect(await ask(shop, 'r-1', 1)).toEqual([expect.stringMatching(/ConflictError.*refunded.*12000.*12000/)]);
    expect(told(shop).at(-1)?.data).toMatchObject({ captured: 12_000, refunded: 12_000 });
  });

  test('before the order came refuses one without a currency', async () => {
    const shop = payments();
    await shop.deliver(cancelled());
    await ask(shop, 'r-1', 1);
    expect(told(shop)).toEqual([
      {
        id: 'o-1001.refund-refused.r-1',
        data: { orderId: 'o-1001', refundId: 'r-1', amount: 1, captured: 0, refunded: 0 },
      },
    ]);
  });

  test('of an order that was dispatched keeps the money and says so, while a refund can still be asked for', async () => {
    const shop = await paid();
    await shop.deliver(dispatched());
    expect(await shop.deliver(cancelled())).toEqual([
      expect.stringMatching(/ConflictError.*goods left.*refund-requested/),
    ]);
    expect([shop.calls, shop.state()]).toEqual([[], 'captured']);
    expect(await ask(shop, 'r-1', 5_000)).toEqual(['shop.payment.refunded.v1']);
  });
});

describe('A refund that the provider refuses for ever', () => {
  test('is due by itself, counts as gone, and after that nobody calls for it', async () => {
    const shop = await paid();
    shop.gateway.refusesRefunds = () => true;
    expect(await ask(shop, 'r-1', 5_000)).toEqual(['shop.payment.refund-due.v1']);
    expect(told(shop)).toEqual([
      {
        id: 'o-1001.refund-due.r-1',
        data: { orderId: 'o-1001', amount: 5_000, refundId: 'r-1', reason: 'charge_disputed', ...KRW },
      },
    ]);
    expect(shop.record()).toMatchObject({ state: 'captured', refundDue: 'due' });
    shop.calls.length = 0;
    await ask(shop, 'r-1', 5_000);
    await ask(shop, 'r-2', 7_001);
    expect(shop.calls).toEqual([]);
  });

  test('stays due where the cancellation’s own goes back', async () => {
    const shop = await paid();
    shop.gateway.refusesRefunds = once();
    await ask(shop, 'r-1', 5_000);
    await shop.deliver(cancelled());
    expect(sent(shop)).toEqual(['cancel 7000']);
    expect(shop.record()).toMatchObject({ state: 'refund-due', refundDue: 'due' });
  });
});

describe('Money that somebody sent back in the provider’s dashboard', () => {
  test('leaves a refund that is more than what is left to a person', async () => {
    const shop = await paid();
    refundElsewhere(shop, 9_000);
    expect(await ask(shop, 'r-1', 5_000)).toEqual(['shop.payment.refund-due.v1']);
    expect(shop.record()?.refunds).toMatchObject([{ state: 'due', amount: 5_000, reason: 'refunded-elsewhere' }]);
    expect(sent(shop)).toEqual(['by others 9000']);
  });

  test('is counted in the sum of a refund for which enough is left, and in what is left after it', async () => {
    const shop = await paid();
    refundElsewhere(shop, 4_000);
    await ask(shop, 'r-1', 5_000);
    expect(told(shop).at(-1)?.data).toMatchObject({ amount: 5_000, refunded: 9_000 });
    await ask(shop, 'r-2', 4_000);
    expect(told(shop).at(-1)).toMatchObject({ id: 'o-1001.refund-refused.r-2', data: { refunded: 9_000 } });
  });

  test.each([
    [9_000, ['by others 9000', 'cancel 3000'], { amount: 3_000, refunded: 12_000 }],
    [12_000, ['by others 12000'], { amount: 0, refunded: 12_000 }],
  ])('(%i) is not sent again by a cancellation, whose event says what was', async (amount, refunds, data) => {
    const shop = await paid();
    refundElsewhere(shop, amount);
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
    expect([sent(shop), shop.state()]).toEqual([refunds, 'refunded']);
    expect(told(shop).at(-1)?.data).toMatchObject(data);
    await shop.deliver(cancelled({ id: 'another message' }));
    expect(told(shop).at(-1)).toEqual(told(shop).at(-2));
  });

  test('in the moment of a cancellation has it ask again and send the rest', async () => {
    const shop = await paid();
    shop.gateway.refund = (...args) => {
      shop.gateway.refund = FakeGateway.prototype.refund;
      refundElsewhere(shop, 4_000);
      return shop.gateway.refund(...args);
    };
    expect(await shop.deliver(cancelled())).toEqual([expect.stringContaining('BusyError')]);
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
    expect(sent(shop)).toEqual(['by others 4000', 'cancel 8000']);
  });

  test('where the provider captured less than the total, only that goes back', async () => {
    const shop = await paid({ kind: 'captured', reference: 'pi_checkout' });
    const { find } = FakeGateway.prototype;
    shop.gateway.find = async (...args) => ({ ...(await find.apply(shop.gateway, args)), captured: 10_000 });
    await shop.deliver(cancelled());
    expect(sent(shop)).toEqual(['cancel 10000']);
  });
});

describe('A payments table that was put back to before a refund', () => {
  /** Returns a shop whose record has forgotten the refund r-1 of 5,000. */
  const forgetful = async () => {
    const shop = await paid();
    const old = shop.record();
    await ask(shop, 'r-1', 5_000);
    if (old !== undefined) shop.records.items.set('o-1001', old);
    shop.gateway.expireIdempotencyKeys();
    return shop;
  };

  test('sends nothing again under the same id', async () => {
    const shop = await forgetful();
    expect(await ask(shop, 'r-1', 5_000)).toEqual(['shop.payment.refunded.v1']);
    expect(sent(shop)).toEqual(['r-1 5000']);
    expect(told(shop).at(-1)?.data).toMatchObject({ amount: 5_000, refunded: 5_000 });
  });

  test('sends only what is left when the order is cancelled, also without any record', async () => {
    for (const isEmpty of [false, true]) {
      const shop = await forgetful();
      if (isEmpty) shop.records.items.clear();
      await shop.deliver(cancelled());
      expect(sent(shop)).toEqual(['r-1 5000', 'cancel 7000']);
      expect(told(shop).at(-1)?.data).toMatchObject({ amount: 7_000, refunded: 12_000 });
    }
  });

  test('never sends more than was captured by further requests', async () => {
    const shop = await forgetful();
    expect(await ask(shop, 'r-2', 8_000)).toEqual(['shop.payment.refund-due.v1']);
    expect(sent(shop)).toEqual(['r-1 5000']);
  });
});

describe('A refund of money that came past the gateway', () => {
  test.each(['awaited', 'on-delivery'] as const)(
    '(%s) is due from a person at once, within the total',
    async (kind) => {
      const shop = await paid({ kind });
      expect(await ask(shop, 'r-1', 5_000)).toEqual(['shop.payment.refund-due.v1']);
      expect(told(shop)).toMatchObject([{ id: 'o-1001.refund-due.r-1', data: { amount: 5_000, reason: 'requested' } }]);
      expect(await ask(shop, 'r-2', 7_001)).toEqual([expect.stringMatching(/ConflictError.*12000.*5000/)]);
      expect(shop.record()).toMatchObject({ state: kind === 'awaited' ? 'captured' : 'authorized', refundDue: 'due' });
      expect(shop.calls).toEqual([]);
    },
  );

  test('leaves the rest to the cancellation, which a person sends too', async () => {
    const shop = await paid({ kind: 'awaited' });
    await shop.deliver(paymentReceived());
    await ask(shop, 'r-1', 5_000);
    await shop.deliver(cancelled());
    expect(shop.record()).toMatchObject({
      state: 'refund-due',
      refunds: [{ amount: 5_000 }, { amount: 7_000, reason: 'customer' }],
    });
  });

  test('waits until an awaited payment has come', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: { kind: 'awaited' } }));
    expect(await ask(shop, 'r-1', 1)).toEqual([expect.stringContaining('WaitingError')]);
  });

  test('is kept from a cancellation once goods left', async () => {
    const shop = await paid({ kind: 'on-delivery' });
    await shop.deliver(dispatched());
    expect(await shop.deliver(cancelled())).toEqual([expect.stringContaining('ConflictError')]);
    expect(shop.state()).toBe('authorized');
  });

  test('of an order that costs nothing is refused', async () => {
    const shop = payments();
    const free = placed({ items: [{ sku: 'KB-01', quantity: 1, unitPrice: 0 }] });
    await shop.deliver(free);
    expect(await ask(shop, 'r-1', 1)).toEqual([expect.stringContaining('ConflictError')]);
    expect(told(shop).at(-1)?.data).toMatchObject({ captured: 0, refunded: 0 });
  });

  test('that the checkout captured goes back through the gateway, also by its confirmation', async () => {
    const shop = await paid({ kind: 'captured', reference: 'pi_checkout' });
    shop.gateway.down = true;
    await ask(shop, 'r-1', 5_000);
    shop.gateway.down = false;
    expect(await shop.deliver(confirmed({ payment: { kind: 'captured', reference: 'pi_checkout' } }))).toEqual([
      'shop.payment.refunded.v1',
    ]);
    expect(sent(shop)).toEqual(['r-1 5000']);
  });
});

describe('A record of 0.3.0, which has no refunds', () => {
  /** Returns a shop with such a record in a state. */
  async function old(state: Payment['state'], parts: Partial<Payment> = {}): Promise<Shop> {
    const shop = await paid();
    const { refunds: _, ...record } = shop.record() as Payment;
    shop.records.items.set('o-1001', { ...record, version: 9, state, time: '2026-11-20T09:00:00.000Z', ...parts });
    return shop;
  }

  test('of a refund in flight is finished whole, whether or not it was sent', async () => {
    for (const isSent of [false, true]) {
      const shop = await old('refunding');
      if (isSent)
        shop.gateway.ledger.push({
          kind: 'refund',
          orderId: 'o-1001',
          refundId: 'cancel',
          money: { amount: 12_000, ...KRW },
        });
      expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
      expect([sent(shop), shop.state()]).toEqual([['cancel 12000'], 'refunded']);
      expect(told(shop)).toMatchObject([{ id: 'o-1001.refunded', data: { amount: 12_000 } }]);
    }
  });

  test.each([
    ['refunded', {}, 'o-1001.refunded', {}],
    [
      'refund-due',
      { refundReason: 'charge_disputed', refundDue: 'due' },
      'o-1001.refund-due',
      { reason: 'charge_disputed' },
    ],
  ] as const)('in %s says the same again, and refuses a refund', async (state, parts, id, more) => {
    const shop = await old(state, parts);
    await shop.deliver(cancelled());
    expect(shop.published).toMatchObject([{ id, time: '2026-11-20T09:00:00.000Z' }]);
    expect(told(shop)).toEqual([{ id, data: { orderId: 'o-1001', amount: 12_000, ...KRW, ...more } }]);
    expect(await ask(shop, 'r-1', 1)).toEqual([expect.stringMatching(/ConflictError.*12000.*12000/)]);
    expect([shop.calls, shop.state()]).toEqual([[], state]);
  });

  test('in any other state has none', async () => {
    const shop = await old('captured');
    await ask(shop, 'r-1', 12_000);
    expect(sent(shop)).toEqual(['r-1 12000']);
  });
});
