type Service = {
  package: string;
  client: string;
  /** One call of the kind that the function's first message leads to. */
  first?: string;
};

const services = {
  dynamodb: { package: '@aws-sdk/client-dynamodb', client: 'DynamoDBClient' },
  events: {
    package: '@aws-sdk/client-eventbridge',
    client: 'EventBridgeClient',
    first: `new PutEventsCommand({ Entries: [{ EventBusName: 'bus', Source: '/shop', DetailType: 'type', Detail: '{}' }] })`,
  },
  sqs: { package: '@aws-sdk/client-sqs', client: 'SQSClient' },
} as const satisfies Record<string, Service>;

const item = `{ TableName: 'table', Item: { orderId: { S: 'o-1' } } }`;
const queue = { sqs: ['ChangeMessageVisibilityBatchCommand', 'SendMessageBatchCommand'] };
const bus = { events: ['PutEventsCommand'] };

/** What a function calls, and the call to DynamoDB that its first message leads to. */
const needs: Record<string, { commands: Partial<Record<keyof typeof services, string[]>>; first: string }> = {
  payment: {
    commands: {
      dynamodb: [
        'PutItemCommand',
        'BatchExecuteStatementCommand',
        'BatchGetItemCommand',
        'GetItemCommand',
        'QueryCommand',
      ],
      ...bus,
      ...queue,
    },
    first: `new PutItemCommand(${item})`,
  },
  stock: {
    commands: { dynamodb: ['TransactWriteItemsCommand', 'BatchGetItemCommand'], ...bus, ...queue },
    first: `new TransactWriteItemsCommand({ TransactItems: [{ Put: ${item} }] })`,
  },
};

/** The functions for which there is a bundle of the SDK alone. */
export const withSdkOnly = Object.keys(needs);

/** Takes a function's name and gives a module that makes the SDK clients the function needs, and nothing else, and calls each once that is called for a first message. */
export function sdkOnly(name: string): string {
  const { commands = {}, first = '' } = needs[name] ?? {};
  const used = Object.entries(commands).map(([key, names]) => ({ key, names, ...serviceOf(key) }));
  return [
    ...used.map(({ package: from, client, names }) => `import { ${[client, ...names].join(', ')} } from '${from}';`),
    ...used.map(({ key, client }) => `const ${key} = new ${client}({});`),
    `export const commands = [${used.flatMap(({ names }) => names).join(', ')}];`,
    `export const clients = [${used.map(({ key }) => key).join(', ')}];`,
    'export const handler = async () => {',
    `  await dynamodb.send(${first});`,
    `  await events.send(${services.events.first});`,
    '  return { batchItemFailures: [] };',
    '};',
  ].join('\n');
}

function serviceOf(key: string): Service {
  const found = Object.entries(services).find(([name]) => name === key);
  if (found === undefined) throw new Error(`There is no service ${key}`);
  return found[1];
}
