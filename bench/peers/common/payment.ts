import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Money } from '../../../contracts/money.ts';
import type { OrderCancelled, OrderConfirmed } from '../../../contracts/order.ts';
import type { PaymentAuthorized, PaymentCaptured, PaymentVoided } from '../../../contracts/payment.ts';
import type { KnownPayment } from '../../../lambdas/payment/gateway.ts';
import { sandboxGateway } from '../../../lambdas/payment/sandbox-gateway.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { fenceFor } from '../../../lambdas/runtime/fence.ts';
import { cloudEvent } from './cloud-event.ts';
import type { PlacedOrder } from './placed-order.ts';
import { publish } from './publish.ts';
import { tables } from './table.ts';

const TableName = requireEnv('TABLE_NAME');
const CALL_TIMEOUT_MS = 10_000;
const gateway = sandboxGateway(requireEnv('SANDBOX_GATEWAY_TABLE_NAME'), tables);

type State = 'authorized' | 'captured' | 'voided';

/**
 * Authorizes a placed order, captures a confirmed one and voids a cancelled one; records each result and publishes it. The gateway's
 * idempotency keys prevent a second movement, so nothing is written before a call.
 */
export function handle(event: PlacedOrder | OrderConfirmed | OrderCancelled): Promise<void> {
  switch (event.type) {
    case 'shop.order.placed.v1':
      return authorize(event);
    case 'shop.order.confirmed.v1':
      return capture(event);
    default:
      return release(event);
  }
}

async function authorize({ data: { orderId, payment, total: money } }: PlacedOrder): Promise<void> {
  const result = await gateway.authorize({ orderId, token: payment.token, money }, {}, fenceFor(CALL_TIMEOUT_MS));
  if (result.kind === 'declined') throw new Error(`The payment of order ${orderId} was declined`);
  await record(orderId, 'authorized', { money, reference: result.reference });
  await publishOutcome(orderId, 'authorized', money);
}

async function capture({ data: { orderId, total: money } }: OrderConfirmed): Promise<void> {
  const known = await readPayment(orderId);
  const result = await gateway.capture(orderId, money, known, fenceFor(CALL_TIMEOUT_MS));
  if (result.kind === 'lapsed') throw new Error(`The authorization of order ${orderId} has lapsed`);
  await record(orderId, 'captured', { reference: result.reference });
  await publishOutcome(orderId, 'captured', money);
}

async function release({ data: { orderId } }: OrderCancelled): Promise<void> {
  const known = await readPayment(orderId);
  const result = await gateway.void(orderId, known, fenceFor(CALL_TIMEOUT_MS));
  if (result.kind === 'captured')
    throw new Error(`The payment of order ${orderId} was captured before it was cancelled`);
  await record(orderId, 'voided', {});
  if (result.released && known.money !== undefined) await publishOutcome(orderId, 'voided', known.money);
}

/** Reads what the gateway needs to find an authorization again: its reference. */
async function readPayment(orderId: string): Promise<KnownPayment> {
  const { Item } = await tables.send(new GetCommand({ TableName, Key: { orderId }, ConsistentRead: true }));
  return { ...(Item?.reference && { reference: Item.reference }), ...(Item?.money && { money: Item.money }) };
}

/** Records a state, unless a later one is on record: only an authorization can be overtaken. */
async function record(orderId: string, state: State, facts: { money?: Money; reference?: string | undefined }) {
  const values = Object.entries({ ...facts, time: new Date().toISOString() }).filter(
    ([, value]) => value !== undefined,
  );
  const set = values.map(([name]) => `#${name} = :${name}`);
  const next = state === 'authorized' ? 'if_not_exists(#state, :state)' : ':state';
  await tables.send(
    new UpdateCommand({
      TableName,
      Key: { orderId },
      UpdateExpression: `SET #state = ${next}, ${set.join(', ')}`,
      ExpressionAttributeNames: {
        '#state': 'state',
        ...Object.fromEntries(values.map(([name]) => [`#${name}`, name])),
      },
      ExpressionAttributeValues: {
        ':state': state,
        ...Object.fromEntries(values.map(([name, value]) => [`:${name}`, value])),
      },
    }),
  );
}

const publishOutcome = (orderId: string, state: State, money: Money): Promise<void> =>
  publish(
    cloudEvent<PaymentAuthorized | PaymentCaptured | PaymentVoided>({
      source: '/shop/payment',
      type: `shop.payment.${state}.v1`,
      id: `${orderId}.${state}`,
      subject: orderId,
      time: new Date().toISOString(),
      data: { orderId, ...money },
    }),
  );
