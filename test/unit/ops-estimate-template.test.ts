import { expect, test } from 'vitest';
import { factsOf, type Template } from '../../ops/estimate/facts.ts';
import { billed, free, unknownTypes } from '../../ops/estimate/resources.ts';
import { synthesised } from '../../ops/estimate/synthesise.ts';

// Synthesising bundles every function first.
const SYNTHESIS = 60_000;
const typesOf = ({ Resources }: Template) => Object.values(Resources).map(({ Type }) => Type);

let made: Template | undefined;
const template = () => {
  const others = { alarmEmail: 'operators@example.com', publisherAccounts: '123456789012' };
  made ??= synthesised({ stage: 'prod', archiveDays: '7', logDays: '90', smsPerDay: '5', ...others });
  return made;
};

test('the estimate knows whether each kind of resource in the template costs money', { timeout: SYNTHESIS }, () => {
  expect(unknownTypes(typesOf(template()))).toEqual([]);
});

test('a kind of resource that it does not know is named once', () => {
  expect(unknownTypes(['AWS::SQS::Queue', 'AWS::EC2::NatGateway', 'AWS::EC2::NatGateway'])).toEqual([
    'AWS::EC2::NatGateway',
  ]);
  expect(Object.keys(billed).filter((type) => Object.hasOwn(free, type))).toEqual([]);
});

test('the facts that money depends on are read from the template', { timeout: SYNTHESIS }, () => {
  const facts = factsOf(template());
  expect(facts.mappings).toMatchObject({
    order: { batchSize: 10, fifo: false },
    shipping: { batchSize: 10, fifo: true },
    archive: { batchSize: 1_000, windowSeconds: 60, fifo: false },
  });
  expect(facts.functions.payment).toEqual({ memoryMb: 512, architecture: 'arm64' });
  expect(facts).toMatchObject({
    archiveDays: 7,
    busArchiveDays: 7,
    logDays: 90,
    sweepMinutes: 5,
    traced: true,
    dashboards: 1,
  });
  expect(facts.textsCounted).toBe(true);
  expect(facts.bodyFilters.topic).toBeGreaterThan(2);
  expect(facts.feedSubscriptions).toBe(2);
  expect(facts.tables.orders?.pointInTime).toBe(true);
  expect(facts.alarmMetrics).toBeGreaterThan(20);
});

test("a customer's key is seen on topics, queues and tables", () => {
  const key = { 'Fn::GetAtt': ['Key', 'Arn'] };
  const queue = { Type: 'AWS::SQS::Queue', Properties: { KmsMasterKeyId: key, KmsDataKeyReusePeriodSeconds: 3600 } };
  const facts = factsOf({
    Resources: {
      Key: { Type: 'AWS::KMS::Key' },
      OrdersA1: { Type: 'AWS::SNS::Topic', Properties: { KmsMasterKeyId: key } },
      OrderQueueA1: queue,
      OrderDeadLetterQueueA1: queue,
      OrderMappingA1: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          FunctionName: { Ref: 'OrderFunctionA1' },
          EventSourceArn: { 'Fn::GetAtt': ['OrderQueueA1', 'Arn'] },
        },
      },
      OrdersTableA1: {
        Type: 'AWS::DynamoDB::Table',
        Properties: { BillingMode: 'PAY_PER_REQUEST', SSESpecification: { KMSMasterKeyId: key } },
      },
    },
  });
  expect(facts).toMatchObject({ keys: 1, keyReuse: { topics: [300], queues: [3600] } });
  expect(facts.tables).toEqual({ orders: { pointInTime: false, customerKey: true } });
});

test('a table that does not pay per request is refused', () => {
  const Resources = { OrdersTableA1: { Type: 'AWS::DynamoDB::Table', Properties: {} } };
  expect(() => factsOf({ Resources })).toThrow(/OrdersTableA1 does not pay per request/);
});
