import { expect, test, vi } from 'vitest';
import { SANDBOX_STATE_KEY } from '../../lambdas/payment/sandbox-book.ts';
import { localTarget } from '../../ops/aws-target.ts';
import { listGatewayRecords } from '../../ops/sandbox/gateway.ts';
import { deployedShop } from '../../ops/stack.ts';

const at = (second: number) => `2026-11-21T09:00:0${second}.000Z`;
const item = (entry: string, kind: string, time: string, parts: object = {}) => ({
  orderId: 'o-1',
  entry,
  kind,
  amount: 12_000,
  currency: 'KRW',
  time,
  ...parts,
});

test('the records are the entries of the book by time, without its state and the keys of orders', async () => {
  const shop = deployedShop(localTarget('http://127.0.0.1:9'), {
    Outputs: [{ OutputKey: 'SandboxGatewayTableName', OutputValue: 'sandbox' }],
  });
  vi.spyOn(shop.documents, 'send').mockImplementation(async () => ({
    Items: [
      { ...SANDBOX_STATE_KEY, down: false },
      item('refund#cancel#0', 'refund', at(3), { refundId: 'cancel', reference: 'pi_1' }),
      item('capture', 'capture', at(2)),
      { orderId: 'o-1', entry: 'key', standing: 'captured' },
      item('authorization#0', 'authorization', at(2)),
    ],
  }));
  const money = { orderId: 'o-1', amount: 12_000, currency: 'KRW' };
  expect(await listGatewayRecords(shop)).toEqual([
    { ...money, kind: 'authorization', time: at(2) },
    { ...money, kind: 'capture', time: at(2) },
    { ...money, kind: 'refund', time: at(3), refundId: 'cancel', reference: 'pi_1' },
  ]);
});
