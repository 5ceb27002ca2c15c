import './provided.ts';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { inject } from 'vitest';
import { constructIdOf } from '../../infra/names.ts';
import { type ConsumerName, routing } from '../../infra/routing.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { PaymentState } from '../../lambdas/payment/record.ts';
import { SANDBOX_STATE_KEY } from '../../lambdas/payment/sandbox-book.ts';
import type { Shipment } from '../../lambdas/shipping/rules.ts';
import type { Shelf } from '../../lambdas/stock/record.ts';
import { engineClientConfig } from '../../localstack/environment.ts';
import { localTarget } from '../../ops/aws-target.ts';
import { deployedShop } from '../../ops/stack.ts';
import { placedMessage } from '../harness/orders.ts';
import type { RefundRequest, TestOrder } from '../harness/shop-state.ts';

// Operates the shop through the plain AWS SDK, as operators and existing services do, on whichever engine runs the suite.
const outputs: Record<string, string> = inject('outputs');
const connection = engineClientConfig(inject('endpoint'));

/** The shop as the operator's commands see it. */
export const shop = deployedShop(localTarget(inject('endpoint')), {
  Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
});

export const sns = new SNSClient(connection);
export const sqs = new SQSClient(connection);
export const bus = new EventBridgeClient(connection);
const lambda = new LambdaClient(connection);
export const tables = DynamoDBDocumentClient.from(new DynamoDBClient(connection));

/** Returns the value of a stack output. */
export function output(name: string): string {
  const value = outputs[name];
  if (value === undefined) throw new Error(`The stack has no output ${name}`);
  return value;
}

export const queueUrl = (consumer: ConsumerName | 'archive') => output(`${constructIdOf(consumer)}QueueUrl`);
export const deadLetterQueueUrl = (consumer: ConsumerName) => output(`${constructIdOf(consumer)}DeadLetterQueueUrl`);

/** Polls until `ask` returns a truthy value and returns it. Throws after `seconds`, with `what` and the text of `instead`. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  seconds = 240,
  instead: () => string = () => '',
): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`Timed out after ${seconds} s waiting until ${what}${instead()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// Of files that begin at other milliseconds: a number is not given twice within the hours that a run may take.
let phoneNumbers = Date.now() % 10_000_000;

/** Creates an order with an id, a SKU and a phone number of its own. */
export function testOrder(parts: Partial<TestOrder> = {}): TestOrder {
  phoneNumbers += 1;
  return {
    orderId: `t-${ulid()}`,
    sku: `SKU-${ulid()}`,
    quantity: 1,
    token: 'tok_visa',
    phone: `+8210${String(phoneNumbers).padStart(8, '0')}`,
    locale: 'ko',
    unitPrice: 12_000,
    ...parts,
  };
}

/** Returns the message that a publisher sends for an order. */
export const placed = (order: TestOrder, id: string = ulid()) => placedMessage(order, id);

/** Returns the message by which a customer cancels an order. */
export const cancelRequested = (orderId: string) => ({
  id: ulid(),
  source: '/shop/checkout',
  type: 'shop.order.cancel-requested.v1',
  data: { orderId, reason: 'changed my mind' },
});

/** Returns the message by which whoever ships says that goods of an order left. */
export const shipped = (orderId: string) => ({
  id: ulid(),
  source: '/shop/warehouse',
  type: 'shop.order.shipped.v1',
  data: { orderId },
});

/** Returns the message by which the shop's staff sends money back, or counts goods back. */
export const refundRequested = (orderId: string, request: RefundRequest) => ({
  id: ulid(),
  source: '/shop/support',
  type: 'shop.order.refund-requested.v1',
  data: { orderId, ...request },
});

/** Publishes a message on the orders topic: an object as JSON, a string unchanged. */
export async function publish(message: object | string, attributes: Record<string, string> = {}): Promise<void> {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  await sns.send(
    new PublishCommand({ TopicArn: output('OrdersTopicArn'), Message: bodyOf(message), MessageAttributes }),
  );
}

const bodyOf = (message: object | string) => (typeof message === 'string' ? message : JSON.stringify(message));

/** Publishes messages in calls of ten: objects as JSON, strings unchanged. Throws when an entry is refused. */
export async function publishAll(messages: readonly (object | string)[]): Promise<void> {
  for (let start = 0; start < messages.length; start += 10) {
    const entries = messages.slice(start, start + 10).map((one, index) => ({ Id: `${index}`, Message: bodyOf(one) }));
    const { Failed = [] } = await sns.send(
      new PublishBatchCommand({ TopicArn: output('OrdersTopicArn'), PublishBatchRequestEntries: entries }),
    );
    if (Failed.length > 0) throw new Error(`${Failed.length} messages were refused`);
  }
}

/** Returns the message by which whoever has the reporter's policy reports an order's payment. */
export const received = (orderId: string, money: { amount?: number; currency?: string; reference?: string } = {}) => ({
  id: ulid(),
  source: '/shop/payments',
  type: 'shop.payment.received.v1',
  data: { orderId, amount: 12_000, currency: 'KRW', ...money },
});

type BusMessage = { source: string; type: string };

/** Puts a message on the bus, under its own source and type unless told otherwise. Throws when it is refused. */
export async function putOnBus(
  message: BusMessage & Record<string, unknown>,
  outside: Partial<BusMessage> = {},
): Promise<void> {
  const { source, type } = { ...message, ...outside };
  const Entry = { EventBusName: output('EventBusName'), Source: source, DetailType: type };
  const { FailedEntryCount } = await bus.send(
    new PutEventsCommand({ Entries: [{ ...Entry, Detail: JSON.stringify(message) }] }),
  );
  if (FailedEntryCount !== 0) throw new Error('The bus refused an event');
}

async function item(table: string, key: Record<string, string>): Promise<Record<string, unknown> | undefined> {
  const { Item } = await tables.send(new GetCommand({ TableName: output(table), Key: key, ConsistentRead: true }));
  return Item;
}

/** Reads an order's record. */
export const orderOf = async (orderId: string) => (await item('OrdersTableName', { orderId })) as Order | undefined;

/** Reads the state of an order's payment. */
export const paymentOf = async (orderId: string) => (await item('PaymentsTableName', { orderId }))?.state;

/** Waits until an order is decided and returns its record. */
export const decided = (orderId: string, seconds?: number) =>
  eventually(
    `order ${orderId} is decided`,
    async () => {
      const order = await orderOf(orderId);
      return order?.status === 'CONFIRMED' || order?.status === 'CANCELLED' ? order : undefined;
    },
    seconds,
  );

/** Sets the available quantity of a SKU and keeps reserved and sold, as orders of other tests may hold some. */
export async function setStock(sku: string, available: number): Promise<void> {
  await tables.send(
    new UpdateCommand({
      TableName: output('StockTableName'),
      Key: { sku },
      UpdateExpression:
        'SET available = :available, reserved = if_not_exists(reserved, :none), sold = if_not_exists(sold, :none)',
      ExpressionAttributeValues: { ':available': available, ':none': 0 },
    }),
  );
}

/** Reads the shelf of a SKU. */
export const shelfOf = async (sku: string) => (await item('StockTableName', { sku })) as Shelf | undefined;

/** Waits until an order's payment is in a state. */
export const paymentIs = (orderId: string, state: PaymentState) =>
  eventually(`the payment of ${orderId} is ${state}`, async () => (await paymentOf(orderId)) === state);

/** The sandbox's entries of a payment that was captured, once. */
export const capturedOnce = (amount = 12_000, currency = 'KRW') => [
  `authorization ${amount} ${currency}`,
  `capture ${amount} ${currency}`,
];

/** The sandbox's entries of a payment that was let go of, and never captured. */
export const voidedOnce = (amount = 12_000, currency = 'KRW') => [
  `authorization ${amount} ${currency}`,
  `void ${amount} ${currency}`,
];

/** Reads what the sandbox gateway recorded for an order, as `capture 12000 KRW`, sorted. */
export async function chargesOf(orderId: string): Promise<string[]> {
  const { Items = [] } = await tables.send(
    new QueryCommand({
      TableName: output('SandboxGatewayTableName'),
      KeyConditionExpression: 'orderId = :orderId',
      ExpressionAttributeValues: { ':orderId': orderId },
      ConsistentRead: true,
    }),
  );
  // An order's key has no kind.
  return Items.flatMap(({ kind, amount, currency }) => (kind ? [`${kind} ${amount} ${currency}`] : [])).sort();
}

/** Reads an order's shipment record. */
export const shipmentOf = async (orderId: string) =>
  (await item('ShipmentsTableName', { orderId })) as Shipment | undefined;

/** Backdates an undecided order by `hours` and invokes the sweep. */
export async function backdateAndSweep(orderId: string, hours: number): Promise<void> {
  await tables.send(
    new UpdateCommand({
      TableName: output('OrdersTableName'),
      Key: { orderId },
      UpdateExpression: 'SET openSince = :then',
      ExpressionAttributeValues: { ':then': new Date(Date.now() - hours * 3_600_000).toISOString() },
    }),
  );
  await invokeSweep();
}

/** Has the sweep look at everything again that it looks at now and then only, parked letters too. */
export async function sweepAnew(): Promise<void> {
  await tables.send(new DeleteCommand({ TableName: output('OrdersTableName'), Key: { orderId: 'sweep progress' } }));
  await invokeSweep();
}

/** Invokes the sweep. */
export async function invokeSweep(): Promise<void> {
  const invocation = new InvokeCommand({ FunctionName: output('SweepFunctionName') });
  const { FunctionError, Payload } = await lambda.send(invocation);
  if (FunctionError !== undefined) throw new Error(`The sweep failed: ${Payload?.transformToString()}`);
}

/** Sets after how many hours the sweep publishes that a reminder is due; 0 = never, the default. */
export async function setReminderHours(hours: number): Promise<void> {
  await setVariable(output('SweepFunctionName'), 'REMINDER_SECONDS', String(hours * 3600));
}

/** Sets an environment variable of a function, or removes it; returns what it was. */
export async function setVariable(
  FunctionName: string,
  name: string,
  value: string | undefined,
): Promise<string | undefined> {
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const { [name]: before, ...others } = Environment?.Variables ?? {};
  const Variables = { ...others, ...(value === undefined ? {} : { [name]: value }) };
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 60, minDelay: 1 }, { FunctionName });
  return before;
}

/** Switches the sandbox gateway off or on. */
export async function setGatewayState(state: 'up' | 'down'): Promise<void> {
  const Item = { ...SANDBOX_STATE_KEY, down: state === 'down' };
  await tables.send(new PutCommand({ TableName: output('SandboxGatewayTableName'), Item }));
}

/** Reads the texts that the engine sent to a number. */
export async function textsTo(phone: string): Promise<string[]> {
  const path = inject('engine') === 'ministack' ? '/_ministack/sns/sms-messages' : '/_aws/sns/sms-messages';
  const answer = await fetch(`${inject('endpoint')}${path}`);
  const { sms_messages } = (await answer.json()) as { sms_messages: Record<string, { Message: string }[]> };
  return (sms_messages[phone] ?? []).map(({ Message }) => Message);
}

/** Waits for a dead letter with this text in its body, deletes it from the queue and returns it. */
export const takeDeadLetter = (consumer: ConsumerName, text: string) =>
  eventually(`a dead letter of ${consumer} contains ${text.slice(0, 60)}`, async () => {
    const found = await takeMessage(deadLetterQueueUrl(consumer), (body) => body.includes(text));
    if (found === undefined) return undefined;
    const { MessageAttributes = {}, Body = '' } = found;
    const attributes = Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue] as const);
    return { body: Body, ...Object.fromEntries(attributes) } as Record<string, string>;
  });

/** Deletes and returns the first message that `wanted` accepts; the others become visible again after a second. */
export async function takeMessage(QueueUrl: string, wanted: (body: string) => boolean): Promise<Message | undefined> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 1,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    }),
  );
  const found = Messages.find(({ Body = '' }) => wanted(Body));
  if (found !== undefined) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: found.ReceiptHandle }));
  return found;
}

/** Reads how many messages of a queue are waiting and in flight. */
export async function depth(QueueUrl: string): Promise<{ waiting: number; inFlight: number }> {
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  return {
    waiting:
      Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}

/** Waits until the queues of all consumers except shipping are empty, so that money, stock and texts do not change any more. */
export async function waitForEmptyQueues(): Promise<void> {
  const names = (Object.keys(routing) as ConsumerName[]).filter((name) => name !== 'shipping');
  let busy: string[] = [];
  const check = async () => {
    const depths = await Promise.all(names.map(async (name) => ({ name, ...(await depth(queueUrl(name))) })));
    busy = depths
      .filter(({ waiting, inFlight }) => waiting + inFlight > 0)
      .map(({ name, waiting, inFlight }) => `${name}: ${waiting} waiting, ${inFlight} in flight`);
    return busy.length === 0;
  };
  await eventually('the queues are empty', check, 240, () => ` (${busy.join('; ')})`);
}

/** Enables or disables a consumer's event source mapping, as an operator would. */
export async function setReceiving(consumer: ConsumerName | 'archive', enabled: boolean): Promise<void> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl(consumer), AttributeNames: ['QueueArn'] }),
  );
  const mappings = async () => {
    const ask = new ListEventSourceMappingsCommand({ EventSourceArn: Attributes?.QueueArn });
    return (await lambda.send(ask)).EventSourceMappings ?? [];
  };
  const wanted = enabled ? 'Enabled' : 'Disabled';
  for (const { UUID, State } of await mappings()) {
    if (State !== wanted) await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: enabled }));
  }
  await eventually(`the mapping of ${consumer} is ${wanted}`, async () =>
    (await mappings()).every(({ State }) => State === wanted),
  );
}
