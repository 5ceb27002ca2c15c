import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { paymentReceived } from '../../contracts/payment.ts';
import { partnerIdOf } from '../../infra/names.ts';
import { PARTNER_RECEIVES } from '../../infra/partner-settings.ts';
import { PROBE_SOURCE, probeMessage } from '../../lambdas/runtime/probe.ts';
import { matchPattern } from '../../ops/explain/pattern.ts';
import { expectedHops } from '../../ops/verify/hops.ts';
import { actionsOf, type Resource, synthesise } from '../builders/template.ts';

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON of many shapes
type Json = any;

const RECEIVING = [
  'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:GetQueueUrl',
  'sqs:ReceiveMessage',
];
const ACCOUNT = '111111111111';
const onBus = catalog.filter(({ channel }) => channel === 'bus').map(({ type }) => type);
const DECISIONS = ['shop.order.confirmed.v1', 'shop.order.cancelled.v1'];

const settings: Record<string, Record<string, Json>> = {
  'two decisions': { partners: { crm: DECISIONS } },
  'the lifecycle feed': { partners: { ledger: 'lifecycle' } },
  'every event of the bus': { partners: { audit: onBus } },
  'what a service reports only': { partners: { bank1: [paymentReceived.type] } },
  'a list and the feed, of another account': {
    partners: { crm: { events: DECISIONS, account: ACCOUNT }, '2nd': { events: 'lifecycle', account: ACCOUNT } },
  },
  'the same without a key': {
    encryption: 'aws',
    partners: { crm: { events: DECISIONS, account: ACCOUNT }, '2nd': { events: 'lifecycle', account: ACCOUNT } },
  },
  'a protected stage': { stage: 'prod', partners: { crm: DECISIONS, ledger: 'lifecycle' } },
};

const cases = Object.entries(settings).flatMap(([title, context]) =>
  Object.entries<Json>(context.partners).map(([name, given]) => {
    const { events, account } = typeof given === 'object' && 'events' in given ? given : { events: given };
    return { title, name, context, events, account };
  }),
);

/** Returns what belongs to one partner in a template. */
function partnerIn(context: Record<string, Json>, name: string) {
  const template = synthesise(context);
  const id = partnerIdOf(name);
  const of = (type: string) => template.resources(type);
  const one = (type: string, prefix: string): Resource => {
    const [found, ...others] = of(type).filter((each) => each.id.startsWith(`${id}${prefix}`));
    if (found === undefined || others.length > 0) throw new Error(`There is not one ${type} ${id}${prefix}`);
    return found;
  };
  const queue = one('AWS::SQS::Queue', 'Queue');
  const pointsAt = (target: Resource, reference: Json) => reference?.['Fn::GetAtt']?.[0] === target.id;
  return {
    template,
    queue,
    deadLetterQueue: one('AWS::SQS::Queue', 'DeadLetterQueue'),
    policy: one('AWS::IAM::ManagedPolicy', 'Policy'),
    rules: of('AWS::Events::Rule').filter(({ properties }) =>
      properties.Targets.some(({ Arn }: Json) => pointsAt(queue, Arn)),
    ),
    subscriptions: of('AWS::SNS::Subscription').filter(({ properties }) => pointsAt(queue, properties.Endpoint)),
    allowed: (target: Resource): Json[] =>
      of('AWS::SQS::QueuePolicy')
        .filter(({ properties }) => properties.Queues.some(({ Ref }: Json) => Ref === target.id))
        .flatMap(({ properties }) => properties.PolicyDocument.Statement)
        .filter(({ Effect }) => Effect === 'Allow'),
    key: of('AWS::KMS::Key')[0],
  };
}

const arnOf = ({ id }: Resource) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const rootOf = (account: string | undefined) => ({
  AWS: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${account}:root`]] },
});
const throughSqs = {
  StringEquals: { 'kms:ViaService': { 'Fn::Join': ['', ['sqs.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
};
const passes = (pattern: Json, value: Json) => matchPattern(pattern, { value, partial: false }).verdict === 'yes';
const onTheBus = (source: string, type: string, detail: object = { source, type }) => ({
  source,
  'detail-type': type,
  detail,
});

describe.each(cases)('The partner $name, with $title', ({ name, context, events, account }) => {
  const { template, queue, deadLetterQueue, policy, rules, subscriptions, allowed, key } = partnerIn(context, name);
  const isFifo = events === 'lifecycle';
  const encrypted = context.encryption !== 'aws';

  test('has a queue that keeps a message for a shorter time than its dead-letter queue, where a letter keeps its age', () => {
    expect(queue.properties).toMatchObject({
      VisibilityTimeout: 60,
      RedrivePolicy: { deadLetterTargetArn: arnOf(deadLetterQueue), maxReceiveCount: PARTNER_RECEIVES },
      RedriveAllowPolicy: { redrivePermission: 'denyAll' },
    });
    expect(deadLetterQueue.properties.MessageRetentionPeriod).toBe(14 * 86_400);
    expect(queue.properties.MessageRetentionPeriod).toBeLessThan(deadLetterQueue.properties.MessageRetentionPeriod);
    expect([queue, deadLetterQueue].map(({ properties }) => properties.FifoQueue === true)).toEqual([isFifo, isFifo]);
    if (isFifo)
      expect(queue.properties).toMatchObject({
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
      });
  });

  test('has a queue that is encrypted as a consumer’s, and a dead-letter queue that hangs on no key', () => {
    expect(deadLetterQueue.properties).toMatchObject({ SqsManagedSseEnabled: true });
    expect(queue.properties).toMatchObject(
      encrypted
        ? { KmsMasterKeyId: arnOf(key as Resource), KmsDataKeyReusePeriodSeconds: 3600 }
        : { SqsManagedSseEnabled: true },
    );
  });

  test('gets exactly the events it asked for, bare, and what cannot be delivered goes to its dead-letter queue', () => {
    for (const { properties } of rules)
      for (const { InputPath, DeadLetterConfig } of properties.Targets) {
        expect(InputPath).toBe('$.detail');
        expect(DeadLetterConfig.Arn).toEqual(arnOf(deadLetterQueue));
      }
    for (const { properties } of subscriptions) {
      expect(properties).toMatchObject({ RawMessageDelivery: true, FilterPolicyScope: 'MessageBody' });
      expect(properties.RedrivePolicy).toEqual({ deadLetterTargetArn: arnOf(deadLetterQueue) });
      expect(properties.TopicArn).toEqual(template.outputValue('OrderLifecycleTopicArn'));
    }
    const times = ({ type, source = '/any', channel }: (typeof catalog)[number]) =>
      channel === 'bus'
        ? rules.filter(({ properties }) => passes(properties.EventPattern, onTheBus(source, type))).length
        : subscriptions.filter(
            ({ properties }) => channel === 'lifecycle' && passes(properties.FilterPolicy, { type, source }),
          ).length;
    for (const contract of catalog) {
      const wanted = isFifo ? contract.channel === 'lifecycle' : events.includes(contract.type);
      expect(times(contract), contract.type).toBe(wanted ? 1 : 0);
    }
  });

  test('gets no probe of any hop, and of none that would be made for it', () => {
    for (const { probe } of expectedHops()) {
      const message = probeMessage({ type: probe, nonce: 'abcdefgh', expect: 'acknowledge', until: 0 });
      for (const { properties } of rules)
        expect(passes(properties.EventPattern, onTheBus(PROBE_SOURCE, probe, message))).toBe(false);
      for (const { properties } of subscriptions) expect(passes(properties.FilterPolicy, message)).toBe(false);
    }
    const filters = JSON.stringify([...rules, ...subscriptions].map(({ properties }) => properties));
    for (const part of [PROBE_SOURCE, 'shop.verify.']) expect(filters).not.toContain(part);
  });

  test('gets nothing from whoever may not send it', () => {
    // A reporter's policy names the source and the type outside, and not the detail.
    for (const type of onBus.filter((each) => each !== paymentReceived.type)) {
      const pretended = onTheBus(paymentReceived.source ?? '', paymentReceived.type, { source: '/shop/order', type });
      for (const { properties } of rules) expect(passes(properties.EventPattern, pretended)).toBe(false);
    }
  });

  test('may receive from that queue and nothing more, and use the key through SQS only', () => {
    expect(policy.properties.PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: RECEIVING, Resource: arnOf(queue) },
      ...(encrypted
        ? [{ Effect: 'Allow', Action: 'kms:Decrypt', Resource: arnOf(key as Resource), Condition: throughSqs }]
        : []),
    ]);
    for (const property of ['Roles', 'Users', 'Groups', 'ManagedPolicyName'])
      expect(policy.properties).not.toHaveProperty(property);
  });

  test('has queues that only its own rules or its own subscription send to', () => {
    const own = isFifo ? [template.outputValue('OrderLifecycleTopicArn')] : rules.map(arnOf);
    expect(own.length).toBeGreaterThan(0);
    for (const target of [queue, deadLetterQueue]) {
      const senders = allowed(target).filter(({ Principal }) => Principal.Service !== undefined);
      expect(senders.map(({ Condition }) => Condition.ArnEquals['aws:SourceArn'])).toEqual(own);
      for (const { Principal } of senders)
        expect(Principal).toEqual({ Service: `${isFifo ? 'sns' : 'events'}.amazonaws.com` });
    }
  });

  test('has a queue that nobody reads but it, and a dead-letter queue that only operators read, and to which only parked letters come back', () => {
    const readers = (target: Resource) => allowed(target).filter(({ Principal }) => Principal.Service === undefined);
    const foreign = { Effect: 'Allow', Principal: rootOf(account), Action: RECEIVING, Resource: arnOf(queue) };
    expect(readers(queue)).toEqual(account === undefined ? [] : [foreign]);
    expect(readers(deadLetterQueue)).toEqual([]);
    const policies = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap(template.resources);
    const naming = ({ id: target }: Resource) =>
      policies.filter(({ properties }) => JSON.stringify(properties).includes(`"${target}"`)).map(({ id }) => id);
    expect(naming(queue)).toEqual([policy.id]);
    expect(naming(deadLetterQueue)).toEqual([expect.stringMatching(/^SweepFunctionRole/)]);
    const statements: Json[] = template.function('sweep').role.properties.PolicyDocument.Statement;
    const mentioning = statements.filter((one) => JSON.stringify(one).includes(`"${deadLetterQueue.id}"`));
    expect(mentioning.map(({ Action }) => Action)).toEqual(['sqs:SendMessage']);
  });

  test('has a key that its account may use as far as it receives', () => {
    const foreign: Json[] = (key?.properties.KeyPolicy.Statement ?? []).filter((one: object) =>
      JSON.stringify(one).includes(ACCOUNT),
    );
    const grant = { Effect: 'Allow', Principal: rootOf(ACCOUNT), Action: 'kms:Decrypt', Resource: '*' };
    const expected = { ...grant, Condition: throughSqs };
    expect(foreign).toEqual(account !== undefined && encrypted ? [expected] : []);
  });

  test('is found by outputs and parameters', () => {
    const id = partnerIdOf(name);
    const values = {
      'queue-url': { Ref: queue.id },
      'dead-letter-queue-url': { Ref: deadLetterQueue.id },
      'policy-arn': { Ref: policy.id },
    };
    expect(
      ['QueueUrl', 'DeadLetterQueueUrl', 'PolicyArn'].map((output) => template.outputValue(`${id}${output}`)),
    ).toEqual(Object.values(values));
    const parameters = template
      .resources('AWS::SSM::Parameter')
      .filter(({ id: parameter }) => parameter.startsWith(id))
      .map(({ properties }) => [properties.Name, properties.Value]);
    const prefix = `/ShopMessaging/${context.stage ?? 'dev'}/partner-${name}-`;
    expect(Object.fromEntries(parameters)).toEqual(
      Object.fromEntries(Object.entries(values).map(([parameter, value]) => [`${prefix}${parameter}`, value])),
    );
  });

  test('goes with its queues, in every stage: a deployment refuses that while they hold a message', () => {
    for (const { deletionPolicy } of [queue, deadLetterQueue]) expect(deletionPolicy).toBe('Delete');
  });

  test('has alarms on dead letters, on a message that nobody took for an hour, and on each rule', () => {
    const alarms = template
      .resources('AWS::CloudWatch::Alarm')
      .map(({ properties }) => properties)
      .filter(({ AlarmName }) => AlarmName.startsWith(`ShopMessaging-${context.stage ?? 'dev'}-${name}-`));
    const dimension = (target: Resource) => [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [target.id, 'QueueName'] } }];
    expect(alarms[0]).toMatchObject({
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: dimension(deadLetterQueue),
      Threshold: 1,
      TreatMissingData: 'ignore',
    });
    expect(alarms[1]).toMatchObject({
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: dimension(queue),
      Threshold: 3600,
    });
    expect(alarms.slice(2).map(({ MetricName }) => MetricName)).toEqual(
      rules.flatMap(() => ['FailedInvocations', 'InvocationsFailedToBeSentToDlq']),
    );
    const pages = alarms.map(({ AlarmDescription }) => /docs\/runbook\/([\w-]+)\.md$/.exec(AlarmDescription)?.[1]);
    expect(pages).toEqual([
      'dead-letters',
      'oldest-message',
      ...rules.flatMap(() => ['failed-deliveries', 'lost-messages']),
    ]);
    for (const { AlarmDescription } of alarms)
      expect(AlarmDescription).toContain(`What the partner ${name} should do is late, or is not done.`);
  });

  test('has a row of the dashboard', () => {
    const [dashboard] = template.resources('AWS::CloudWatch::Dashboard');
    const body = JSON.stringify(dashboard?.properties.DashboardBody).replaceAll('\\', '');
    for (const { id } of [queue, deadLetterQueue]) expect(body).toContain(`"${id}","QueueName"`);
    for (const { id } of rules) expect(body).toContain(`"${id}","Arn"`);
  });
});

describe('Partners of the feed', () => {
  test('are named by the alarm on its deliveries, which SNS counts for the whole topic', () => {
    const template = synthesise({ partners: { ledger: 'lifecycle', bi: 'lifecycle', crm: DECISIONS } });
    const alarm = template
      .resources('AWS::CloudWatch::Alarm')
      .find(({ properties }) => properties.AlarmName === 'ShopMessaging-dev-lifecycle-feed-failed-deliveries');
    expect(alarm?.properties.AlarmDescription).toContain(
      'What the partners ledger, bi should do is late, or is not done.',
    );
  });
});

describe('Without partners', () => {
  test('nothing of them is in the template', () => {
    expect(JSON.stringify(synthesise().json.Resources)).not.toMatch(/"Partner[A-Z]|partner/);
  });
});

describe.each(Object.entries(settings))('A stack with %s', (_, context) => {
  test.each([new AwsSolutionsChecks(), new ServerlessChecks()])('has no cdk-nag findings: $readPackName', (pack) => {
    expect(pack.validateScope(synthesise(context).stack).violations.map(({ ruleName }) => ruleName)).toEqual([]);
  });

  test('names another account nowhere but where it receives and decrypts', () => {
    const statements = Object.values(synthesise(context).json.Resources)
      .flatMap(({ Properties }): Json[] => (Properties?.KeyPolicy ?? Properties?.PolicyDocument)?.Statement ?? [])
      .filter((statement) => JSON.stringify(statement).includes(ACCOUNT));
    const readers = Object.values<Json>(context.partners).filter((one) => one.account !== undefined);
    const ofEach = context.encryption === 'aws' ? [RECEIVING] : [['kms:Decrypt'], RECEIVING];
    // The key has one statement for both: CDK merges equal ones.
    expect(new Set(statements.map((one) => actionsOf(one).join()))).toEqual(
      new Set(readers.flatMap(() => ofEach.map((actions) => actions.join()))),
    );
    expect(JSON.stringify(synthesise(context).json.Resources).split(ACCOUNT)).toHaveLength(statements.length + 1);
  });
});
