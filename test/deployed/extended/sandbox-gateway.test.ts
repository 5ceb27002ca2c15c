import { describe, expect, test } from 'vitest';
import type { KnownPayment } from '../../../lambdas/payment/gateway.ts';
import { sandboxGateway } from '../../../lambdas/payment/sandbox-gateway.ts';
import { openFence } from '../../../lambdas/runtime/fence.ts';
import { forgetIdempotencyKeys } from '../../../ops/sandbox/gateway.ts';
import { capturedOnce, chargesOf, output, shop, tables, testOrder, voidedOnce } from '../deployed-shop.ts';

// The adapter itself, on a real table: what its conditions and transactions do, no fake can tell.
const gateway = sandboxGateway(output('SandboxGatewayTableName'), tables);
const money = { amount: 12_000, currency: 'KRW' };
const newId = () => testOrder().orderId;

const authorize = (orderId: string, means: { token: string } | { authorization: string } = { token: 'tok_visa' }) =>
  gateway.authorize({ orderId, money, ...means }, {}, openFence);
const capture = (orderId: string, known: KnownPayment = {}) => gateway.capture(orderId, money, known, openFence);
const release = (orderId: string, known: KnownPayment = {}) => gateway.void(orderId, known, openFence);
const refund = (orderId: string, amount = 12_000, refundId = 'cancel', known: KnownPayment = {}) =>
  gateway.refund(orderId, refundId, { ...money, amount }, known, openFence);
const find = (orderId: string) => gateway.find(orderId, {}, openFence);

/** Makes a call five times at once; those that meet another one are told to try again, as consumers do. */
const atOnce = <Result>(call: () => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: 5 }, () => untilAnswered(call)));

async function untilAnswered<Result>(call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error && error.name === 'BusyError')) throw error;
    }
  }
}

describe('The sandbox gateway', () => {
  test('makes each movement once, however often and concurrently it is asked', async () => {
    const orderId = newId();
    expect(await atOnce(() => authorize(orderId))).toEqual(Array(5).fill({ kind: 'authorized' }));
    expect(await chargesOf(orderId)).toEqual(['authorization 12000 KRW']);
    expect(await atOnce(() => capture(orderId))).toEqual(Array(5).fill({ kind: 'captured' }));
    expect(await chargesOf(orderId)).toEqual(capturedOnce());
    expect(await atOnce(() => refund(orderId))).toEqual(Array(5).fill({ kind: 'refunded' }));
    expect(await chargesOf(orderId)).toEqual([...capturedOnce(), 'refund 12000 KRW']);
    expect(await find(orderId)).toEqual({
      state: 'captured',
      captured: 12_000,
      refunds: [{ refundId: 'cancel', amount: 12_000 }],
    });
  });

  test('lets go of what it holds once, and holds and takes nothing afterwards', async () => {
    const orderId = newId();
    await authorize(orderId);
    expect(await atOnce(() => release(orderId))).toEqual(Array(5).fill({ kind: 'voided', released: true }));
    expect(await capture(orderId)).toEqual({ kind: 'lapsed', reason: 'voided' });
    expect(await authorize(orderId)).toEqual({ kind: 'declined', reason: 'voided' });
    expect(await find(orderId)).toEqual({ state: 'voided', refunds: [] });
    expect(await chargesOf(orderId)).toEqual(voidedOnce());
  });

  test('closes the key of an order that it does not know', async () => {
    const orderId = newId();
    expect(await release(orderId)).toEqual({ kind: 'voided', released: false });
    expect(await authorize(orderId)).toEqual({ kind: 'declined', reason: 'voided' });
    expect(await chargesOf(orderId)).toEqual([]);
  });

  test('either authorizes and voids, or only closes the key, where both calls meet', async () => {
    const orderIds = Array.from({ length: 5 }, newId);
    await Promise.all(
      orderIds.flatMap((id) => [authorize(id), release(id)].map((call) => call.catch(() => undefined))),
    );
    for (const orderId of orderIds) {
      const { released } = (await release(orderId)) as { released: boolean };
      expect(await chargesOf(orderId)).toEqual(released ? voidedOnce() : []);
      expect(await authorize(orderId)).toEqual({ kind: 'declined', reason: 'voided' });
    }
  });

  test('captures or voids where both calls meet, never both', async () => {
    const orderIds = Array.from({ length: 5 }, newId);
    for (const orderId of orderIds) await authorize(orderId);
    await Promise.all(orderIds.flatMap((id) => [capture(id), release(id)].map((call) => call.catch(() => undefined))));
    for (const orderId of orderIds) {
      const end = await release(orderId);
      const isCaptured = end.kind === 'captured';
      expect(end).toEqual(isCaptured ? { kind: 'captured', money } : { kind: 'voided', released: true });
      expect(await chargesOf(orderId)).toEqual(isCaptured ? capturedOnce() : voidedOnce());
    }
  });

  test('says of a void that the money was captured, by the reference of the authorization', async () => {
    const orderId = newId();
    const known = { reference: 'auth_1' };
    expect(await authorize(orderId, { authorization: 'auth_1' })).toEqual({ kind: 'authorized', ...known });
    expect(await capture(orderId, known)).toEqual({ kind: 'captured', ...known });
    expect(await release(orderId, known)).toEqual({ kind: 'captured', money, ...known });
    expect(await chargesOf(orderId)).toEqual(capturedOnce());
  });

  test('neither captures nor voids what has lapsed', async () => {
    const orderId = newId();
    expect(await authorize(orderId, { token: 'tok_lapses' })).toEqual({ kind: 'authorized' });
    expect(await capture(orderId)).toEqual({ kind: 'lapsed', reason: 'authorization_expired' });
    expect(await release(orderId)).toEqual({ kind: 'voided', released: false });
    expect(await chargesOf(orderId)).toEqual(['authorization 12000 KRW']);
  });

  test('refunds no more than was captured, and what is disputed not at all', async () => {
    const orderId = newId();
    await authorize(orderId);
    await capture(orderId);
    expect(await refund(orderId, 7_000, 'one')).toEqual({ kind: 'refunded' });
    expect(await refund(orderId, 5_001, 'two')).toEqual({ kind: 'refused', reason: 'charge_already_refunded' });
    expect(await refund(orderId, 5_000, 'three')).toEqual({ kind: 'refunded' });
    expect(await chargesOf(orderId)).toEqual([...capturedOnce(), 'refund 5000 KRW', 'refund 7000 KRW']);

    const disputed = newId();
    await authorize(disputed, { token: 'tok_disputed' });
    await capture(disputed);
    expect(await refund(disputed)).toEqual({ kind: 'refused', reason: 'charge_disputed' });
    const ofCheckout = newId();
    const known = { reference: 'pay_disputed' };
    expect(await refund(ofCheckout, 12_000, 'cancel', known)).toEqual({ kind: 'refused', reason: 'charge_disputed' });
    expect(await chargesOf(ofCheckout)).toEqual([]);
  });

  test('sends one of two refunds back that meet and are more than was captured together', async () => {
    const orderId = newId();
    await authorize(orderId);
    await capture(orderId);
    const results = await Promise.all(
      ['one', 'two'].map((refundId) => untilAnswered(() => refund(orderId, 7_000, refundId))),
    );
    expect(results.map(({ kind }) => kind).sort()).toEqual(['refunded', 'refused']);
    expect(await chargesOf(orderId)).toEqual([...capturedOnce(), 'refund 7000 KRW']);
  });

  test('refunds of a payment that the checkout captured no more than the total, and closes its key afterwards', async () => {
    const orderId = newId();
    const known = { reference: 'pay_checkout', money };
    expect(await refund(orderId, 7_000, 'one', known)).toEqual({ kind: 'refunded' });
    expect(await refund(orderId, 5_001, 'two', known)).toMatchObject({ kind: 'refused' });
    expect(await release(orderId)).toEqual({ kind: 'voided', released: false });
    expect(await refund(orderId, 5_000, 'two', known)).toEqual({ kind: 'refunded' });
    expect(await authorize(orderId)).toEqual({ kind: 'declined', reason: 'voided' });
    expect(await chargesOf(orderId)).toEqual(['refund 5000 KRW', 'refund 7000 KRW']);
  });

  test('shows in its book when it is asked again after it has forgotten its keys, as a provider after a day', async () => {
    const orderId = newId();
    await authorize(orderId);
    await forgetIdempotencyKeys(shop);
    expect(await authorize(orderId)).toEqual({ kind: 'authorized' });
    expect(await chargesOf(orderId)).toEqual(['authorization 12000 KRW', 'authorization 12000 KRW']);
    // What was done does not depend on keys.
    await capture(orderId);
    await forgetIdempotencyKeys(shop);
    expect(await capture(orderId)).toEqual({ kind: 'captured' });
    expect(await find(orderId)).toEqual({ state: 'captured', captured: 12_000, refunds: [] });
    const voided = newId();
    await release(voided);
    await forgetIdempotencyKeys(shop);
    expect(await authorize(voided)).toEqual({ kind: 'declined', reason: 'voided' });
  });

  test('makes no movement behind a fence that has closed', async () => {
    const orderId = newId();
    const closed = {
      ...openFence,
      check() {
        throw new Error('out of time');
      },
    };
    await expect(gateway.authorize({ orderId, money, token: 'tok_visa' }, {}, closed)).rejects.toThrow('out of time');
    await authorize(orderId);
    await expect(gateway.capture(orderId, money, {}, closed)).rejects.toThrow('out of time');
    await expect(gateway.void(orderId, {}, closed)).rejects.toThrow('out of time');
    await expect(gateway.refund(orderId, 'cancel', money, {}, closed)).rejects.toThrow('out of time');
    expect(await chargesOf(orderId)).toEqual(['authorization 12000 KRW']);
  });
});
