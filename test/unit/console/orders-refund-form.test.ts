import { describe, expect, test } from 'vitest';
import { emptyForm, readForm } from '../../../ops/console/pages/orders/refund-form.ts';

const refundable = {
  ...{ currency: 'EUR', captured: 12_900, refunded: 900, left: 12_000 },
  goods: [
    { sku: 'KB-01', quantity: 1 },
    { sku: 'MS-02', quantity: 2 },
  ],
};
const form = emptyForm(refundable);

describe('The form of a refund', () => {
  test('begins with all that is left of the money, and no goods', () => {
    expect(form.amount).toBe('120.00');
    expect(readForm(form, refundable).body).toEqual({ amount: 12_000, items: [] });
  });

  test('has goods go on the shelf again unless it is told otherwise', () => {
    const typed = { ...form, amount: '24.75', quantities: { 'KB-01': '1', 'MS-02': '2' }, restock: { 'KB-01': false } };
    expect(readForm({ ...typed, reason: ' broken ' }, refundable).body).toEqual({
      amount: 2_475,
      items: [
        { sku: 'KB-01', quantity: 1, restock: false },
        { sku: 'MS-02', quantity: 2, restock: true },
      ],
      reason: 'broken',
    });
  });

  test('counts goods back without money', () => {
    const { body } = readForm({ ...form, amount: '0', quantities: { 'KB-01': '1' } }, refundable);
    expect(body).toEqual({ amount: 0, items: [{ sku: 'KB-01', quantity: 1, restock: true }] });
  });

  test.each([
    ['nothing', { amount: '0' }],
    ['no amount', { amount: '' }],
    ['more than is left', { amount: '120.01' }],
    ['more pieces than were sold', { quantities: { 'KB-01': '2' } }],
    ['half a piece', { quantities: { 'KB-01': '0.5' } }],
    ['fewer than no pieces', { quantities: { 'KB-01': '-1' } }],
  ])('sends nothing while it asks for %s', (_, parts) => {
    expect(readForm({ ...form, ...parts }, refundable)).not.toHaveProperty('body');
  });

  test('takes an amount of a currency without a minor unit as it is', () => {
    const won = { ...refundable, currency: 'KRW' };
    expect(emptyForm(won).amount).toBe('12000');
    expect(readForm({ ...form, amount: '5,000' }, won).body).toEqual({ amount: 5_000, items: [] });
  });
});
