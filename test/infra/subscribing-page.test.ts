import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { orderConfirmed } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { page, pageCommands, pageExamples, pageFile } from '../builders/subscribing-page.ts';
import { synthesise } from '../builders/template.ts';

// docs/subscribing.md shows what somebody sets up by hand who wants what the stack itself has: it says the same as the template.

const template = synthesise();
const payment = template.consumer('payment');
const shipping = template.consumer('shipping');

type Statement = Record<string, unknown>;

/** Returns statements with nothing left of which queue and which source they are about. */
const anyQueue = (statements: readonly Statement[]): unknown[] =>
  statements
    .map(({ Sid: _, Resource: __, Condition = {}, ...statement }) => ({
      ...statement,
      Condition: JSON.parse(JSON.stringify(Condition), (key, value) => (key === 'aws:SourceArn' ? 'ARN' : value)),
    }))
    .toSorted((one, other) => byPrincipal(one).localeCompare(byPrincipal(other)));

const byPrincipal = ({ Principal }: Statement) => JSON.stringify(Principal);

const ARNS = { RESOURCE_ARN: 'ARN', SOURCE_ARN: 'ARN', QUEUE_ARN: 'ARN', DEAD_LETTER_QUEUE_ARN: 'ARN' };
const file = (name: string) => JSON.parse(pageFile(name, ARNS));

describe('What docs/subscribing.md has its reader set up is what the stack has for the same hop', () => {
  test('the policy for a subscription, of the queue and of its dead-letter queue', () => {
    const { Statement } = file('topic-policy.json');
    expect(anyQueue(Statement)).toEqual(anyQueue(shipping.statements(shipping.queue)));
    expect(anyQueue(Statement)).toEqual(anyQueue(shipping.statements(shipping.deadLetterQueue)));
  });

  test('the policy for a rule: that of a dead-letter queue, which has no rights that sending does not need', () => {
    const one = template.consumer('outcomes');
    expect(anyQueue(file('rule-policy.json').Statement)).toEqual(anyQueue(one.statements(one.deadLetterQueue)));
  });

  test("the target of a rule: EventBridge's envelope is taken off, and what cannot be delivered is kept", () => {
    const [stack] = payment.rules[0]?.properties.Targets ?? [];
    const [target] = file('targets.json');
    // What is not said is EventBridge's default: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
    const { RetryPolicy = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 }, ...others } = stack;
    expect({ ...target, Id: '', Arn: '', DeadLetterConfig: Object.keys(target.DeadLetterConfig) }).toEqual({
      ...others,
      RetryPolicy,
      Id: '',
      Arn: '',
      DeadLetterConfig: Object.keys(others.DeadLetterConfig),
    });
  });

  test('the attributes of a subscription', () => {
    const [{ properties }] = payment.subscriptions as [(typeof payment.subscriptions)[number]];
    const { RawMessageDelivery, FilterPolicyScope, FilterPolicy, RedrivePolicy } = file('subscription.json');
    expect({ RawMessageDelivery: RawMessageDelivery === 'true', FilterPolicyScope }).toEqual({
      RawMessageDelivery: properties.RawMessageDelivery,
      FilterPolicyScope: properties.FilterPolicyScope,
    });
    expect(Object.keys(JSON.parse(RedrivePolicy))).toEqual(Object.keys(properties.RedrivePolicy));
    expect(JSON.parse(FilterPolicy)).toMatchObject({ type: ['shop.order.progressed.v1'] });
  });

  test("what a key's policy allows the services that send", () => {
    const [key] = template.resources('AWS::KMS::Key');
    const senders = ['sns.amazonaws.com', 'events.amazonaws.com'];
    const stack = key?.properties.KeyPolicy.Statement.filter(({ Principal }: { Principal: { Service?: string } }) =>
      senders.includes(Principal.Service ?? ''),
    );
    expect(anyQueue(file('key-statements.json'))).toEqual(anyQueue(stack));
  });
});

describe('What docs/subscribing.md says of a partner', () => {
  const [settings = {}] = pageExamples('"ledger"') as { partners?: object }[];
  const [elsewhere = {}] = pageExamples('"account"') as { partners?: object }[];
  const queueOf = (id: string, withPartners = synthesise(settings)) =>
    withPartners.resources('AWS::SQS::Queue').find((one) => one.id.startsWith(id))?.properties;

  test('is what the settings that it shows make', () => {
    const { outputs } = synthesise(settings);
    expect(outputs).toEqual(
      expect.arrayContaining(['PartnerCrmQueueUrl', 'PartnerCrmDeadLetterQueueUrl', 'PartnerCrmPolicyArn']),
    );
    expect(queueOf('PartnerLedgerQueue')).toMatchObject({ FifoQueue: true });
    expect(queueOf('PartnerCrmQueue')).not.toHaveProperty('FifoQueue');
  });

  test('in days, seconds and receives is what its queue has, and a queue by hand gets', () => {
    const { MessageRetentionPeriod, VisibilityTimeout, RedrivePolicy } = queueOf('PartnerCrmQueue');
    const days = MessageRetentionPeriod / 86_400;
    expect(page).toContain(`| the same, for ${days} days.`);
    expect(page).toContain(`| more than ${days} days |`);
    expect(page).toContain(`a message is yours for ${VisibilityTimeout} seconds`);
    expect(page).toContain(`After ${RedrivePolicy.maxReceiveCount} receives SQS moves`);
    expect(file('redrive-policy.json').maxReceiveCount).toBe(RedrivePolicy.maxReceiveCount);
    const attributes = `VisibilityTimeout=${VisibilityTimeout},MessageRetentionPeriod=${MessageRetentionPeriod}`;
    for (const heading of ['A rule of your own', 'A subscription to the feed'])
      expect(pageCommands(heading)).toContain(attributes);
    const deadLetters = queueOf('PartnerCrmDeadLetterQueue').MessageRetentionPeriod;
    expect(pageCommands('A rule of your own')).toContain(`dead-letters MessageRetentionPeriod=${deadLetters}`);
    expect(page).toContain(`until ${deadLetters / 86_400} days after its event was *sent*`);
  });

  test('of another account is what the queue and the key allow it', () => {
    const stack = synthesise(elsewhere);
    const { Statement } = JSON.parse(pageFile('reader-policy.json', { QUEUE_ARN: 'ARN', KEY_ARN: 'ARN' }));
    const account = { AWS: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::210987654321:root']] } };
    const allowed = [
      ...stack.resources('AWS::SQS::QueuePolicy').map(({ properties }) => properties.PolicyDocument.Statement),
      ...stack.resources('AWS::KMS::Key').map(({ properties }) => properties.KeyPolicy.Statement),
    ]
      .flat()
      .filter(({ Principal }) => isDeepStrictEqual(Principal, account));
    expect(allowed.map(({ Action }) => Action)).toEqual(Statement.map(({ Action }: Statement) => Action));
    expect(Object.keys(allowed[1].Condition.StringEquals)).toEqual(Object.keys(Statement[1].Condition.StringEquals));
  });
});

test('The event that docs/subscribing.md shows is one that its contract takes', () => {
  const [event] = pageExamples('"specversion"');
  expect(parseEvent(JSON.stringify(event), [orderConfirmed])).toEqual(event);
});
