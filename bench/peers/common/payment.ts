import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Money } from '../../../contracts/money.ts';
import type { OrderCancelled, OrderPlaced } from '../../../contracts/order.ts';
import type { PaymentCaptured, PaymentDeclined, PaymentRefunded } from '../../../contracts/payment.ts';
import { sandboxGateway } from '../../../lambdas/payment/sandbox-gateway.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { cloudEvent, publish } from './publish.ts';
import { tables } from './table.ts';

const TableName = requireEnv('TABLE_NAME');
const gateway = sandboxGateway(requireEnv('SANDBOX_GATEWAY_TABLE_NAME'), tables);
const source = '/shop/payment';

type Payment = { state?: 'captured' | 'declined' | 'refunded'; money?: Money; cancelled?: true };

/** Charges a placed order, keeps what came of it, and says so. The gateway's own key keeps it from charging twice. */
async function charge({ data }: OrderPlaced): Promise<void> {
  const { orderId, payment, total } = data;
  const answer = await gateway.capture({ orderId, token: payment.token, money: total });
  const time = new Date().toISOString();
  const { Attributes: before } = await tables.send(
    new UpdateCommand({
      TableName,
      Key: { orderId },
      UpdateExpression:
        'SET #state = if_not_exists(#state, :state), money = :money, #time = if_not_exists(#time, :time)',
      ExpressionAttributeNames: { '#state': 'state', '#time': 'time' },
      ExpressionAttributeValues: { ':state': answer.kind, ':money': total, ':time': time },
      ReturnValues: 'ALL_OLD',
    }),
  );
  const about = { source, subject: orderId, time } as const;
  if (answer.kind === 'declined') {
    return publish(
      cloudEvent<PaymentDeclined>({
        ...about,
        type: 'shop.payment.declined.v1',
        id: `${orderId}.declined`,
        data: { orderId, reason: answer.reason },
      }),
    );
  }
  if ((before as Payment | undefined)?.cancelled) return giveBack(orderId, total);

  await publish(
    cloudEvent<PaymentCaptured>({
      ...about,
      type: 'shop.payment.captured.v1',
      id: `${orderId}.captured`,
      data: { orderId, ...total },
    }),
  );
}

/** Gives a cancelled order's money back, if there is any; an order that is charged later finds the mark. */
async function refund({ data: { orderId } }: OrderCancelled): Promise<void> {
  const { Attributes: before } = await tables.send(
    new UpdateCommand({
      TableName,
      Key: { orderId },
      UpdateExpression: 'SET cancelled = :true',
      ExpressionAttributeValues: { ':true': true },
      ReturnValues: 'ALL_OLD',
    }),
  );
  const { state, money } = (before ?? {}) as Payment;
  if (state === 'captured' && money !== undefined) await giveBack(orderId, money);
}

async function giveBack(orderId: string, money: Money): Promise<void> {
  await gateway.refund(orderId, money);
  await tables.send(
    new UpdateCommand({
      TableName,
      Key: { orderId },
      UpdateExpression: 'SET #state = :refunded',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':refunded': 'refunded' },
    }),
  );
  const about = { source, subject: orderId, time: new Date().toISOString() } as const;
  const data = { orderId, ...money };
  await publish(
    cloudEvent<PaymentRefunded>({ ...about, type: 'shop.payment.refunded.v1', id: `${orderId}.refunded`, data }),
  );
}

/** Does what a message asks of payment. */
export const pay = (event: OrderPlaced | OrderCancelled) =>
  event.type === 'shop.order.placed.v1' ? charge(event) : refund(event);
