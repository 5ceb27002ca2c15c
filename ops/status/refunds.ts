import { paginateQuery } from '@aws-sdk/lib-dynamodb';
import { dueRefundsIndex, REFUND_DUE } from '../../lambdas/payment/record.ts';
import type { DeployedShop } from '../stack.ts';

/** The payments whose money a person has to send back, because no gateway can. */
export type DueRefunds = {
  count: number;
  /** The order whose refund has been due the longest; `undefined` where none is. */
  oldestOrder: string | undefined;
};

/** Reads the due refunds in their index, which holds nothing else. */
export async function readDueRefunds(shop: DeployedShop): Promise<DueRefunds> {
  const pages = paginateQuery(
    { client: shop.documents },
    {
      TableName: shop.output('PaymentsTableName'),
      IndexName: dueRefundsIndex,
      KeyConditionExpression: 'refundDue = :due',
      ExpressionAttributeValues: { ':due': REFUND_DUE },
    },
  );
  const due: DueRefunds = { count: 0, oldestOrder: undefined };
  for await (const { Items = [] } of pages) {
    due.count += Items.length;
    due.oldestOrder ??= Items[0] === undefined ? undefined : String(Items[0].orderId);
  }
  return due;
}
