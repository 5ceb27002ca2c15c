import { paginateQuery, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Money } from '../../contracts/money.ts';
import { dueRefundsIndex, type Payment, REFUND_DUE } from '../../lambdas/payment/record.ts';
import { refundsOf } from '../../lambdas/payment/refunds.ts';
import { dynamoRecordStore } from '../../lambdas/runtime/records.ts';
import type { DeployedShop } from '../stack.ts';

/**
 * A refund that a person has to send: since when (ISO 8601), and why, which is the provider's code, `refunded-elsewhere`, `requested`, the reason
 * of the cancellation, or `received-after-cancellation`. Without `refundId` it is that of a cancellation. `reference` is the payment's id at
 * the provider, the checkout or whoever reported it.
 */
export type DueRefund = Money & {
  orderId: string;
  refundId?: string;
  since: string;
  reason: string;
  reference?: string;
};

/**
 * The refunds that a person has to send, because no gateway can or the provider refuses to. `oldest` has those of the first ten orders; of each
 * order beyond them `count` has one.
 */
export type DueRefunds = { count: number; oldest: DueRefund[] };

/** How many orders' due refunds are named. */
export const MAX_DUE_REFUNDS = 10;

/** Reads the due refunds in their index, which holds nothing else, and the records of the oldest. */
export async function readDueRefunds(shop: DeployedShop): Promise<DueRefunds> {
  const query = {
    TableName: shop.output('PaymentsTableName'),
    IndexName: dueRefundsIndex,
    KeyConditionExpression: 'refundDue = :due',
    ExpressionAttributeValues: { ':due': REFUND_DUE },
  };
  const { Items = [], LastEvaluatedKey } = await shop.documents.send(
    new QueryCommand({ ...query, Limit: MAX_DUE_REFUNDS }),
  );
  if (Items.length === 0) return { count: 0, oldest: [] };
  const ids = Items.map(({ orderId }) => String(orderId));
  const [rest, payments] = await Promise.all([
    LastEvaluatedKey === undefined ? 0 : countFrom(shop, { ...query, ExclusiveStartKey: LastEvaluatedKey }),
    dynamoRecordStore<Payment>(query.TableName, shop.documents).load(ids),
  ]);
  const oldest = ids.flatMap((id) => dueRefundsOf(payments.get(id)));
  return { count: oldest.length + rest, oldest: oldest.sort(bySince) };
}

async function countFrom(shop: DeployedShop, query: QueryCommand['input']): Promise<number> {
  let count = 0;
  for await (const { Count = 0 } of paginateQuery({ client: shop.documents }, { ...query, Select: 'COUNT' })) {
    count += Count;
  }
  return count;
}

/** Lists the due refunds of an order. The index is behind its table by some milliseconds, so that a record of it may have none any more. */
function dueRefundsOf(payment: Payment | undefined): DueRefund[] {
  if (payment?.money === undefined || payment.refundDue === undefined) return [];
  const { orderId, money, reference } = payment;
  return refundsOf(payment)
    .filter(({ state }) => state === 'due')
    .map(({ refundId, amount, time: since, reason = 'cancelled' }) => ({
      orderId,
      ...(refundId === undefined ? {} : { refundId }),
      since,
      ...money,
      amount,
      reason,
      ...(reference === undefined ? {} : { reference }),
    }));
}

const bySince = (one: DueRefund, other: DueRefund): number => Date.parse(one.since) - Date.parse(other.since);
