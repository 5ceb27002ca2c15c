import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { Grant, ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { PROBE_SOURCE } from '../../lambdas/runtime/probe.ts';
import type { Settings } from '../settings.ts';
import { acknowledgePatterns } from './acknowledge-patterns.ts';
import type { Archive } from './archive.ts';
import type { Consumer } from './consumer.ts';
import { grantPutEvents } from './put-events.ts';
import type { RecordTables } from './record-table.ts';
import type { ShopKey } from './shop-key.ts';
import { QUEUE_TAGS, type QueueKind } from './shop-queue.ts';
import { sweepPublishes } from './sweep.ts';

export type OperatorPoliciesProps = {
  /** The topic that existing services publish on. */
  orders: ITopic;
  /** The FIFO topic with every order's steps. */
  lifecycle: ITopic;
  bus: EventBus;
  consumers: Readonly<Record<string, Consumer>>;
  archive: Archive;
  tables: RecordTables;
  /** The key of the stack. @default keys that AWS owns */
  key: ShopKey | undefined;
  settings: Pick<Settings, 'shop' | 'stage' | 'alarmTopicArn' | 'partners'>;
};

// What commands read. A shop's own tables are nothing that they know, and that of the intake is nothing that they need.
const READ_TABLES = [
  'OrdersTable',
  'PaymentsTable',
  'StockTable',
  'ReservationsTable',
  'NotificationsTable',
  'ShipmentsTable',
  'SandboxGatewayTable',
  'WebhookEndpointsTable',
];

// CloudFormation shortens the stack's name in the names of resources that would be too long for their service, but not below this.
const WHOLE_NAME_CHARACTERS = 24;

type Conditions = Record<string, Record<string, unknown>>;

/**
 * Makes two managed policies for the roles of operators (docs/operating.md#roles-of-operators): one that reads, and one that changes, which is attached beside
 * it. Data is allowed by the resource; what describes resources (queues, functions, logs, rules), by the stack's name, with which their names begin.
 * No number of partners makes them larger: AWS allows a policy 6,144 characters.
 */
export class OperatorPolicies extends Construct {
  private readonly props: OperatorPoliciesProps;

  constructor(scope: Construct, id: string, props: OperatorPoliciesProps) {
    super(scope, id);
    this.props = props;
    const shop = `${props.settings.shop} (${props.settings.stage})`;
    const read = new ManagedPolicy(this, 'ReadPolicy', {
      description: `Read the state of ${shop}, and change nothing`,
    });
    this.readDescriptions(read);
    this.readRoutes(read);
    this.readData(read);
    const repair = new ManagedPolicy(this, 'RepairPolicy', {
      description: `Put right what went wrong in ${shop}, beside the policy for reading`,
    });
    this.changeMessages(repair);
    this.changeRecords(repair);
    this.publish(repair);
    new CfnOutput(Stack.of(this), 'OperatorReadPolicyArn', { value: read.managedPolicyArn });
    new CfnOutput(Stack.of(this), 'OperatorRepairPolicyArn', { value: repair.managedPolicyArn });
  }

  /** Reads the stack, what its resources are, their metrics, alarms and logs: no message and no record. */
  private readDescriptions(policy: ManagedPolicy): void {
    const { key } = this.props;
    const { stackName } = Stack.of(this);
    allow(
      policy,
      'cloudformation',
      ['DescribeStacks', 'GetTemplate', 'ListStackResources'],
      [this.arn('cloudformation', `stack/${stackName}/*`)],
    );
    allow(policy, 'sqs', ['GetQueueAttributes', 'GetQueueUrl', 'ListQueueTags'], [this.own('sqs')]);
    allow(policy, 'lambda', ['GetFunctionConfiguration', 'GetPolicy'], [this.own('lambda', 'function:')]);
    allow(policy, 'logs', ['FilterLogEvents'], [this.own('logs', 'log-group:')]);
    allow(policy, 'cloudwatch', ['DescribeAlarms', 'GetMetricData'], ['*']);
    allow(policy, 'lambda', ['ListEventSourceMappings'], ['*']);
    // For `verify`, which says what in a key's policy keeps messages from a queue.
    if (key !== undefined) allow(policy, 'kms', ['DescribeKey', 'GetKeyPolicy'], [key.key.keyArn]);
  }

  /** Reads which subscriptions and rules bring what where. */
  private readRoutes(policy: ManagedPolicy): void {
    const { orders, lifecycle, bus, settings } = this.props;
    const alarms = settings.alarmTopicArn ?? this.own('sns');
    allow(
      policy,
      'sns',
      ['GetTopicAttributes', 'ListSubscriptionsByTopic'],
      [orders.topicArn, lifecycle.topicArn, alarms],
    );
    allow(policy, 'sns', ['GetSubscriptionAttributes'], ['*']);
    allow(policy, 'events', ['ListRuleNamesByTarget', 'ListRules'], ['*']);
    const rules = [this.arn('events', `rule/${bus.eventBusName}/*`), this.own('events', 'rule/')];
    allow(policy, 'events', ['DescribeRule', 'ListTargetsByRule'], rules);
    allow(policy, 'events', ['DescribeEventBus'], [bus.eventBusArn]);
  }

  /** Reads records and dead letters. To look at a letter is to receive it, and to make it visible again. */
  private readData(policy: ManagedPolicy): void {
    const { key } = this.props;
    const tables = READ_TABLES.flatMap((id) => this.tableArn(id));
    allow(policy, 'dynamodb', ['BatchGetItem', 'GetItem', 'Query', 'Scan'], tables);
    const indexed = ['OrdersTable', 'PaymentsTable'].flatMap((id) => this.tableArn(id));
    allow(
      policy,
      'dynamodb',
      ['Query'],
      indexed.map((arn) => `${arn}/index/*`),
    );
    key?.grantUse(policy, 'dynamodb', 'Decrypt');
    this.allowQueues(policy, ['ReceiveMessage', 'ChangeMessageVisibility'], ['dead-letters', 'parked']);
  }

  /** Puts letters back, parks and discards them, replays, and pauses a consumer: its mapping is disabled, and the tags of its queue say why. */
  private changeMessages(policy: ManagedPolicy): void {
    const { key, consumers, archive, settings } = this.props;
    this.allowQueues(policy, ['SendMessage', 'DeleteMessage'], ['dead-letters', 'parked']);
    if (Object.keys(settings.partners).length > 0) this.allowQueues(policy, ['SendMessage'], ['partner']);
    const own = [...Object.values(consumers), archive].map(({ queue }) => queue.queueArn);
    allow(policy, 'sqs', ['SendMessage', 'TagQueue', 'UntagQueue'], own);
    key?.grantUse(policy, 'sqs', 'Decrypt', 'GenerateDataKey');
    // A mapping has an id only: which function it invokes decides.
    allow(policy, 'lambda', ['UpdateEventSourceMapping'], [this.arn('lambda', 'event-source-mapping:*')], {
      ArnLike: { 'lambda:FunctionArn': this.own('lambda', 'function:') },
    });
    allow(policy, 's3', ['ListBucket'], [archive.bucket.bucketArn]);
    // To replay, and to write an object anew without the person whom `forget` names, over what was read, tagged with the day on which it ends.
    const objects = ['GetObject', 'PutObject', 'PutObjectTagging'];
    allow(policy, 's3', objects, [archive.bucket.arnForObjects('*')]);
    key?.grantUse(policy, 's3', 'Decrypt', 'GenerateDataKey');
  }

  private changeRecords(policy: ManagedPolicy): void {
    const { webhooks } = this.props.consumers;
    const counted = ['StockTable', 'SandboxGatewayTable'].flatMap((id) => this.tableArn(id));
    allow(policy, 'dynamodb', ['UpdateItem'], counted);
    const forgotten = ['OrdersTable', 'NotificationsTable'].flatMap((id) => this.tableArn(id));
    allow(policy, 'dynamodb', ['PartiQLUpdate'], forgotten);
    if (webhooks !== undefined) {
      allow(policy, 'dynamodb', ['DeleteItem'], this.tableArn('WebhookEndpointsTable'));
      allow(policy, 'lambda', ['InvokeFunction'], [webhooks.function.functionArn]);
    }
    const { stackName } = Stack.of(this);
    allow(policy, 'cloudwatch', ['SetAlarmState'], [this.arn('cloudwatch', `alarm:${stackName}-*`)]);
  }

  /** Publishes what services do: orders, cancellations, refunds, receipts; what the sweep would; and probes. */
  private publish(policy: ManagedPolicy): void {
    const { orders, lifecycle, bus, key } = this.props;
    allow(policy, 'sns', ['Publish'], [orders.topicArn, lifecycle.topicArn]);
    key?.grantUse(policy, 'sns', 'Decrypt', 'GenerateDataKey');
    grantPutEvents(bus, policy, sweepPublishes);
    allow(policy, 'events', ['PutEvents'], [bus.eventBusArn], {
      'ForAllValues:StringEquals': { 'events:source': PROBE_SOURCE },
      Null: { 'events:source': 'false' },
    });
  }

  /** Allows queues of a kind by their tags: with one ARN for each of many partners, the policy would be too large. */
  private allowQueues(policy: ManagedPolicy, actions: readonly string[], kinds: readonly QueueKind[]): void {
    allow(policy, 'sqs', actions, [this.arn('sqs', '*')], {
      StringEquals: {
        [`aws:ResourceTag/${QUEUE_TAGS.shop}`]: Stack.of(this).stackName,
        [`aws:ResourceTag/${QUEUE_TAGS.kind}`]: kinds,
      },
    });
  }

  private tableArn(id: string): string[] {
    const table = this.props.tables.find(id);
    return table === undefined ? [] : [table.tableArn];
  }

  /** Returns the pattern of what CloudFormation names after the stack. */
  private own(service: string, kind = ''): string {
    const { stackName } = Stack.of(this);
    const prefix =
      stackName.length > WHOLE_NAME_CHARACTERS ? stackName.slice(0, WHOLE_NAME_CHARACTERS) : `${stackName}-`;
    return this.arn(service, `${kind}${prefix}*`);
  }

  private arn(service: string, rest: string): string {
    const { partition, region, account } = Stack.of(this);
    return `arn:${partition}:${service}:${region}:${account}:${rest}`;
  }
}

function allow(
  grantee: ManagedPolicy,
  service: string,
  actions: readonly string[],
  resourceArns: string[],
  conditions?: Conditions,
): void {
  if (resourceArns.length === 0) return;
  acknowledgePatterns(
    grantee,
    resourceArns,
    'AWS names no resource for what lists; the names of the others begin with the name of the stack, or a condition says which are meant.',
  );
  Grant.addToPrincipal({
    grantee,
    actions: actions.map((action) => `${service}:${action}`),
    resourceArns,
    ...(conditions === undefined ? {} : { conditions }),
  });
}
