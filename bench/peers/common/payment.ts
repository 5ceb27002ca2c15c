import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { PaymentCaptured } from '../../../contracts/payment.ts';
import { sandboxGateway } from '../../../lambdas/payment/sandbox-gateway.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { cloudEvent } from './cloud-event.ts';
import type { PlacedOrder } from './placed-order.ts';
import { publish } from './publish.ts';
import { tables } from './table.ts';

const TableName = requireEnv('TABLE_NAME');
const gateway = sandboxGateway(requireEnv('SANDBOX_GATEWAY_TABLE_NAME'), tables);

/** Charges a placed order, records the result and publishes it. The gateway's idempotency key prevents a second charge. */
export async function handle({ data }: PlacedOrder): Promise<void> {
  const { orderId, payment, total } = data;
  const { kind } = await gateway.capture({ orderId, token: payment.token, money: total });
  const time = new Date().toISOString();
  await tables.send(
    new UpdateCommand({
      TableName,
      Key: { orderId },
      UpdateExpression:
        'SET #state = if_not_exists(#state, :state), money = :money, #time = if_not_exists(#time, :time)',
      ExpressionAttributeNames: { '#state': 'state', '#time': 'time' },
      ExpressionAttributeValues: { ':state': kind, ':money': total, ':time': time },
    }),
  );
  await publish(
    cloudEvent<PaymentCaptured>({
      source: '/shop/payment',
      type: 'shop.payment.captured.v1',
      id: `${orderId}.captured`,
      subject: orderId,
      time,
      data: { orderId, ...total },
    }),
  );
}
