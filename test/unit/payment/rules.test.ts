import { describe, expect, test } from 'vitest';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { cancelled, placed } from '../../builders/events.ts';
import { FakeGateway } from '../../builders/gateway.ts';
import { NOW, payments } from '../../builders/payments.ts';

const MONEY = { amount: 12_000, currency: 'KRW' };

const onFirstCall = () => {
  let left = 1;
  return () => {
    left -= 1;
    return left >= 0;
  };
};

describe('A placed order', () => {
  test('is charged its total once and publishes payment.captured', async () => {
    const shop = payments();
    expect(await shop.deliver(placed())).toEqual(['shop.payment.captured.v1']);
    expect(shop.gateway.ledger).toEqual([{ kind: 'capture', orderId: 'o-1001', money: MONEY }]);
  });

  test('costs one call to the gateway, no read and two writes', async () => {
    const shop = payments();
    await shop.deliver(placed());
    expect([shop.gateway.calls, shop.records.loads, shop.records.saves]).toEqual([1, 0, 2]);
  });

  test('publishes the same event on redelivery without a gateway call', async () => {
    const shop = payments();
    await shop.deliver(placed());
    expect(await shop.deliver(placed())).toEqual(['shop.payment.captured.v1']);
    expect(shop.gateway.calls).toBe(1);
  });

  test("is not charged again on redelivery after the gateway's idempotency keys expired", async () => {
    const shop = payments();
    await shop.deliver(placed());
    shop.gateway.expireIdempotencyKeys();
    await shop.deliver(placed({ id: 'another message' }));
    expect(shop.gateway.ledger).toHaveLength(1);
  });

  test('with a declined card publishes payment.declined on every delivery and is never charged', async () => {
    const shop = payments();
    expect(await shop.deliver(placed({ token: 'tok_declined' }))).toEqual(['shop.payment.declined.v1']);
    expect(await shop.deliver(placed({ token: 'tok_visa' }))).toEqual(['shop.payment.declined.v1']);
    expect(shop.gateway.ledger).toEqual([]);
  });

  test('with another amount fails with ConflictError and keeps the first charge', async () => {
    const shop = payments();
    await shop.deliver(placed());
    expect(await shop.deliver(placed({ currency: 'USD' }))).toEqual([expect.stringContaining('ConflictError')]);
    expect(shop.gateway.ledger).toHaveLength(1);
  });

  test('stores no token and no customer', async () => {
    const shop = payments();
    await shop.deliver(placed());
    expect(JSON.stringify([...shop.records.items.values()])).not.toMatch(/tok_visa|8210|c-7/);
  });
});

describe('A lost response', () => {
  test('to a charge is looked up instead of charged again, also after idempotency keys expired', async () => {
    for (const forgets of [false, true]) {
      const shop = payments();
      shop.gateway.losesResponse = onFirstCall();
      expect(await shop.deliver(placed())).toEqual([expect.stringContaining('UnavailableError')]);
      if (forgets) shop.gateway.expireIdempotencyKeys();
      expect(await shop.deliver(placed())).toEqual(['shop.payment.captured.v1']);
      expect(shop.gateway.ledger).toHaveLength(1);
    }
  });

  test('to a refund leads to one refund on redelivery', async () => {
    const shop = payments();
    await shop.deliver(placed());
    shop.gateway.losesResponse = onFirstCall();
    expect(await shop.deliver(cancelled())).toEqual([expect.stringContaining('UnavailableError')]);
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
    expect(shop.gateway.entries('refund', 'o-1001')).toHaveLength(1);
  });

  test('to a refund does not refund twice after idempotency keys expired', async () => {
    const shop = payments();
    await shop.deliver(placed());
    shop.gateway.losesResponse = onFirstCall();
    await shop.deliver(cancelled());
    shop.gateway.expireIdempotencyKeys();
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
    expect(shop.gateway.entries('refund', 'o-1001')).toHaveLength(1);
  });
});

describe('A cancelled order', () => {
  test('is refunded in full, once', async () => {
    const shop = payments();
    await shop.deliver(placed());
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
    expect(shop.gateway.entries('refund', 'o-1001')).toEqual([{ kind: 'refund', orderId: 'o-1001', money: MONEY }]);
  });

  test('that is placed after its cancellation is never charged', async () => {
    const shop = payments();
    expect(await shop.deliver(cancelled())).toEqual([]);
    expect(await shop.deliver(placed())).toEqual([]);
    expect(await shop.deliver(placed({ id: 'another message' }))).toEqual([]);
    expect(shop.gateway.calls).toBe(0);
  });

  test('whose card was declined is not refunded', async () => {
    const shop = payments();
    await shop.deliver(placed({ token: 'tok_declined' }));
    expect(await shop.deliver(cancelled({ reason: 'payment-declined' }))).toEqual([]);
    expect(shop.gateway.ledger).toEqual([]);
  });

  test('whose charge had no response yet is looked up and refunded', async () => {
    const shop = payments();
    shop.gateway.losesResponse = onFirstCall();
    await shop.deliver(placed());
    expect(await shop.deliver(cancelled())).toEqual([]);
    expect(await shop.deliver(placed())).toEqual(['shop.payment.refunded.v1']);
    expect(shop.gateway.ledger.map(({ kind }) => kind)).toEqual(['capture', 'refund']);
  });

  test('with an unknown charge is charged under the same key and refunded', async () => {
    const shop = payments();
    shop.gateway.capture = () => Promise.reject(new Error('unreachable'));
    await shop.deliver(placed());
    await shop.deliver(cancelled());
    const { capture } = FakeGateway.prototype;
    shop.gateway.capture = capture;
    expect(await shop.deliver(placed())).toEqual(['shop.payment.refunded.v1']);
    expect(shop.gateway.ledger.map(({ kind }) => kind)).toEqual(['capture', 'refund']);
    expect(shop.state()).toBe('refunded');
  });

  test('refunds once when the cancellation arrives during a capture', async () => {
    const shop = payments();
    const { capture } = FakeGateway.prototype;
    shop.gateway.capture = async (charge) => {
      await shop.deliver(cancelled());
      return capture.call(shop.gateway, charge);
    };
    expect(await shop.deliver(placed())).toEqual(['shop.payment.refunded.v1']);
    expect(shop.gateway.ledger.map(({ kind }) => kind)).toEqual(['capture', 'refund']);
  });
});

describe('A capture that takes effect after its caller timed out', () => {
  test('is refunded when the order was cancelled meanwhile', async () => {
    const shop = payments();
    const { capture } = FakeGateway.prototype;
    let finish = async () => {};
    shop.gateway.capture = (charge) => {
      finish = async () => void (await capture.call(shop.gateway, charge));
      return Promise.reject(new UnavailableError('The payment gateway did not answer within 10 s'));
    };
    await shop.deliver(placed());
    await shop.deliver(cancelled());
    // The gateway is still processing and reports no capture yet.
    await shop.deliver(placed());
    expect(shop.state()).toBe('capturing');
    await finish();
    await shop.deliver(placed());
    expect(shop.gateway.ledger.map(({ kind }) => kind)).toEqual(['capture', 'refund']);
  });
});

describe('Two deliveries that get different answers', () => {
  test('never keep the money of an order that was declined to one and captured to the other', async () => {
    const shop = payments();
    const { capture } = FakeGateway.prototype;
    let calls = 0;
    // The bank declines; the customer's retry overtakes that response, when the account has funds again.
    shop.gateway.capture = async (charge) => {
      calls += 1;
      if (calls > 1) {
        await released;
        return capture.call(shop.gateway, charge);
      }
      return { kind: 'declined', reason: 'insufficient_funds' };
    };
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    shop.records.items.set('o-1001', {
      orderId: 'o-1001',
      version: 1,
      state: 'capturing',
      money: MONEY,
      method: { kind: 'token' },
      time: NOW.toISOString(),
    });
    const first = shop.deliver(placed());
    const second = shop.deliver(placed({ id: 'another message' }));
    const published = [await first];
    release();
    published.push(await second);
    await shop.deliver(cancelled({ reason: 'payment-declined' }));
    const kept = shop.gateway.entries('capture', 'o-1001').length - shop.gateway.entries('refund', 'o-1001').length;
    expect(published[0]).toEqual(['shop.payment.declined.v1']);
    expect(kept, 'the order is declined, its money is with the shop').toBe(0);
  });
});
