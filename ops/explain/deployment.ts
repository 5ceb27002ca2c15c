import {
  EventBridgeClient,
  type InputTransformer,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  type Rule,
} from '@aws-sdk/client-eventbridge';
import {
  type EventSourceMappingConfiguration,
  LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import {
  GetSubscriptionAttributesCommand,
  paginateListSubscriptionsByTopic,
  SNSClient,
  type Subscription,
} from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Channel } from '../../contracts/cloud-event.ts';
import { toUserMessage } from '../errors.ts';
import type { DeployedShop } from '../stack.ts';

/** A deployed queue, and the functions that receive from it. */
export type DeployedQueue = {
  policy: string | undefined;
  /** The id or ARN of the key of AWS KMS that encrypts it. */
  key: string | undefined;
  /** The dead-letter queue of the redrive policy. */
  deadLetters: { queue: string; receives: number } | undefined;
  functions: DeployedMapping[];
  /** The ARNs of the queues whose messages SQS may move here; `undefined` where it may move those of every queue. */
  redriveSources: readonly string[] | undefined;
};

/** A function that receives from a queue, by its event source mapping. */
export type DeployedMapping = {
  name: string;
  uuid: string;
  state: string;
  batchSize: number | undefined;
  windowSeconds: number;
};

/** A subscription of a topic, or a target of a rule on the bus. */
export type DeployedRoute = {
  kind: 'subscription' | 'rule';
  arn: string;
  name: string;
  /** The filter policy or event pattern; `undefined` where everything passes. */
  filter: unknown;
  scope: 'body' | 'attributes' | 'event';
  enabled: boolean;
  /** The bare event arrives, without an envelope. */
  bare: boolean;
  /** Whom the event is for: it arrives in an envelope that says so, and is otherwise as it was. @default the rule is for no endpoint */
  endpoint?: string;
  /** The ARN of a queue, or the ARN or address of any other target. */
  target: string;
  /** The ARN of the dead-letter queue for messages that cannot be delivered. */
  undeliverable: string | undefined;
  queue: DeployedQueue | undefined;
  /** Why its queue could not be read, such as one in another account. @default it was read, is gone, or is none */
  unreadable?: string;
};

/** Reads the deployed routes of one channel, or those to wanted targets; `at` is the topic's ARN or the bus's name. */
export async function readRoutes(
  shop: DeployedShop,
  channel: Channel,
  isWanted: (target: string) => boolean = () => true,
): Promise<{ at: string; routes: DeployedRoute[] }> {
  const at = shop.output(
    channel === 'topic' ? 'OrdersTopicArn' : channel === 'lifecycle' ? 'OrderLifecycleTopicArn' : 'EventBusName',
  );
  const found = channel === 'bus' ? await busRoutes(shop, at, isWanted) : await topicRoutes(shop, at, isWanted);
  const readQueue = queueReader(shop);
  return {
    at,
    routes: await Promise.all(
      found.map(async (route) => {
        try {
          return { ...route, queue: await readQueue(route.target) };
        } catch (error) {
          if (!isDenied(error)) throw error;
          return { ...route, queue: undefined, unreadable: toUserMessage(error) };
        }
      }),
    ),
  };
}

const isDenied = (error: unknown) => error instanceof Error && /AccessDenied|AuthorizationError/.test(error.name);

type UnresolvedRoute = Omit<DeployedRoute, 'queue'>;

async function topicRoutes(
  shop: DeployedShop,
  TopicArn: string,
  isWanted: (target: string) => boolean,
): Promise<UnresolvedRoute[]> {
  const client = new SNSClient(shop.config);
  const found: UnresolvedRoute[] = [];
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn })) {
    for (const subscription of Subscriptions) {
      if (isWanted(subscription.Endpoint ?? '')) found.push(await readSubscription(client, subscription));
    }
  }
  return found;
}

async function readSubscription(
  client: SNSClient,
  { SubscriptionArn: arn = '', Protocol = '', Endpoint = '' }: Subscription,
): Promise<UnresolvedRoute> {
  const confirmed = arn.startsWith('arn:');
  const { Attributes = {} } = confirmed
    ? await client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: arn }))
    : {};
  const { FilterPolicy, FilterPolicyScope, RawMessageDelivery, RedrivePolicy } = Attributes;
  return {
    kind: 'subscription',
    arn,
    name: `${Protocol} subscription`,
    filter: FilterPolicy ? JSON.parse(FilterPolicy) : undefined,
    scope: FilterPolicyScope === 'MessageBody' ? 'body' : 'attributes',
    enabled: confirmed,
    bare: RawMessageDelivery === 'true',
    target: Endpoint,
    undeliverable: RedrivePolicy ? JSON.parse(RedrivePolicy).deadLetterTargetArn : undefined,
  };
}

async function busRoutes(
  shop: DeployedShop,
  EventBusName: string,
  isWanted: (target: string) => boolean,
): Promise<UnresolvedRoute[]> {
  const client = new EventBridgeClient(shop.config);
  const all: Rule[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new ListRulesCommand({ EventBusName, ...(NextToken ? { NextToken } : {}) }));
    all.push(...(page.Rules ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  const found = all.map(async ({ Name = '', Arn = '', EventPattern, State }) => {
    // A rule has at most five targets: one page.
    const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule: Name, EventBusName }));
    return Targets.filter(({ Arn: target = '' }) => isWanted(target)).map(
      ({ Arn: target = '', InputPath, InputTransformer, DeadLetterConfig }): UnresolvedRoute => ({
        kind: 'rule',
        arn: Arn,
        name: `rule ${Name}`,
        filter: EventPattern ? JSON.parse(EventPattern) : undefined,
        scope: 'event',
        enabled: State?.startsWith('ENABLED') ?? false,
        bare: InputPath === '$.detail',
        ...endpointIn(InputTransformer),
        target,
        undeliverable: DeadLetterConfig?.Arn,
      }),
    );
  });
  return (await Promise.all(found)).flat();
}

// What `infra/constructs/endpoint-rules.ts` makes of `{ endpoint, event }`.
const ENDPOINT_TEMPLATE = /^\{"endpoint":"([a-z0-9-]+)","event":<([\w-]+)>\}$/;

/** Reads for which endpoint a rule delivers; nothing where its transformer does anything else. */
function endpointIn(transformer: InputTransformer | undefined): Pick<DeployedRoute, 'endpoint'> {
  const [, endpoint, variable = ''] = ENDPOINT_TEMPLATE.exec(transformer?.InputTemplate ?? '') ?? [];
  const isWhole = transformer?.InputPathsMap?.[variable] === '$.detail';
  return endpoint !== undefined && isWhole ? { endpoint } : {};
}

/** Returns a function that reads a queue by its ARN; `undefined` for a target that is no queue or does not exist. */
export function queueReader(shop: DeployedShop): (arn: string) => Promise<DeployedQueue | undefined> {
  const sqs = new SQSClient(shop.config);
  const lambda = new LambdaClient(shop.config);
  return async (arn) => {
    const [, , service, , account = '', QueueName = ''] = arn.split(':');
    if (service !== 'sqs') return undefined;
    const owner = { QueueName, QueueOwnerAWSAccountId: account };
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand(owner)).catch((error: unknown) => {
      if (isMissingQueue(error)) return { QueueUrl: undefined };
      throw error;
    });
    if (QueueUrl === undefined) return undefined;
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    const redrive = Attributes.RedrivePolicy ? JSON.parse(Attributes.RedrivePolicy) : undefined;
    const functions: DeployedQueue['functions'] = [];
    for await (const page of paginateListEventSourceMappings({ client: lambda }, { EventSourceArn: arn })) {
      functions.push(...(page.EventSourceMappings ?? []).map(toMapping));
    }
    const { permission, sourceQueueArns } = Attributes.RedriveAllowPolicy
      ? JSON.parse(Attributes.RedriveAllowPolicy)
      : {};
    return {
      policy: Attributes.Policy,
      key: Attributes.KmsMasterKeyId || undefined,
      deadLetters: redrive && { queue: redrive.deadLetterTargetArn, receives: Number(redrive.maxReceiveCount) },
      functions,
      redriveSources: permission === 'denyAll' ? [] : sourceQueueArns,
    };
  };
}

/** Tells whether SQS refused a call because the queue does not exist. */
export const isMissingQueue = (error: unknown): boolean =>
  error instanceof Error && /NonExistentQueue|QueueDoesNotExist/.test(error.name);

const toMapping = ({
  FunctionArn = '',
  UUID = '',
  State = 'unknown',
  BatchSize,
  MaximumBatchingWindowInSeconds = 0,
}: EventSourceMappingConfiguration): DeployedMapping => ({
  name: FunctionArn.split(':')[6] ?? FunctionArn,
  uuid: UUID,
  state: State,
  batchSize: BatchSize,
  windowSeconds: MaximumBatchingWindowInSeconds,
});
