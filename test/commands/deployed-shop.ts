import { marshall } from '@aws-sdk/util-dynamodb';
import { readProbe } from '../../lambdas/runtime/probe.ts';
import { ARCHIVED_ORDER, outputs, queueNames, type StandIn } from './stand-in.ts';
import { arnOf, lastPart, type StandInStack } from './stand-in-stack.ts';

// What AWS is asked and answers is JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;
type Answers = Readonly<Record<string, (input: Json) => Json>>;

/**
 * Has the stand-in describe what its template deploys: functions, mappings, routes, policies and keys. Consumers answer probes, the archive is
 * switched off, and of two orders one is stuck.
 */
export function deploy(standIn: StandIn, stack: StandInStack): void {
  const probes = probeAnswers(standIn);
  const answers: Answers = {
    ...functionAnswers(stack),
    ...queueAnswers(standIn, stack),
    ...ruleAnswers(stack),
    ...TABLE_ANSWERS,
    ...probes.json,
    DescribeKey: ({ KeyId }) => ({ KeyMetadata: { KeyId, Enabled: true } }),
    GetKeyPolicy: () => ({ Policy: JSON.stringify({ Statement: [USED_BY_SERVICES] }) }),
    DescribeAlarms: () => ({
      MetricAlarms: [{ AlarmName: 'shop-test', StateValue: 'OK', AlarmActions: [outputs.AlarmTopicArn] }],
    }),
  };
  const xml: Answers = { ...topicAnswers(stack), ...probes.xml, ListStackResources: () => stackResources(stack) };
  standIn.fill = (operation, input) => answers[operation]?.(input);
  standIn.fillXml = (operation, input) => xml[operation]?.(input);
}

const Service = ['sns.amazonaws.com', 'events.amazonaws.com'];
const USED_BY_SERVICES = { Effect: 'Allow', Principal: { Service }, Action: 'kms:*', Resource: '*' };

// So long ago that no text can still come.
const time = '2026-09-01T09:00:00.000Z';
const step = (type: string) => ({ type, time, source: 'order' });
const placed = {
  orderId: 'o-3001',
  version: 1,
  status: 'PLACED',
  timeline: [step('shop.order.placed.v1')],
  published: 1,
};
const confirmed = {
  ...placed,
  orderId: ARCHIVED_ORDER,
  status: 'CONFIRMED',
  timeline: [...placed.timeline, step('shop.order.confirmed.v1')],
  tracestate: 'shop=1',
};
const notification = {
  orderId: ARCHIVED_ORDER,
  version: 1,
  contact: { phone: '+821012345678', locale: 'ko' },
  texts: {},
};
const RECORDS: Readonly<Record<string, readonly { orderId: string }[]>> = {
  Orders: [placed, confirmed],
  Notifications: [notification],
};

const TABLE_ANSWERS: Answers = {
  Scan: ({ TableName }) => ({ Items: (RECORDS[TableName] ?? []).map((one) => marshall(one)) }),
  BatchGetItem: ({ RequestItems }) => {
    const asked = JSON.stringify(RequestItems);
    const found = Object.keys(RequestItems).map((table) => [
      table,
      (RECORDS[table] ?? []).filter(({ orderId }) => asked.includes(`"${orderId}"`)).map((one) => marshall(one)),
    ]);
    return found.some(([, items]) => items?.length) ? { Responses: Object.fromEntries(found) } : undefined;
  },
  BatchExecuteStatement: ({ Statements }) => ({ Responses: Statements.map(() => ({})) }),
};

/** Answers what is sent: consumers acknowledge probes in their log, or dead-letter them as they are asked to. */
function probeAnswers({ queues }: StandIn): { json: Answers; xml: Answers } {
  const events: object[] = [];
  const take = (body: string) => {
    const probe = readProbe(body);
    if (probe === undefined) return;
    const { consumer, nonce, type, expect } = probe;
    if (expect === 'dead-letter') queues.addBody(queueNames(consumer).deadLetters, body);
    const message = `probe ${expect === 'dead-letter' ? 'dead-lettered' : 'acknowledged'}`;
    events.push({ message: JSON.stringify({ message, probe: nonce, consumer, eventType: type, time: new Date() }) });
  };
  return {
    json: {
      FilterLogEvents: () => ({ events }),
      PutEvents: ({ Entries }) => {
        for (const { Detail } of Entries) take(Detail);
        return { Entries: Entries.map(() => ({ EventId: '1' })) };
      },
    },
    xml: { Publish: ({ Message }) => take(Message) },
  };
}

function functionAnswers(stack: StandInStack): Answers {
  const functions = stack.ofType('AWS::Lambda::Function');
  const mappings = stack.ofType('AWS::Lambda::EventSourceMapping').map(({ id, properties }) => ({
    ...properties,
    UUID: id,
    FunctionArn: arnOf('lambda', `function:${properties.FunctionName}`),
    State: id.startsWith('Archive') ? 'Disabled' : 'Enabled',
  }));
  return {
    ListEventSourceMappings: ({ EventSourceArn }) => ({
      EventSourceMappings: mappings.filter(
        (one) => EventSourceArn === undefined || one.EventSourceArn === EventSourceArn,
      ),
    }),
    UpdateEventSourceMapping: ({ UUID, Enabled }) => {
      const found = mappings.find((one) => one.UUID === UUID);
      return Object.assign(found ?? {}, { State: Enabled ? 'Enabled' : 'Disabled' });
    },
    GetFunctionConfiguration: ({ FunctionName }) => {
      const { name, properties } = functions.find((one) => one.name === lastPart(FunctionName)) ?? {};
      return {
        FunctionName: name,
        FunctionArn: arnOf('lambda', `function:${name}`),
        Environment: properties?.Environment,
      };
    },
    Invoke: () => ({ ok: true, status: 204, milliseconds: 3, webhookId: 'msg_1' }),
  };
}

function queueAnswers({ queues }: StandIn, stack: StandInStack): Answers {
  const all = stack.ofType('AWS::SQS::Queue');
  const policies = stack.ofType('AWS::SQS::QueuePolicy');
  return {
    GetQueueUrl: ({ QueueName }) => ({ QueueUrl: `http://127.0.0.1/000000000000/${QueueName}` }),
    GetQueueAttributes: (input) => {
      const name = lastPart(input.QueueUrl);
      const { KmsMasterKeyId, RedrivePolicy } = all.find((one) => one.name === name)?.properties ?? {};
      const policy = policies.find(({ properties }) => properties.Queues.includes(name))?.properties.PolicyDocument;
      const { Attributes }: Json = queues.execute('GetQueueAttributes', input);
      return {
        Attributes: {
          ...Attributes,
          QueueArn: arnOf('sqs', name),
          KmsMasterKeyId,
          Policy: JSON.stringify(policy),
          RedrivePolicy: JSON.stringify(RedrivePolicy),
        },
      };
    },
  };
}

function ruleAnswers(stack: StandInStack): Answers {
  const rules = stack.ofType('AWS::Events::Rule').map(({ name, properties }) => ({
    ...properties,
    Name: name,
    Arn: arnOf('events', ['rule', properties.EventBusName, name].filter(Boolean).join('/')),
    EventPattern: JSON.stringify(properties.EventPattern),
  }));
  return {
    ListRules: ({ EventBusName }) => ({ Rules: rules.filter((one) => one.EventBusName === EventBusName) }),
    ListTargetsByRule: ({ Rule }) => rules.find((one) => one.Name === Rule),
    DescribeRule: ({ Name }) => rules.find((one) => one.Name === Name),
    ListRuleNamesByTarget: ({ TargetArn }) => ({
      RuleNames: rules.filter((one) => one.Targets.some(({ Arn }: Json) => Arn === TargetArn)).map(({ Name }) => Name),
    }),
  };
}

function topicAnswers(stack: StandInStack): Answers {
  const subscriptions = stack.ofType('AWS::SNS::Subscription').map(({ id, properties }) => ({
    ...properties,
    SubscriptionArn: `${properties.TopicArn}:${id}`,
  }));
  return {
    ListSubscriptionsByTopic: ({ TopicArn }) => {
      const own = subscriptions.filter((one) => one.TopicArn === TopicArn);
      return `<Subscriptions>${own.map((one) => members(one, ['SubscriptionArn', 'Protocol', 'Endpoint'])).join('')}</Subscriptions>`;
    },
    GetSubscriptionAttributes: ({ SubscriptionArn }) => {
      const { FilterPolicy, FilterPolicyScope, RawMessageDelivery, RedrivePolicy } =
        subscriptions.find((one) => one.SubscriptionArn === SubscriptionArn) ?? {};
      const attributes = { FilterPolicy, FilterPolicyScope, RawMessageDelivery, RedrivePolicy };
      const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
      const text = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value));
      return `<Attributes>${entries.map(([key, value]) => `<entry><key>${key}</key><value>${text(value)}</value></entry>`).join('')}</Attributes>`;
    },
  };
}

function stackResources(stack: StandInStack): string {
  const listed = ['AWS::Lambda::Function', 'AWS::Logs::LogGroup'].flatMap((ResourceType) =>
    stack
      .ofType(ResourceType)
      .map(({ id, name }) => ({ LogicalResourceId: id, PhysicalResourceId: name, ResourceType })),
  );
  return `<StackResourceSummaries>${listed.map((one) => members(one, Object.keys(one))).join('')}</StackResourceSummaries>`;
}

const members = (one: Json, names: readonly string[]) =>
  `<member>${names.map((name) => `<${name}>${one[name]}</${name}>`).join('')}</member>`;
