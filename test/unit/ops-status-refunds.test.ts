import { expect, test, vi } from 'vitest';
import { localTarget } from '../../ops/aws-target.ts';
import { deployedShop } from '../../ops/stack.ts';
import { readDueRefunds } from '../../ops/status/refunds.ts';

/** A shop whose index of due refunds has these pages of order ids. */
function shopWith(...pages: string[][]) {
  const shop = deployedShop(localTarget('http://127.0.0.1:9'), {
    Outputs: [{ OutputKey: 'PaymentsTableName', OutputValue: 'payments' }],
  });
  let page = 0;
  const send = vi.spyOn(shop.documents, 'send').mockImplementation(async () => {
    const Items = (pages[page] ?? []).map((orderId) => ({ orderId }));
    page += 1;
    return { Items, ...(page < pages.length ? { LastEvaluatedKey: { orderId: String(page) } } : {}) };
  });
  return { shop, send };
}

test('due refunds are counted over all pages of their index, with the oldest order', async () => {
  const { shop, send } = shopWith(['o-1', 'o-2'], ['o-3']);
  expect(await readDueRefunds(shop)).toEqual({ count: 3, oldestOrder: 'o-1' });
  for (const [{ input }] of send.mock.calls) expect(input).toMatchObject({ IndexName: 'due-refunds' });
});

test('no due refund costs one query', async () => {
  const { shop, send } = shopWith([]);
  expect(await readDueRefunds(shop)).toEqual({ count: 0, oldestOrder: undefined });
  expect(send).toHaveBeenCalledTimes(1);
});
