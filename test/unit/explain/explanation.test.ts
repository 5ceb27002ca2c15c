import { expect, test } from 'vitest';
import { orderCancelled, orderPlaced } from '../../../contracts/order.ts';
import { busPatterns } from '../../../infra/filters.ts';
import { probeTypeOf } from '../../../lambdas/runtime/probe.ts';
import type { DeployedRoute } from '../../../ops/explain/deployment.ts';
import { contractOf, eventTypeOf, explainRoutes, refusalOf } from '../../../ops/explain/explanation.ts';
import { formatExplanation } from '../../../ops/explain/format.ts';
import { cancelled, placed } from '../../builders/events.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:orders';
const arn = (name: string) => `arn:aws:sqs:eu-west-1:123456789012:${name}`;

const policyFor = (service: string, source: string) =>
  JSON.stringify({
    Statement: [
      {
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'sqs:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: 'sqs:SendMessage',
        Condition: { ArnEquals: { 'aws:SourceArn': source } },
      },
    ],
  });

const UNRESTRICTED = { key: undefined, redriveSources: undefined };

function subscription(queue: string, filter?: unknown, parts: Partial<DeployedRoute> = {}): DeployedRoute {
  return {
    kind: 'subscription',
    arn: `${TOPIC}:1`,
    name: 'sqs subscription',
    filter,
    scope: 'body',
    enabled: true,
    bare: true,
    target: arn(queue),
    undeliverable: arn(`${queue}-dead`),
    queue: {
      policy: policyFor('sns.amazonaws.com', TOPIC),
      deadLetters: { queue: arn(`${queue}-dead`), receives: 490 },
      functions: [{ name: `${queue}-function`, uuid: queue, state: 'Enabled', batchSize: 10, windowSeconds: 0 }],
      ...UNRESTRICTED,
    },
    ...parts,
  };
}

const consumers = new Map([
  ['order', { name: 'order', contracts: [orderPlaced, orderCancelled] }],
  ['payment', { name: 'payment', contracts: [orderPlaced] }],
]);
const placedOnly = { type: ['shop.order.placed.v1'] };

function explained(question: { type?: string; body?: string }, ...routes: DeployedRoute[]) {
  const type = question.body === undefined ? question.type : eventTypeOf(question.body);
  const channel = contractOf(type)?.channel ?? 'topic';
  return explainRoutes({ type, body: question.body }, { channel, at: TOPIC, routes }, consumers);
}

test('a type goes to the routes whose filter it passes, and the others say why not', () => {
  const { routes } = explained(
    { type: 'shop.order.placed.v1' },
    subscription('order'),
    subscription('payment', placedOnly),
    subscription('x', { type: ['y'] }),
  );
  expect(routes.map(({ to, gets, why }) => [to, gets, why])).toEqual([
    ['order', 'yes', []],
    ['payment', 'yes', []],
    [arn('x'), 'no', ['type is "shop.order.placed.v1", not "y"']],
  ]);
});

test('a reader of another version only is named, and one that a filter does not let the event through to', () => {
  const next = explained({ type: 'shop.order.placed.v2' }, subscription('order'), subscription('payment', placedOnly));
  const why = 'reads shop.order.placed.v1, and not shop.order.placed.v2';
  expect(next.notReady).toEqual([
    { consumer: 'order', why },
    { consumer: 'payment', why },
  ]);
  expect(formatExplanation(next)).toContain(`payment is not ready: it ${why}`);

  const old = { type: ['shop.order.placed.v0'] };
  const waiting = explained({ type: 'shop.order.placed.v1' }, subscription('order'), subscription('payment', old));
  expect(waiting.notReady).toEqual([
    {
      consumer: 'payment',
      why: 'reads it, and does not get it: type is "shop.order.placed.v1", not "shop.order.placed.v0"',
    },
  ]);
  const gone = explained({ type: 'shop.order.placed.v1' }, subscription('order'));
  expect(gone.notReady).toEqual([
    { consumer: 'payment', why: 'reads it, and does not get it: no route leads to its queue' },
  ]);
  const ready = explained({ type: 'shop.order.placed.v1' }, subscription('order'), subscription('payment', placedOnly));
  expect(ready.notReady).toEqual([]);
});

test('a queue that may not be read is no queue that is gone: the message goes there', () => {
  const foreign = subscription('crm', undefined, { queue: undefined, unreadable: 'AccessDenied' });
  const found = explained({ type: 'shop.order.placed.v1' }, foreign);
  expect(found.routes).toMatchObject([{ gets: 'yes', why: [], permission: undefined }]);
  expect(formatExplanation(found)).toContain('queue crm (cannot be read: AccessDenied)');
});

test('an unknown type goes to the unfiltered consumer only, which dead-letters it', () => {
  const found = explained(
    { type: 'shop.order.teleported.v1' },
    subscription('order'),
    subscription('payment', placedOnly),
  );
  expect(found).toMatchObject({
    known: false,
    routes: [
      { to: 'order', gets: 'yes', reception: { accepts: false } },
      { to: 'payment', gets: 'no' },
    ],
  });
  expect(formatExplanation(found)).toContain('dead-letters it there');
});

test('a message that breaks its contract is reported by path, without values', () => {
  const body = JSON.stringify({ ...placed(), data: { ...placed().data, items: [] } });
  const found = explained({ body }, subscription('order'));
  expect(found).toMatchObject({ contract: { accepts: false }, routes: [{ reception: { accepts: false } }] });
  expect(formatExplanation(found)).toContain('dead-lettered at once: data.items: must have at least 1 line');
  expect(JSON.stringify(found)).not.toContain('+8210');
});

test('a body that is not JSON passes no filter, and goes to unfiltered routes only', () => {
  const { routes } = explained({ body: '{' }, subscription('order'), subscription('payment', placedOnly));
  expect(routes.map(({ to, gets }) => [to, gets])).toEqual([
    ['order', 'yes'],
    ['payment', 'no'],
  ]);
});

test('a queue that does not let the topic send receives nothing, and the route names its dead-letter queue', () => {
  const elsewhere = {
    policy: policyFor('sns.amazonaws.com', `${TOPIC}-2`),
    deadLetters: undefined,
    functions: [],
    ...UNRESTRICTED,
  };
  const { routes } = explained(
    { type: 'shop.order.placed.v1' },
    subscription('payment', undefined, { queue: elsewhere }),
  );
  expect(routes).toMatchObject([{ gets: 'no', permission: 'missing' }]);
  expect(routes[0]?.why[0]).toMatch(/does not let sns.amazonaws.com send .*: it goes to payment-dead/);
});

test('a missing queue and a disabled route are reported', () => {
  const type = 'shop.order.placed.v1';
  expect(explained({ type }, subscription('payment', undefined, { queue: undefined })).routes[0]?.why[0]).toContain(
    'its queue is gone',
  );
  expect(explained({ type }, subscription('payment', undefined, { enabled: false })).routes[0]?.why[0]).toContain(
    'switched off',
  );
});

test('a rule on the bus matches source and detail-type', () => {
  const rule = 'arn:aws:events:eu-west-1:123456789012:rule/bus/r';
  const on = (source: string) =>
    subscription(
      'payment',
      { source: [source], 'detail-type': ['shop.order.cancelled.v1'] },
      {
        kind: 'rule',
        arn: rule,
        scope: 'event',
        queue: {
          policy: policyFor('events.amazonaws.com', rule),
          deadLetters: undefined,
          functions: [],
          ...UNRESTRICTED,
        },
      },
    );
  const body = JSON.stringify(cancelled());
  expect(explained({ body }, on('/shop/order')).routes).toMatchObject([{ gets: 'yes', permission: 'granted' }]);
  expect(explained({ type: 'shop.order.cancelled.v1' }, on('/shop/forger')).routes).toMatchObject([
    { gets: 'no', why: ['source is "/shop/order", not "/shop/forger"'] },
  ]);
});

test('a wrapped message names what it is in, is validated without it, and passes no filter on the body', () => {
  const sns = JSON.stringify({ Type: 'Notification', TopicArn: TOPIC, Message: JSON.stringify(placed()) });
  for (const [body, wrapping] of [
    [sns, 'SNS envelope'],
    [`\uFEFF${JSON.stringify(placed())}`, 'byte-order mark'],
  ] as const) {
    const found = explained({ body }, subscription('order'), subscription('payment', placedOnly));
    expect(found).toMatchObject({ type: 'shop.order.placed.v1', contract: { accepts: true }, wrappings: [wrapping] });
    expect(found.routes.map(({ to, gets }) => [to, gets])).toEqual([
      ['order', 'yes'],
      ['payment', 'no'],
    ]);
    expect(formatExplanation(found)).toContain(`It is not bare (${wrapping}): consumers unwrap it, but filters see`);
    expect(formatExplanation(found)).toContain('order publishes the bare event once more');
  }
});

test('a body that is no event is named by its shape', () => {
  const text = formatExplanation(explained({ body: `[${JSON.stringify(placed())}]` }, subscription('order')));
  expect(text).toContain('must be one event, not a JSON array');
});

test("a fact in EventBridge's own envelope is matched as it is on the bus", () => {
  const rule = 'arn:aws:events:eu-west-1:123456789012:rule/bus/r';
  const fact = cancelled();
  const body = JSON.stringify({ 'detail-type': fact.type, source: fact.source, account: '1', detail: fact });
  const route = subscription(
    'payment',
    { detail: { data: { reason: [fact.data.reason] } }, source: ['/shop/order'], 'detail-type': [fact.type] },
    {
      kind: 'rule',
      arn: rule,
      scope: 'event',
      queue: {
        policy: policyFor('events.amazonaws.com', rule),
        deadLetters: undefined,
        functions: [],
        ...UNRESTRICTED,
      },
    },
  );
  expect(explained({ body }, route).routes).toMatchObject([{ gets: 'yes' }]);
});

test('probes of ops verify show in no filter and in no reason', () => {
  const probe = probeTypeOf('payment', ['shop.order.placed.v1']);
  const onTopic = explained(
    { type: 'shop.order.cancel-requested.v1' },
    subscription('payment', { type: ['shop.order.placed.v1', probe] }),
  );
  expect(onTopic.routes).toMatchObject([
    { filter: placedOnly, why: ['type is "shop.order.cancel-requested.v1", not "shop.order.placed.v1"'] },
  ]);
  const [pattern] = busPatterns('payment', [orderCancelled]);
  const rule = subscription('payment', pattern?.pattern, { kind: 'rule', arn: TOPIC, scope: 'event' });
  const events = { source: ['/shop/order'], 'detail-type': ['shop.order.cancelled.v1'] };
  expect(explained({ type: 'shop.order.cancelled.v1' }, rule).routes).toMatchObject([{ filter: events }]);
  expect(explained({ type: 'shop.order.confirmed.v1' }, rule).routes[0]?.why).toEqual([
    'detail-type is "shop.order.confirmed.v1", not "shop.order.cancelled.v1"',
  ]);
  // Whoever asks about a probe is told its way.
  expect(explained({ type: probe }, subscription('payment', { type: [probe] })).routes).toMatchObject([
    { gets: 'yes' },
  ]);
});

test.each([
  [
    { type: 'shop.order.place.v1' },
    /^No contract has the type shop\.order\.place\.v1\. Did you mean shop\.order\.placed\.v1\? Known types: /,
  ],
  [{ type: 'shop.loyalty.earned.v1' }, /^No contract has the type shop\.loyalty\.earned\.v1\. Known types: /],
  [{ body: 'no JSON' }, /^The message breaks its contract: body: must be JSON, not plain text/],
  [{ body: '{"id":"1"}' }, /^The message breaks its contract: type: must be one of /],
  [
    { body: JSON.stringify({ ...placed(), data: {} }) },
    /^The message breaks its contract: data\.orderId: is missing; /,
  ],
])('what nobody takes is refused in a sentence: %j', (question, sentence) => {
  expect(refusalOf(explained(question, subscription('order')))).toMatch(sentence);
});

test.each([
  { type: 'shop.order.placed.v1' },
  { type: 'shop.order.confirmed.v1' },
  { type: probeTypeOf('payment', ['shop.order.placed.v1']) },
  { body: JSON.stringify(placed()) },
])('what is taken is not refused: %j', (question) => {
  expect(refusalOf(explained(question, subscription('order')))).toBeUndefined();
});
