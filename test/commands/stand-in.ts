import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { constructIdOf, partnerIdOf } from '../../infra/names.ts';
import { routing } from '../../infra/routing.ts';
import type { ArchiveObject } from '../../lambdas/archive/object.ts';
import { LetterQueues } from './letter-queues.ts';

const CHANGE =
  /^(Send|Publish|Delete|Change|Put|Update|Set|Transact|BatchWrite|Create|Invoke|Execute|Enable|Disable|Tag|Untag)/;

const TABLES = ['Orders', 'Payments', 'Stock', 'Notifications', 'Reservations', 'Shipments', 'SandboxGateway'];

/**
 * A server that answers the commands as AWS does: with a deployed shop in which nothing is but the dead letters that a test puts there. A
 * test holds a call, and so decides when a command is in the middle of its work.
 */
export class StandIn {
  readonly queues = new LetterQueues();
  /** The names of all calls, in order. */
  readonly calls: string[] = [];
  /** Which calls wait until `release`. The number is how often the operation was called before. */
  holds: (operation: string, before: number) => boolean = () => false;
  /** What it answers to what reads, in place of its own answer, as JSON and as XML. @default its own answers, of a shop in which nothing is */
  fill: (operation: string, request: object) => object | undefined = () => undefined;
  fillXml: (operation: string) => string | undefined = () => undefined;
  /** What the archive has. */
  archived: readonly ArchiveObject[] = [];
  private readonly server: Server = createServer((request, response) => void this.serve(request, response));
  private readonly held: (() => void)[] = [];
  private readonly watchers: (() => void)[] = [];
  endpoint = '';

  async start(): Promise<this> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    this.endpoint = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** The names of the calls that change something, in order. */
  get changes(): string[] {
    return this.calls.filter((operation) => CHANGE.test(operation));
  }

  /** Resolves once a call is held. */
  async holding(): Promise<void> {
    while (this.held.length === 0) await new Promise<void>((seen) => this.watchers.push(seen));
  }

  /** Answers what is held, and holds nothing more. */
  release(): void {
    this.holds = () => false;
    for (const go of this.held.splice(0)) go();
  }

  /** Answers nothing of what is held, and holds nothing more: the calls have never come. */
  forget(): void {
    this.holds = () => false;
    this.held.splice(0);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const operation = operationOf(request, body);
    const before = this.calls.filter((call) => call === operation).length;
    this.calls.push(operation);
    if (this.holds(operation, before)) {
      const released = new Promise<void>((go) => this.held.push(go));
      for (const seen of this.watchers.splice(0)) seen();
      await released;
    }
    const { type, content } = this.answer(request, operation, body);
    response.writeHead(200, { 'content-type': type });
    response.end(content);
  }

  private answer(request: IncomingMessage, operation: string, body: string): Answer {
    if (request.headers['x-amz-target'] !== undefined) {
      const parsed = JSON.parse(body);
      const found =
        parsed.QueueUrl === undefined
          ? (this.fill(operation, parsed) ?? this.read(operation, parsed))
          : this.queues.execute(operation, parsed);
      return { type: 'application/x-amz-json-1.0', content: JSON.stringify(found ?? emptyAnswer(operation)) };
    }
    if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      return { type: 'text/xml', content: xmlAnswer(operation, new URLSearchParams(body), this.fillXml(operation)) };
    }
    if (operation === 'ListObjectsV2') return { type: 'application/xml', content: listOf(this.archived) };
    const object = this.archived.find(({ key }) => request.url?.includes(key));
    return object === undefined
      ? { type: 'application/json', content: JSON.stringify(this.fill(operation, {}) ?? {}) }
      : { type: 'application/octet-stream', content: object.content };
  }

  /** Every order and receipt that is asked for was handled, once anything was published; and `PAID_ORDER` is refunded then. */
  private read(operation: string, { RequestItems = {} }: { RequestItems?: Record<string, { Keys: object[] }> }) {
    if ('Webhooks' in RequestItems) return { Responses: { Webhooks: [DISABLED_ENDPOINT] }, UnprocessedKeys: {} };
    const asked = JSON.stringify(RequestItems);
    const isHandled = this.changes.includes('PublishBatch');
    if (operation !== 'BatchGetItem' || !(isHandled || asked.includes(PAID_ORDER))) return undefined;
    const record = { version: { N: '1' }, status: { S: 'CONFIRMED' }, timeline: { L: [] }, lines: { L: [] } };
    const records: Record<string, object> = { Orders: record, Reservations: record };
    if (asked.includes(PAID_ORDER)) records.Payments = isHandled ? { ...PAYMENT, ...REFUNDS } : PAYMENT;
    const tables = Object.entries(RequestItems).filter(([table]) => table in records);
    return {
      Responses: Object.fromEntries(
        tables.map(([table, { Keys }]) => [table, Keys.map((key) => ({ ...key, ...records[table] }))]),
      ),
      UnprocessedKeys: {},
    };
  }
}

const ENDPOINT = { url: 'https://erp.example.com/hooks?key=1', events: ['shop.order.confirmed.v1'], secret: 'erp' };
/** The partner of the stand-in, with a name as long as any. */
export const PARTNER = 'warehousemanagement2';
const PARTNERS = { [PARTNER]: { events: ['shop.order.confirmed.v1'] } };
const SETTINGS = { webhooks: { endpoints: { erp: ENDPOINT } }, partners: PARTNERS };
const TEMPLATE = { Metadata: { Settings: SETTINGS }, Resources: {} };
const DISABLED_ENDPOINT = {
  endpoint: { S: 'erp' },
  disabledAt: { S: '2026-11-21T09:00:00.000Z' },
  disabledReason: { S: 'it took nothing since 2026-11-18T09:00:00.000Z' },
};

/** The id of an order that is confirmed and paid, whatever was published. */
export const PAID_ORDER = 'o-2001';

const time = { S: '2026-11-21T09:00:00.000Z' };
const PAYMENT = { state: { S: 'captured' }, time, money: { M: { amount: { N: '12000' }, currency: { S: 'KRW' } } } };
const REFUND = { refundId: { S: 'r-1' }, amount: { N: '5000' }, state: { S: 'done' }, refunded: { N: '5000' }, time };
const REFUNDS = { refunds: { L: [{ M: REFUND }] } };

const listOf = (objects: readonly ArchiveObject[]) =>
  `<ListBucketResult>${objects.map(({ key }) => `<Contents><Key>${key}</Key></Contents>`).join('')}</ListBucketResult>`;

type Answer = { type: string; content: string | Buffer };

function operationOf({ headers, url = '', method = '' }: IncomingMessage, body: string): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1) ?? target;
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return new URLSearchParams(body).get('Action') ?? 'unknown';
  }
  if (url.includes('list-type=2')) return 'ListObjectsV2';
  return `${method} ${url.split('?')[0]}`;
}

function emptyAnswer(operation: string): object {
  if (operation === 'UpdateItem')
    return { Attributes: { keyGeneration: { N: '1' }, reserved: { N: '0' }, sold: { N: '0' } } };
  if (operation === 'DescribeAlarms') return { MetricAlarms: [{ AlarmName: 'shop-test', StateValue: 'OK' }] };
  if (operation === 'Query' || operation === 'Scan') return { Items: [], Count: 0, ScannedCount: 0 };
  if (operation === 'BatchGetItem') return { Responses: {}, UnprocessedKeys: {} };
  return {};
}

function xmlAnswer(operation: string, form: URLSearchParams, filled: string | undefined): string {
  const ids = [...form].filter(([name]) => /^PublishBatchRequestEntries\.member\.\d+\.Id$/.test(name));
  const results: Record<string, string> = {
    DescribeStacks: `<Stacks><member><StackName>ShopMessaging</StackName><StackId>arn:aws:cloudformation:us-east-1:000000000000:stack/ShopMessaging/1</StackId><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-21T09:00:00Z</CreationTime><Outputs>${OUTPUTS}</Outputs></member></Stacks>`,
    GetTemplate: `<TemplateBody>${JSON.stringify(TEMPLATE)}</TemplateBody>`,
    PublishBatch: `<Successful>${ids.map(([, id]) => `<member><Id>${id}</Id><MessageId>${id}</MessageId></member>`).join('')}</Successful><Failed/>`,
  };
  return `<${operation}Response><${operation}Result>${filled ?? results[operation] ?? ''}</${operation}Result></${operation}Response>`;
}

const url = (name: string) => `http://127.0.0.1/000000000000/${name}`;
/** The queue's name in the stand-in, and that of its dead letters. */
export const queueNames = (consumer: string): { queue: string; deadLetters: string } => {
  const ending = consumer === 'shipping' ? '.fifo' : '';
  return { queue: `${consumer}${ending}`, deadLetters: `${consumer}-dead-letters${ending}` };
};

/** The name of the parking queue. */
export const PARKING = 'parked-letters';

const OUTPUTS = [
  ...[...Object.keys(routing), 'webhooks'].flatMap((consumer) => [
    [`${constructIdOf(consumer)}QueueUrl`, url(queueNames(consumer).queue)],
    [`${constructIdOf(consumer)}DeadLetterQueueUrl`, url(queueNames(consumer).deadLetters)],
  ]),
  [`${partnerIdOf(PARTNER)}QueueUrl`, url(queueNames(PARTNER).queue)],
  [`${partnerIdOf(PARTNER)}DeadLetterQueueUrl`, url(queueNames(PARTNER).deadLetters)],
  ...[...TABLES, 'Webhooks'].map((name) => [`${name}TableName`, name]),
  ...['OrdersTopicArn', 'OrderLifecycleTopicArn', 'AlarmTopicArn'].map((name) => [
    name,
    `arn:aws:sns:us-east-1:000000000000:${name}`,
  ]),
  ['EventBusName', 'shop'],
  ['ArchiveBucketName', 'archive'],
  ['ArchiveDays', '30'],
  ['ArchiveQueueUrl', url('archive')],
  ['SweepFunctionName', 'sweep'],
  ['ParkedLettersQueueUrl', url(PARKING)],
  ['ParkedDays', '90'],
]
  .map(([name, value]) => `<member><OutputKey>${name}</OutputKey><OutputValue>${value}</OutputValue></member>`)
  .join('');
