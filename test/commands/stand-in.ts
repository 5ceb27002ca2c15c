import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { constructIdOf, partnerIdOf } from '../../infra/names.ts';
import { routing } from '../../infra/routing.ts';
import type { ArchiveObject } from '../../lambdas/archive/object.ts';
import { archivedOrderEvents } from '../builders/archived.ts';
import { type AwsCall, readCall } from './aws-call.ts';
import { LetterQueues } from './letter-queues.ts';

const CHANGE =
  /^(Send|Publish|Delete|Change|Put|Update|Set|Transact|Batch(Write|Execute)|Create|Invoke|Execute|Enable|Disable|Tag|Untag)/;

const TABLES = ['Orders', 'Payments', 'Stock', 'Notifications', 'Reservations', 'Shipments', 'SandboxGateway'];

/**
 * A server that answers the commands as AWS does: with a deployed shop in which nothing is but the dead letters that a test puts there. A
 * test holds a call, and so decides when a command is in the middle of its work.
 */
export class StandIn {
  readonly queues = new LetterQueues();
  /** All calls, in order, and the names of their operations. */
  readonly requests: AwsCall[] = [];
  readonly calls: string[] = [];
  /** Which calls wait until `release`. The number is how often the operation was called before. */
  holds: (operation: string, before: number) => boolean = () => false;
  /** What it answers in place of its own answer, as JSON and as XML. @default its own answers, of a shop in which nothing is */
  fill: (operation: string, input: AwsCall['input']) => object | undefined = () => undefined;
  fillXml: (operation: string, input: AwsCall['input']) => string | undefined = () => undefined;
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
    const call = readCall(request, await text(request));
    const { operation } = call;
    const before = this.calls.filter((one) => one === operation).length;
    this.requests.push(call);
    this.calls.push(operation);
    if (this.holds(operation, before)) {
      const released = new Promise<void>((go) => this.held.push(go));
      for (const seen of this.watchers.splice(0)) seen();
      await released;
    }
    const { type, content } = this.answer(call);
    response.writeHead(200, { 'content-type': type });
    response.end(content);
  }

  private answer({ service, operation, input }: AwsCall): Answer {
    if (service === 's3') return this.answerOfArchive(operation, input.Key);
    if (['cloudformation', 'sns'].includes(service)) {
      return { type: 'text/xml', content: xmlAnswer(operation, input, this.fillXml(operation, input)) };
    }
    const found =
      this.fill(operation, input) ??
      (input.QueueUrl === undefined ? this.read(operation, input) : this.queues.execute(operation, input));
    return { type: 'application/json', content: JSON.stringify(found ?? emptyAnswer(operation)) };
  }

  private answerOfArchive(operation: string, name: string | undefined): Answer {
    if (operation === 'ListObjectsV2') return { type: 'application/xml', content: listOf(this.archived) };
    const object = this.archived.find(({ key }) => key === name);
    return { type: 'application/octet-stream', content: operation === 'GetObject' ? (object?.content ?? '') : '' };
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
/** The settings that it was deployed with. */
export const SETTINGS = { webhooks: { endpoints: { erp: ENDPOINT } }, partners: PARTNERS };
const TEMPLATE = { Metadata: { Settings: SETTINGS }, Resources: {} };
const DISABLED_ENDPOINT = {
  endpoint: { S: 'erp' },
  disabledAt: { S: '2026-11-21T09:00:00.000Z' },
  disabledReason: { S: 'it took nothing since 2026-11-18T09:00:00.000Z' },
};

/** The id of the first order in the archive. */
export const ARCHIVED_ORDER: string = JSON.parse(archivedOrderEvents(1)[0]?.body ?? '').data.orderId;

/** The id of an order that is confirmed and paid, whatever was published. */
export const PAID_ORDER = 'o-2001';

const time = { S: '2026-11-21T09:00:00.000Z' };
const PAYMENT = { state: { S: 'captured' }, time, money: { M: { amount: { N: '12000' }, currency: { S: 'KRW' } } } };
const REFUND = { refundId: { S: 'r-1' }, amount: { N: '5000' }, state: { S: 'done' }, refunded: { N: '5000' }, time };
const REFUNDS = { refunds: { L: [{ M: REFUND }] } };

const listOf = (objects: readonly ArchiveObject[]) =>
  `<ListBucketResult>${objects.map(({ key }) => `<Contents><Key>${key}</Key></Contents>`).join('')}</ListBucketResult>`;

type Answer = { type: string; content: string | Buffer };

function emptyAnswer(operation: string): object {
  if (operation === 'UpdateItem')
    return { Attributes: { keyGeneration: { N: '1' }, reserved: { N: '0' }, sold: { N: '0' } } };
  if (operation === 'DescribeAlarms') return { MetricAlarms: [{ AlarmName: 'shop-test', StateValue: 'OK' }] };
  if (operation === 'Query' || operation === 'Scan') return { Items: [], Count: 0, ScannedCount: 0 };
  if (operation === 'BatchGetItem') return { Responses: {}, UnprocessedKeys: {} };
  return {};
}

const outputsXml = () =>
  Object.entries(outputs)
    .map(([name, value]) => `<member><OutputKey>${name}</OutputKey><OutputValue>${value}</OutputValue></member>`)
    .join('');

function xmlAnswer(operation: string, input: Record<string, string>, filled: string | undefined): string {
  const ids = Object.entries(input).filter(([name]) => /^PublishBatchRequestEntries\.member\.\d+\.Id$/.test(name));
  const results: Record<string, string> = {
    DescribeStacks: `<Stacks><member><StackName>ShopMessaging</StackName><StackId>arn:aws:cloudformation:us-east-1:000000000000:stack/ShopMessaging/1</StackId><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-21T09:00:00Z</CreationTime><Outputs>${outputsXml()}</Outputs></member></Stacks>`,
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

/** The outputs of the stand-in's stack. */
export const outputs: Readonly<Record<string, string>> = Object.fromEntries([
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
  ['ArchiveBucketName', 'archive-objects'],
  ['ArchiveDays', '30'],
  ['ArchiveQueueUrl', url('archive')],
  ['ArchiveDeadLetterQueueUrl', url('archive-dead-letters')],
  ['ArchiveUndeliveredStepsDeadLetterQueueUrl', url('archive-undelivered-steps.fifo')],
  ['SweepFunctionName', 'sweep'],
  ['SweepDeadLetterQueueUrl', url('sweep-dead-letters')],
  ['ParkedLettersQueueUrl', url(PARKING)],
  ['ParkedDays', '90'],
]);
