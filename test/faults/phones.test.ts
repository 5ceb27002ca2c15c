import { expect, test } from 'vitest';
import { shop as deployed, placed, publish, publishAll, testOrder } from '../deployed/deployed-shop.ts';
import { findText } from '../harness/find-text.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { sweepFaults, useSweep } from './sweep-function.ts';

const shop = useHarness();
const sweep = useSweep(shop);

const MINUTES_PER_DAY = 24 * 60;

/** Returns where phones are kept, but for the archive, which ends by the bucket's own rule. */
async function placesOf(phones: readonly string[]): Promise<string[]> {
  const places = await Promise.all(phones.map((phone) => findText(deployed, phone.slice(-8))));
  return places.flat().filter((place) => !place.startsWith('AWS::S3::Bucket'));
}

test.each(sweepFaults)(
  'no table, queue or log has the phone of an order thirty days after its decision, and nothing brings it back, when a sweep %s',
  async (_, fault) => {
    const { ledger } = shop();
    const [confirmed, declined, late] = [testOrder(), testOrder({ token: 'tok_declined' }), testOrder()];
    const orders = [confirmed, declined, late];
    const phones = orders.map(({ phone = '' }) => phone);
    for (const { sku } of orders) await ledger.stock(sku, 1);
    await ledger.place(orders);
    await shop().settle();
    await sweep.runAfter(29 * MINUTES_PER_DAY);
    // The cancelled one has been told.
    expect(await placesOf(phones)).toEqual([confirmed, late].map(({ orderId }) => expect.stringContaining(orderId)));

    await shop().pass(2 * 86_400);
    await sweep.runStruck('BatchExecuteStatement', fault);
    await sweep.runAfter(5);
    expect(await placesOf(phones)).toEqual([]);

    await publishAll(orders.map((order) => placed(order)));
    await publish(ledger.refund(late, { refundId: 'r-1', amount: 5_000 }));
    await shop().settle();
    await sweep.runAfter(5);
    expect(await placesOf(phones)).toEqual([]);
    // Of the refund nobody can be told any more.
    await checkInvariants(shop(), { untold: new Set([late.orderId]) });
  },
);
