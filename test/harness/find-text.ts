import { gunzipSync } from 'node:zlib';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { readParkedLetter } from '../../lambdas/sweep/parked-letter.ts';
import { pageReader } from '../../ops/logs/read-pages.ts';
import type { DeployedShop } from '../../ops/stack.ts';

type Resource = { id: string; name: string };

/** Searches one resource of a kind; returns in which of its items the text is. */
type Search = (shop: DeployedShop, name: string, text: string) => Promise<string[]>;

/**
 * Searches every table, bucket, queue and log group of a deployed shop for a text: records, objects (decompressed), waiting messages, dead letters
 * and parked ones with their attributes, and lines of the log. Returns the places, as `AWS::DynamoDB::Table Notifications: o-1`, sorted. Sees no
 * message that is in flight.
 */
export async function findText(shop: DeployedShop, text: string): Promise<string[]> {
  const places: string[] = [];
  for (const [type, { id, name }] of await listResources(shop)) {
    const found = await searches[type]?.(shop, name, text);
    places.push(...(found ?? []).map((item) => `${type} ${id}: ${item}`));
  }
  return [...new Set(places)].sort();
}

/** Lists what a stack keeps anything in, with its kind. */
async function listResources(shop: DeployedShop): Promise<[string, Resource][]> {
  const client = new CloudFormationClient(shop.config);
  const found: [string, Resource][] = [];
  for await (const page of paginateListStackResources({ client }, { StackName: shop.stackName })) {
    for (const { ResourceType = '', LogicalResourceId = '', PhysicalResourceId = '' } of page.StackResourceSummaries ??
      []) {
      const id = LogicalResourceId.replace(/[0-9A-F]{8}$/, '');
      if (ResourceType in searches) found.push([ResourceType, { id, name: PhysicalResourceId }]);
    }
  }
  return found;
}

const searchTable: Search = async ({ documents: client }, TableName, text) => {
  const found: string[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName, ConsistentRead: true })) {
    const meant = Items.filter((item) => JSON.stringify(item, membersOfSets).includes(text));
    found.push(...meant.map((item) => String(Object.values(item).find((value) => typeof value === 'string'))));
  }
  return found;
};

const membersOfSets = (_: string, value: unknown) => (value instanceof Set ? [...value] : value);

const searchBucket: Search = async ({ config, local }, Bucket, text) => {
  const client = new S3Client({ ...config, forcePathStyle: local });
  const found: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
    for (const { Key = '' } of Contents) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      if (`${Key} ${Key.endsWith('.gz') ? gunzipSync(bytes) : Buffer.from(bytes)}`.includes(text)) found.push(Key);
    }
  }
  return found;
};

// So that no message comes twice while the others are received.
const HIDDEN_SECONDS = 30;

const searchQueue: Search = async ({ config }, nameOrUrl, text) => {
  const client = new SQSClient(config);
  const QueueUrl = /^https?:/.test(nameOrUrl)
    ? nameOrUrl
    : (await client.send(new GetQueueUrlCommand({ QueueName: nameOrUrl }))).QueueUrl;
  const all: Message[] = [];
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: HIDDEN_SECONDS,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) break;
    all.push(...Messages);
  }
  for (let start = 0; start < all.length; start += 10) {
    const Entries = all.slice(start, start + 10).map(({ ReceiptHandle }, index) => ({
      Id: `${index}`,
      ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
  return all.filter((message) => textOf(message).includes(text)).map(({ MessageId = '' }) => MessageId);
};

/** Returns all that a message says: body, attributes and, of a parked one, its letter. */
const textOf = ({ Body = '', MessageAttributes, Attributes }: Message): string =>
  [Body, ...[MessageAttributes, Attributes, readParkedLetter(Body)?.letter].map(whole)].join(' ');

/** Writes a value as JSON, bytes as the text they are, once as it is and once without the escapes of JSON within JSON. */
function whole(value: unknown): string {
  const bytesAsText = (name: string, one: unknown): unknown => {
    const isBytes = name === 'BinaryValue' && typeof one === 'object' && one !== null;
    return isBytes ? Buffer.from('data' in one ? (one.data as number[]) : (one as Uint8Array)).toString() : one;
  };
  const json = JSON.stringify(value, bytesAsText) ?? '';
  return `${json} ${json.replaceAll('\\"', '"')}`;
}

const searchLog: Search = async ({ config, local }, group, text) => {
  const read = pageReader(new CloudWatchLogsClient(config), local, text);
  const found: string[] = [];
  for await (const events of read(group, 0)) {
    found.push(...events.flatMap(({ message = '' }) => (message.includes(text) ? [message.slice(0, 200)] : [])));
  }
  return found;
};

const searches: Readonly<Record<string, Search>> = {
  'AWS::DynamoDB::Table': searchTable,
  'AWS::DynamoDB::GlobalTable': searchTable,
  'AWS::S3::Bucket': searchBucket,
  'AWS::SQS::Queue': searchQueue,
  'AWS::Logs::LogGroup': searchLog,
};
