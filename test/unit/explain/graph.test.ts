import { expect, test } from 'vitest';
import { orderCancelled, orderConfirmed } from '../../../contracts/order.ts';
import { busPatterns } from '../../../infra/filters.ts';
import type { DeployedRoute } from '../../../ops/explain/deployment.ts';
import { buildGraph, type GraphReading } from '../../../ops/explain/graph.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:orders';
const RULE = 'arn:aws:events:eu-west-1:123456789012:rule/shop/payment';
const url = (name: string) => `https://sqs.eu-west-1.amazonaws.com/123456789012/${name}`;
const arn = (name: string) => `arn:aws:sqs:eu-west-1:123456789012:${name}`;

const policyFor = (service: string, source: string) =>
  JSON.stringify({
    Statement: {
      Effect: 'Allow',
      Principal: { Service: service },
      Action: 'sqs:SendMessage',
      Condition: { ArnEquals: { 'aws:SourceArn': source } },
    },
  });

const OUTPUTS = {
  PaymentQueueUrl: url('payment'),
  PaymentDeadLetterQueueUrl: url('payment-dead'),
  PartnerCrmQueueUrl: url('crm'),
  PartnerCrmDeadLetterQueueUrl: url('crm-dead'),
  SweepFunctionName: 'sweep',
  SweepDeadLetterQueueUrl: url('sweep-dead'),
};

function route(parts: Partial<DeployedRoute> = {}): DeployedRoute {
  const { kind = 'subscription', arn: from = `${TOPIC}:1`, target = arn('payment') } = parts;
  return {
    kind,
    arn: from,
    name: `${kind} ${from}`,
    filter: { type: ['shop.order.placed.v1'] },
    scope: 'body',
    enabled: true,
    bare: true,
    target,
    undeliverable: arn('payment-dead'),
    queue: {
      policy: kind === 'rule' ? policyFor('events.amazonaws.com', from) : policyFor('sns.amazonaws.com', TOPIC),
      key: undefined,
      deadLetters: undefined,
      functions: [],
      redriveSources: undefined,
    },
    ...parts,
  };
}

const rule = (parts: Partial<DeployedRoute> = {}): DeployedRoute =>
  route({
    kind: 'rule',
    arn: RULE,
    scope: 'event',
    filter: busPatterns('payment', [orderConfirmed, orderCancelled])[0]?.pattern,
    ...parts,
  });

function graphOf({
  topic = [],
  bus = [],
  outputs = OUTPUTS,
}: {
  topic?: DeployedRoute[];
  bus?: DeployedRoute[];
  outputs?: GraphReading['outputs'];
}) {
  const { nodes, edges } = buildGraph({
    outputs,
    channels: {
      topic: { at: TOPIC, routes: topic },
      bus: { at: 'shop', routes: bus },
      lifecycle: { at: 'feed', routes: [] },
    },
    messages: new Map([['sweep-dead', 2]]),
  });
  const node = (id: string) => nodes.find((one) => one.id === id);
  const edge = (from: string, to: string) => edges.find((one) => one.from === from && one.to === to);
  return { nodes, edges, node, edge };
}

test('every queue is on the map with who reads it and its dead-letter queue', () => {
  const { nodes, edge } = graphOf({});
  expect(nodes.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'payment queue',
      'payment',
      'payment dead-letter queue',
      'crm queue',
      'crm',
      'crm dead-letter queue',
      'sweep dead-letter queue',
    ]),
  );
  expect(edge('queue-payment', 'consumer-payment')).toMatchObject({ kind: 'receive' });
  expect(edge('queue-crm', 'partner-crm')).toMatchObject({ kind: 'receive' });
  expect(edge('queue-payment', 'dead-letters-payment')).toMatchObject({ kind: 'dead-letter' });
});

test('what no status counts has the number of its messages, and who fills it', () => {
  const { node, edge } = graphOf({});
  expect(node('dead-letters-sweep')).toMatchObject({ messages: 2 });
  expect(edge('sweep', 'dead-letters-sweep')).toMatchObject({ kind: 'dead-letter' });
});

test('a way says which events pass it, and none where it is not filtered', () => {
  const { edge } = graphOf({ topic: [route()] });
  expect(edge('topic', 'queue-payment')).toMatchObject({ kind: 'deliver', events: ['shop.order.placed.v1'] });
  expect(graphOf({ topic: [route({ filter: undefined })] }).edge('topic', 'queue-payment')?.events).toEqual([]);
});

test('the rules that bring one queue its events are one node, with the events of all', () => {
  const other = rule({ arn: `${RULE}-2`, filter: { 'detail-type': ['shop.payment.received.v1'] } });
  const { node, edge } = graphOf({ bus: [rule(), other] });
  expect(node('rules-payment')).toEqual({ id: 'rules-payment', kind: 'rules', name: 'payment rules' });
  expect(edge('rules-payment', 'queue-payment')?.events).toEqual([
    'shop.order.confirmed.v1',
    'shop.order.cancelled.v1',
    'shop.payment.received.v1',
  ]);
});

test('a rule that is switched off, and a queue that does not let it send, are told in words', () => {
  const off = graphOf({ bus: [rule({ enabled: false })] });
  expect(off.node('rules-payment')?.problem).toBe('the rule is switched off or was never confirmed');
  const refused = graphOf({ topic: [route({ queue: undefined })] });
  expect(refused.edge('topic', 'queue-payment')?.problem).toBe('its queue is gone: it goes to payment-dead');
});

test('a target that the stack does not have is on the map too', () => {
  const { node, edge } = graphOf({
    topic: [route({ target: 'https://audit.example.com/orders?key=1', queue: undefined })],
  });
  expect(node('external-audit-example-com')).toMatchObject({ kind: 'external', name: 'audit.example.com' });
  expect(edge('topic', 'external-audit-example-com')?.problem).toBeUndefined();
});

test('an endpoint of webhooks has a rule of its own, and is told by the consumer that posts to it', () => {
  const outputs = { ...OUTPUTS, WebhooksQueueUrl: url('webhooks'), WebhooksDeadLetterQueueUrl: url('webhooks-dead') };
  const { node, edge } = graphOf({ outputs, bus: [rule({ target: arn('webhooks'), endpoint: 'erp' })] });
  expect(node('rules-webhooks-erp')).toMatchObject({ name: 'webhooks (erp) rule' });
  expect(edge('consumer-webhooks', 'endpoint-erp')).toMatchObject({ kind: 'deliver' });
});
