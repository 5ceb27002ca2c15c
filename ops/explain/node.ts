import { DescribeEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, LambdaClient, paginateListEventSourceMappings } from '@aws-sdk/client-lambda';
import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import { QUEUE_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import type { MapNode, NodeDetails, NodePermission, NodeSetting } from '../console/api/map.ts';
import { findQueues } from '../consumers.ts';
import { readPartners } from '../partner-settings.ts';
import { queueName } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { publicUrl, readEndpoints } from '../webhooks/endpoints.ts';
import type { DeployedRoute } from './deployment.ts';
import { routeProblem } from './explanation.ts';
import { ruleNodeId, uncountedQueues } from './graph.ts';
import { describePolicy } from './permission.ts';
import type { DeployedGraph } from './read-graph.ts';

type Found = Omit<NodeDetails, 'node' | 'impact'>;

const nothing = (...settings: NodeSetting[]): Found => ({ settings, permissions: [], statements: [] });

/** Reads the settings and the permissions of a node as they are deployed now; permissions are judged by the routes of the graph. */
export async function readNode(shop: DeployedShop, graph: DeployedGraph, node: MapNode): Promise<NodeDetails> {
  const route = new Map<string, Route>(Object.entries(routing)).get(node.of ?? '');
  const isWorking = node.kind === 'queue' || node.kind === 'consumer';
  return {
    node,
    ...(isWorking && route !== undefined ? { impact: route.impact } : {}),
    ...(isWorking ? { keptDays: QUEUE_RETENTION_DAYS } : {}),
    ...(await readFound(shop, graph, node)),
  };
}

async function readFound(shop: DeployedShop, graph: DeployedGraph, node: MapNode): Promise<Found> {
  switch (node.kind) {
    case 'queue':
      return readQueue(shop, queueUrlOf(shop, node), permissionsTo(graph, queueUrlOf(shop, node)));
    case 'dead-letter-queue':
    case 'parking-queue':
      return readQueue(shop, queueUrlOf(shop, node), []);
    case 'consumer':
      return nothing(...(await readConsumer(shop, queueUrlOf(shop, node))));
    case 'sweep':
      return nothing(...(await readFunction(shop, shop.output('SweepFunctionName'))));
    case 'topic':
      return readTopic(shop, shop.output('OrdersTopicArn'));
    case 'feed':
      return readTopic(shop, shop.output('OrderLifecycleTopicArn'));
    case 'bus':
      return readBus(shop);
    case 'rules':
      return rulesOf(graph, node);
    default:
      return nothing(...(await outsideSettings(shop, node)));
  }
}

/** Finds the address of the queue that a node is, or that is before it; throws where the outputs do not have it. */
export function queueUrlOf(shop: DeployedShop, { id, kind, of }: MapNode): string {
  const { outputs } = shop;
  if (kind === 'parking-queue') return shop.output('ParkedLettersQueueUrl');
  const queues = of === undefined ? undefined : findQueues(outputs, of)[0];
  const other = uncountedQueues(outputs).find(({ name }) => id === `dead-letters-${name}`);
  const url = kind === 'dead-letter-queue' ? (queues?.deadLetterQueueUrl ?? other?.queueUrl) : queues?.queueUrl;
  if (url === undefined) throw new Error(`The stack has no output with the address of ${id}: deploy it again.`);
  return url;
}

async function readQueue(shop: DeployedShop, QueueUrl: string, permissions: NodePermission[]): Promise<Found> {
  const sqs = new SQSClient(shop.config);
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  const { maxReceiveCount } = Attributes.RedrivePolicy ? JSON.parse(Attributes.RedrivePolicy) : {};
  const managed = Attributes.SqsManagedSseEnabled === 'true' ? 'SQS' : 'none';
  return {
    settings: [
      { name: 'resource', value: queueName(QueueUrl) },
      { name: 'order', value: Attributes.FifoQueue === 'true' ? 'FIFO' : 'standard' },
      { name: 'visibility', value: Number(Attributes.VisibilityTimeout), unit: 'seconds' },
      { name: 'retention', value: Number(Attributes.MessageRetentionPeriod) / 86_400, unit: 'days' },
      ...(maxReceiveCount === undefined ? [] : [{ name: 'receives' as const, value: Number(maxReceiveCount) }]),
      { name: 'encryption', value: Attributes.KmsMasterKeyId ? keyName(Attributes.KmsMasterKeyId) : managed },
      ...(await readMappings(shop, Attributes.QueueArn)),
    ],
    permissions,
    statements: describePolicy(Attributes.Policy),
  };
}

const keyName = (key: string) => `KMS ${key.replace(/^arn:.*:(?=key\/|alias\/)/, '')}`;

async function readMappings(shop: DeployedShop, EventSourceArn: string | undefined): Promise<NodeSetting[]> {
  if (EventSourceArn === undefined) return [];
  const client = new LambdaClient(shop.config);
  const found: NodeSetting[] = [];
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, { EventSourceArn })) {
    for (const {
      State = 'unknown',
      BatchSize,
      MaximumBatchingWindowInSeconds = 0,
      ScalingConfig,
    } of EventSourceMappings) {
      found.push(
        { name: 'mapping', value: State },
        ...(BatchSize === undefined ? [] : [{ name: 'batch' as const, value: BatchSize }]),
        { name: 'window', value: MaximumBatchingWindowInSeconds, unit: 'seconds' },
        ...(ScalingConfig?.MaximumConcurrency === undefined
          ? []
          : [{ name: 'concurrency' as const, value: ScalingConfig.MaximumConcurrency }]),
      );
    }
  }
  return found;
}

/** A consumer is the function that its queue's mapping calls. */
async function readConsumer(shop: DeployedShop, QueueUrl: string): Promise<NodeSetting[]> {
  const sqs = new SQSClient(shop.config);
  const client = new LambdaClient(shop.config);
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const EventSourceArn = Attributes?.QueueArn;
  if (EventSourceArn === undefined) return [];
  const functions: string[] = [];
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, { EventSourceArn })) {
    functions.push(...EventSourceMappings.flatMap(({ FunctionArn }) => FunctionArn ?? []));
  }
  const settings = await Promise.all(functions.map((name) => readFunction(shop, name)));
  return [...settings.flat(), ...(await readMappings(shop, EventSourceArn))];
}

async function readFunction(shop: DeployedShop, FunctionName: string): Promise<NodeSetting[]> {
  const client = new LambdaClient(shop.config);
  const {
    FunctionName: resource = FunctionName,
    Runtime,
    MemorySize,
    Timeout,
  } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  return [
    { name: 'resource', value: resource },
    ...(Runtime === undefined ? [] : [{ name: 'runtime' as const, value: Runtime }]),
    ...(MemorySize === undefined ? [] : [{ name: 'memory' as const, value: MemorySize, unit: 'megabytes' as const }]),
    ...(Timeout === undefined ? [] : [{ name: 'timeout' as const, value: Timeout, unit: 'seconds' as const }]),
  ];
}

async function readTopic(shop: DeployedShop, TopicArn: string): Promise<Found> {
  const sns = new SNSClient(shop.config);
  const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
  return {
    settings: [
      { name: 'resource', value: queueName(TopicArn) },
      { name: 'order', value: Attributes.FifoTopic === 'true' ? 'FIFO' : 'standard' },
      { name: 'encryption', value: Attributes.KmsMasterKeyId ? keyName(Attributes.KmsMasterKeyId) : 'none' },
    ],
    permissions: [],
    statements: describePolicy(Attributes.Policy),
  };
}

async function readBus(shop: DeployedShop): Promise<Found> {
  const Name = shop.output('EventBusName');
  const { Policy, KmsKeyIdentifier } = await new EventBridgeClient(shop.config).send(
    new DescribeEventBusCommand({ Name }),
  );
  return {
    settings: [
      { name: 'resource', value: Name },
      { name: 'encryption', value: KmsKeyIdentifier ? keyName(KmsKeyIdentifier) : 'EventBridge' },
    ],
    permissions: [],
    statements: describePolicy(Policy),
  };
}

/** The rules of a node, and whether each may send into its queue. */
function rulesOf({ reading }: DeployedGraph, node: MapNode): Found {
  const { at, routes } = reading.channels.bus;
  const own = routes.filter((route) => route.kind === 'rule' && ruleNodeId(route, reading.outputs) === node.id);
  return {
    settings: own.map(({ name, enabled }) => ({
      name: 'rule',
      value: `${name.replace(/^rule /, '')}, ${enabled ? 'on' : 'off'}`,
    })),
    permissions: own.map((route) => permissionOf(route, at)),
    statements: [],
  };
}

/** Tells of each route that leads to a queue, or that leads there what it cannot deliver, whether it may send. */
function permissionsTo({ reading }: DeployedGraph, queueUrl: string): NodePermission[] {
  return Object.values(reading.channels).flatMap(({ at, routes }) =>
    routes.filter(({ target }) => queueName(target) === queueName(queueUrl)).map((route) => permissionOf(route, at)),
  );
}

function permissionOf(route: DeployedRoute, at: string): NodePermission {
  const why = routeProblem(route, at);
  const who = route.kind === 'rule' ? route.name : `topic ${queueName(at)}`;
  return { who, granted: why === undefined, ...(why === undefined ? {} : { why }) };
}

/** What is outside the stack, as far as its outputs and the settings that it was deployed with tell. */
async function outsideSettings(shop: DeployedShop, { kind, name, of = name }: MapNode): Promise<NodeSetting[]> {
  switch (kind) {
    case 'partner':
      return [{ name: 'account', value: (await readPartners(shop))[of]?.account ?? 'that of the stack' }];
    case 'endpoint': {
      const url = (await readEndpoints(shop))[name]?.url;
      return url === undefined ? [] : [{ name: 'address', value: publicUrl(url) }];
    }
    case 'intake':
      return [{ name: 'address', value: shop.output('IntakeUrl') }];
    case 'publishers':
      return outputSetting(shop, 'PublishPolicyArn');
    case 'reporters':
      return outputSetting(shop, 'PaymentReporterPolicyArn');
    default:
      return [];
  }
}

const outputSetting = ({ outputs }: DeployedShop, name: string): NodeSetting[] =>
  outputs[name] === undefined ? [] : [{ name: 'policy', value: queueName(outputs[name]) }];
