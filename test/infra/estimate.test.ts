import { expect, test } from 'vitest';
import { readFacts, synthesize, type Template } from '../../ops/estimate/template.ts';
import { DATA_KEY_SECONDS } from '../../ops/estimate/usage.ts';
import { deployedByDefault } from '../builders/deployed-facts.ts';

// Synthesizing bundles every function first.
const SYNTHESIS = 60_000;

let cached: Template | undefined;
const template = () => {
  const events = ['shop.order.confirmed.v1'];
  const endpoints = { erp: { url: 'https://erp.example.com', events, secret: 'shop/outside' } };
  const others = {
    alarmEmail: 'operators@example.com',
    publisherAccounts: '123456789012',
    partners: JSON.stringify({ crm: events, ledger: 'lifecycle' }),
    webhooks: JSON.stringify({ endpoints }),
    intake: JSON.stringify({ senders: { acme: { scheme: 'stripe', secret: 'shop/outside' } } }),
  };
  cached ??= synthesize({ stage: 'prod', archiveDays: '7', logDays: '90', smsPerDay: '5', ...others });
  return cached;
};

test('the estimate covers every resource type in the template', { timeout: SYNTHESIS }, () => {
  expect(() => readFacts(template())).not.toThrow();
});

test('an unknown resource type is named once', () => {
  const gateway = { Type: 'AWS::EC2::NatGateway' };
  const Resources = { Queue: { Type: 'AWS::SQS::Queue' }, GatewayA1: gateway, GatewayB2: gateway };
  expect(() => readFacts({ Resources })).toThrow(/no price for AWS::EC2::NatGateway\.$/);
});

test('the facts that costs depend on are read from the template', { timeout: SYNTHESIS }, () => {
  const facts = readFacts(template());
  expect(facts.mappings).toMatchObject({
    ...deployedByDefault.mappings,
  });
  expect(facts).toMatchObject({
    architecture: 'arm64',
    buckets: 1,
    archiveDays: 7,
    busArchiveDays: 7,
    logDays: 90,
    traced: true,
    dashboards: 1,
    textsLimited: true,
    pointInTimeRecovery: true,
    feedSubscriptions: 3,
    partners: [['shop.order.confirmed.v1'], 'lifecycle'],
    endpoints: [['shop.order.confirmed.v1']],
    keys: 1,
    // The key of the customers' hashes, and that of the endpoint and the sender.
    secrets: 2,
  });
  // A shop's own consumers add to these.
  expect(facts.topicSubscriptions).toBeGreaterThanOrEqual(deployedByDefault.topicSubscriptions);
  expect(facts.bodyFilters.topic).toBeGreaterThan(2);
  expect(facts.alarmMetrics).toBeGreaterThan(20);
});

test("a customer's key is used by every topic, table, and queue but the dead-letter queues, for as long as assumed", {
  timeout: SYNTHESIS,
}, () => {
  const of = (type: string) => Object.values(template().Resources).filter(({ Type }) => Type === type);
  for (const { Properties } of of('AWS::SNS::Topic')) expect(Properties.KmsMasterKeyId).toBeDefined();
  for (const { Properties } of of('AWS::DynamoDB::Table'))
    expect(Properties.SSESpecification.KMSMasterKeyId).toBeDefined();
  const withKey = of('AWS::SQS::Queue').filter(({ Properties }) => Properties.KmsMasterKeyId !== undefined);
  // Those of the functions and of the two partners.
  expect(withKey).toHaveLength(of('AWS::Lambda::EventSourceMapping').length + 2);
  for (const { Properties } of withKey) expect(Properties.KmsDataKeyReusePeriodSeconds).toBe(DATA_KEY_SECONDS.queue);
});

test('the estimate covers what a stage that can be destroyed has besides', { timeout: SYNTHESIS }, () => {
  expect(() => readFacts(synthesize({ stage: 'dev' }))).not.toThrow();
});

test('a table that does not pay per request is refused', () => {
  const Resources = { OrdersTableA1: { Type: 'AWS::DynamoDB::Table', Properties: {} } };
  expect(() => readFacts({ Resources })).toThrow(/OrdersTableA1 does not pay per request/);
});
