import { routing } from '../../infra/routing.ts';
import { writeParkedLetter } from '../../lambdas/sweep/parked-letter.ts';
import { parkedLetter } from '../builders/parked-letters.ts';
import { PARKING, PARTNER, queueNames, type StandIn } from './stand-in.ts';

/** As platforms write ids: longer than a line of a terminal. */
export const LONG_ID = `gid://shopify/Order/5/${'8812'.repeat(22)}-fin`;

const REASON =
  '전화번호는 E.164 형식이어야 하는데 그렇지 않습니다: must be an E.164 number such as +821012345678. '.repeat(4);
const time = '2026-11-21T09:00:00.000Z';
const MANY = 1_234_567_890;

type Attribute =
  | { S: string }
  | { N: string }
  | { BOOL: boolean }
  | { L: Attribute[] }
  | { M: Record<string, Attribute> };

/** Writes a value as DynamoDB does. */
function attribute(value: unknown): Attribute {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(attribute) };
  return { M: item(value as Record<string, unknown>) };
}
const item = (values: Record<string, unknown>): Record<string, Attribute> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, attribute(value)]));

const money = { amount: MANY, currency: 'KRW' };
const RECORDS: Readonly<Record<string, Record<string, unknown>>> = {
  Orders: {
    orderId: LONG_ID,
    orderNumber: '#1029-서울',
    version: 1,
    status: 'PLACED',
    stock: 'reserved',
    total: money,
    openSince: time,
    timeline: ['shop.order.placed.v1', 'shop.stock.reserved.v1'].map((type) => ({ time, type, source: 'order' })),
  },
  Payments: {
    orderId: LONG_ID,
    version: 1,
    state: 'refund-due',
    refundDue: 'due',
    time,
    money,
    refundReason: 'received-after-cancellation',
    reference: `pi_${'3Mtw'.repeat(30)}`,
    refunds: [{ refundId: `ref-${'9'.repeat(90)}`, amount: MANY, state: 'refused', time, reason: REASON }],
  },
  Stock: { sku: `키보드-${'KB-01'.repeat(20)}`, available: MANY, reserved: MANY, sold: MANY },
  SandboxGateway: {
    orderId: LONG_ID,
    entry: '1',
    kind: 'capture',
    ...money,
    time,
    reference: `pi_${'3Mtw'.repeat(30)}`,
  },
};

const ATTEMPT = {
  time,
  consumer: 'payment',
  orderId: LONG_ID,
  messageId: '5fea7756-0ea4-451a-a703-a558b933e274',
  eventType: 'shop.order.placed.v1',
  waitedMs: 1_200,
  tookMs: 84,
};
const LOG = [
  {
    ...ATTEMPT,
    attempt: 1,
    message: 'will be tried again',
    errorType: 'GatewayError',
    errorMessage: REASON,
    retryInSeconds: 12,
  },
  { ...ATTEMPT, attempt: 2, message: 'done', time: '2026-11-21T09:00:12.000Z' },
];

type Request = { TableName?: string; RequestItems?: Record<string, { Keys: object[] }> };

/** Answers what reads the shop's tables, logs and alarms. */
function read(operation: string, { TableName = '', RequestItems = {} }: Request): object | undefined {
  const found = RECORDS[TableName];
  const items = found === undefined ? [] : [item(found)];
  switch (operation) {
    case 'Query':
    case 'Scan':
      return { Items: items, Count: items.length, ScannedCount: items.length };
    case 'BatchGetItem':
      // What else is asked for, the stand-in knows.
      if (!JSON.stringify(RequestItems).includes(LONG_ID)) return undefined;
      return {
        Responses: Object.fromEntries(
          Object.entries(RequestItems).map(([table, { Keys }]) => [
            table,
            JSON.stringify(Keys).includes(LONG_ID) && table in RECORDS ? [item(RECORDS[table] ?? {})] : [],
          ]),
        ),
        UnprocessedKeys: {},
      };
    case 'FilterLogEvents':
      return { events: [{ timestamp: Date.parse(time), message: LOG.map((line) => JSON.stringify(line)).join('\n') }] };
    case 'GetFunctionConfiguration':
      return {
        Environment: {
          Variables: {
            ORDER_DEADLINE_SECONDS: '600',
            REMINDER_SECONDS: '300',
            SETTLE_SECONDS: '60',
          },
        },
      };
    case 'DescribeAlarms':
      return {
        MetricAlarms: ['ALARM', 'OK'].map((StateValue) => ({
          AlarmName: `shop-${'payment-dead-letters-'.repeat(6)}${StateValue}`,
          StateValue,
          StateTransitionedTimestamp: Date.parse(time) / 1_000,
          AlarmDescription: REASON,
        })),
      };
    default:
      return undefined;
  }
}

const queueArn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const XML: Readonly<Record<string, string>> = {
  ListStackResources: `<StackResourceSummaries>${['Function', 'Log']
    .map(
      (child) =>
        `<member><LogicalResourceId>Payment${child}0A1B2C3D</LogicalResourceId><PhysicalResourceId>ShopMessaging-${'Payment'.repeat(12)}${child}</PhysicalResourceId><ResourceType>AWS::${child === 'Log' ? 'Logs::LogGroup' : 'Lambda::Function'}</ResourceType></member>`,
    )
    .join('')}</StackResourceSummaries>`,
  ListSubscriptionsByTopic: `<Subscriptions>${['payment', 'stock', PARTNER]
    .map(
      (name) =>
        `<member><SubscriptionArn>arn:aws:sns:us-east-1:000000000000:OrdersTopicArn:${name}-${'a'.repeat(90)}</SubscriptionArn><Protocol>sqs</Protocol><Endpoint>${queueArn(name)}</Endpoint></member>`,
    )
    .join('')}</Subscriptions>`,
  GetSubscriptionAttributes: `<Attributes><entry><key>FilterPolicy</key><value>{"type":["shop.order.placed.v1"],"source":["${'shop-'.repeat(40)}"]}</value></entry><entry><key>FilterPolicyScope</key><value>MessageBody</value></entry></Attributes>`,
};

/** Fills a shop with what is too wide for a terminal: long ids, Korean names and reasons, large numbers. */
export function crowd(standIn: StandIn): void {
  standIn.fill = (operation, input) => read(operation, input);
  standIn.fillXml = (operation) => XML[operation];
  for (const consumer of [...Object.keys(routing), PARTNER]) {
    standIn.queues.add(queueNames(consumer).deadLetters, 3, consumer, LONG_ID, REASON);
  }
  const letter = { body: JSON.stringify({ data: { orderId: LONG_ID } }), attributes: {}, system: {} };
  const parked = parkedLetter({
    consumer: PARTNER,
    owner: '결제팀 '.repeat(20),
    note: REASON,
    link: `https://example.com/${'t'.repeat(200)}`,
    letter,
  });
  standIn.queues.addBody(PARKING, writeParkedLetter(parked) ?? '');
}
