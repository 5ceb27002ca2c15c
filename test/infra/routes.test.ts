import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { catalog, shippedCatalog } from '../../contracts/catalog.ts';
import type { Channel } from '../../contracts/cloud-event.ts';
import { Consumer } from '../../infra/constructs/consumer.ts';
import { CustomerKey } from '../../infra/constructs/customer-key.ts';
import { RecordTables } from '../../infra/constructs/record-table.ts';
import { constructIdOf } from '../../infra/names.ts';
import type { Route } from '../../infra/route.ts';
import { routing, shippedRoutes } from '../../infra/routing.ts';
import { probeTypeOf } from '../../lambdas/runtime/probe.ts';
import { synthesise, testSettings } from '../builders/template.ts';

/** Events that are published for other services only. */
const FOR_OUTSIDERS = [
  'shop.notification.sent.v1',
  'shop.notification.refused.v1',
  'shop.order.refused.v1',
  'shop.order.cancel-refused.v1',
  'shop.payment.refund-due.v1',
  'shop.payment.refund-refused.v1',
];

const infra = join(import.meta.dirname, '..', '..', 'infra');
const template = synthesise();
const ordersTopic = template.outputValue('OrdersTopicArn').Ref;
const lifecycleTopic = template.outputValue('OrderLifecycleTopicArn').Ref;
const routes = Object.entries<Route>(routing);
const typesOn = (route: Route, channel: Channel) =>
  route.consumes.filter((contract) => contract.channel === channel).map(({ type }) => type);

describe('Every consumer', () => {
  const lambdas = join(import.meta.dirname, '..', '..', 'lambdas');
  const folders = readdirSync(lambdas).filter((name) => existsSync(join(lambdas, name, 'consumes.ts')));

  test.each(folders)('with a folder lambdas/%s has a route in infra/routing.ts', (name) => {
    expect(
      Object.keys(routing),
      `Nothing is sent to lambdas/${name}: add to infra/routing.ts\n${proposedImport(name)}\n${proposedLine(name)}`,
    ).toContain(name);
  });

  test('without a route is proposed lines that compile', () => {
    const source = [
      // There is no such consumer: another one's contracts stand for its own.
      proposedImport('loyalty').replace('lambdas/loyalty/', 'lambdas/stock/'),
      "import { type Route, recordsOf } from './route.ts';",
      `export const routing = {\n${proposedLine('loyalty')}\n} as const satisfies Record<string, Route>;`,
    ].join('\n');
    expect(compileErrors(source)).toEqual([]);
    expect(compileErrors(source.replace(/impact: '[^']*',/, ''))).toEqual([expect.stringContaining("'impact'")]);
  }, 60_000);

  test.each(Object.keys(routing))('with a route in infra/routing.ts has a folder: %s', (name) => {
    expect(folders, `infra/routing.ts sends events to ${name}, but there is no lambdas/${name}/consumes.ts`).toContain(
      name,
    );
    expect(
      existsSync(join(lambdas, name, 'handler.ts')),
      `infra/routing.ts sends events to ${name}, but there is no lambdas/${name}/handler.ts`,
    ).toBe(true);
  });

  test.each(Object.keys(routing))('is deployed: %s', (name) => {
    expect(
      () => template.consumer(name),
      `The stack makes no Consumer for the line ${name} of infra/routing.ts`,
    ).not.toThrow();
  });
});

describe('Every event has a consumer or is listed for outsiders', () => {
  // What a shop adds may be for others only.
  test.each(shippedCatalog.map(({ type }) => type))('%s', (type) => {
    const consumers = routes
      .filter(([, { consumes }]) => consumes.some((contract) => contract.type === type))
      .map(([name]) => name);
    if (FOR_OUTSIDERS.includes(type))
      expect(consumers, `${type} is consumed now: strike it from FOR_OUTSIDERS`).toEqual([]);
    else expect(consumers, `Nobody consumes ${type}: route it, or list it in FOR_OUTSIDERS`).not.toEqual([]);
  });
});

describe('The orders topic', () => {
  test.each(routes)(
    'delivers what %s consumes without an envelope, and dead-letters failed deliveries',
    (name, route) => {
      const { deadLetterQueue, ...parts } = template.consumer(name);
      const subscriptions = parts.subscriptions.filter(({ properties }) => properties.TopicArn.Ref === ordersTopic);
      const types = typesOn(route, 'topic');
      if (types.length === 0) return expect(subscriptions).toEqual([]);
      expect(subscriptions).toHaveLength(1);
      expect(subscriptions[0]?.properties).toMatchObject({
        Protocol: 'sqs',
        RawMessageDelivery: true,
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [deadLetterQueue.id, 'Arn'] } },
      });
      const { FilterPolicy, FilterPolicyScope } = subscriptions[0]?.properties ?? {};
      if (route.unfiltered) expect([FilterPolicy, FilterPolicyScope]).toEqual([undefined, undefined]);
      else
        expect([FilterPolicy, FilterPolicyScope]).toEqual([
          { type: [...types, probeTypeOf(name, types)] },
          'MessageBody',
        ]);
    },
  );

  test('has exactly one unfiltered subscription, so that no unknown event is lost', () => {
    expect(routes.filter(([, { unfiltered }]) => unfiltered).map(([name]) => name)).toEqual(['order']);
  });

  test.each(routes.filter(([, route]) => typesOn(route, 'topic').length > 0).map(([name]) => name))(
    'is the only topic that may send to the queues of %s',
    (name) => {
      const { queue, deadLetterQueue, statements, subscriptions } = template.consumer(name);
      const topic = subscriptions[0]?.properties.TopicArn;
      for (const target of [queue, deadLetterQueue]) {
        expect(allowed(statements(target), 'sns.amazonaws.com')).toEqual([{ ArnEquals: { 'aws:SourceArn': topic } }]);
      }
    },
  );
});

describe('The lifecycle feed', () => {
  test('is a FIFO topic with deduplication by event id', () => {
    const { properties } = template.resources('AWS::SNS::Topic').find(({ id }) => id === lifecycleTopic) ?? {};
    expect(properties).toMatchObject({ FifoTopic: true, FifoThroughputScope: 'MessageGroup' });
    // The publisher sets the event id. A hash of the body would not do, as the trace may differ between attempts.
    expect(properties.ContentBasedDeduplication ?? false).toBe(false);
  });

  test.each(routes)(
    'delivers every step to %s if it consumes the feed, and dead-letters failed deliveries',
    (name, route) => {
      const { deadLetterQueue, ...parts } = template.consumer(name);
      const subscriptions = parts.subscriptions.filter(({ properties }) => properties.TopicArn.Ref === lifecycleTopic);
      if (typesOn(route, 'lifecycle').length === 0) return expect(subscriptions).toEqual([]);
      expect(subscriptions.map(({ properties }) => properties)).toEqual([
        {
          Protocol: 'sqs',
          TopicArn: { Ref: lifecycleTopic },
          Endpoint: expect.anything(),
          RawMessageDelivery: true,
          RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [deadLetterQueue.id, 'Arn'] } },
        },
      ]);
    },
  );

  test.each(routes)('reaches %s through FIFO queues of its own', (name, route) => {
    const { queue, deadLetterQueue } = template.consumer(name);
    const follows = typesOn(route, 'lifecycle').length > 0;
    if (follows) expect(typesOn(route, 'lifecycle')).toHaveLength(route.consumes.length);
    for (const { properties } of [queue, deadLetterQueue]) {
      if (follows) {
        expect(properties).toMatchObject({
          FifoQueue: true,
          FifoThroughputLimit: 'perMessageGroupId',
          DeduplicationScope: 'messageGroup',
        });
      } else expect(Object.keys(properties).filter((key) => key.includes('Fifo'))).toEqual([]);
    }
  });

  test.each(routes.filter(([, route]) => typesOn(route, 'lifecycle').length > 0).map(([name]) => name))(
    'is the only topic that may send to the queues of %s',
    (name) => {
      const { queue, deadLetterQueue, statements } = template.consumer(name);
      for (const target of [queue, deadLetterQueue]) {
        expect(allowed(statements(target), 'sns.amazonaws.com')).toEqual([
          { ArnEquals: { 'aws:SourceArn': { Ref: lifecycleTopic } } },
        ]);
      }
    },
  );
});

describe('The bus', () => {
  test.each(routes)(
    'delivers what %s consumes, only from the publishers in the contracts, as the bare event',
    (name, route) => {
      const { rules, queue, deadLetterQueue } = template.consumer(name);
      const contracts = route.consumes.filter(({ channel }) => channel === 'bus');
      if (contracts.length === 0) return expect(rules).toEqual([]);
      const events = rules.map(({ properties }) => eventsIn(properties.EventPattern));
      expect(events.flatMap((branch) => branch['detail-type']).sort()).toEqual(typesOn(route, 'bus').sort());
      expect(new Set(events.flatMap(({ source }) => source))).toEqual(new Set(contracts.map(({ source }) => source)));
      for (const { properties } of rules) {
        expect(properties.State).toBe('ENABLED');
        expect(properties.Targets).toEqual([
          {
            Id: expect.any(String),
            Arn: { 'Fn::GetAtt': [queue.id, 'Arn'] },
            DeadLetterConfig: { Arn: { 'Fn::GetAtt': [deadLetterQueue.id, 'Arn'] } },
            InputPath: '$.detail',
          },
        ]);
      }
    },
  );

  test.each(routes.filter(([, route]) => typesOn(route, 'bus').length > 0).map(([name]) => name))(
    'may send to the queues of %s by its own rules only',
    (name) => {
      const { queue, deadLetterQueue, statements, rules } = template.consumer(name);
      const conditions = rules.map(({ id }) => ({ ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [id, 'Arn'] } } }));
      for (const target of [queue, deadLetterQueue]) {
        expect(allowed(statements(target), 'events.amazonaws.com')).toEqual(conditions);
      }
    },
  );

  test('archives events of its own publishers for 30 days', () => {
    const sources = new Set(catalog.flatMap(({ source }) => (source === undefined ? [] : [source])));
    expect(template.resources('AWS::Events::Archive').map(({ properties }) => properties)).toEqual([
      expect.objectContaining({ RetentionDays: 30, EventPattern: { source: expect.arrayContaining([...sources]) } }),
    ]);
  });
});

// Whoever reports payments may use one source and one detail type on the bus, but writes the detail freely, and the detail is what arrives.
describe('A reported payment', () => {
  const source = '/shop/payments';
  const type = 'shop.payment.received.v1';
  const rules = template.resources('AWS::Events::Rule');
  const reached = rules.filter(({ properties }) => JSON.stringify(properties.EventPattern ?? '').includes(source));

  test('reaches payment by a rule of its own, which also matches the type and the source in the detail', () => {
    const { rules: ofPayment } = template.consumer('payment');
    const patterns = ofPayment.map(({ properties }) => eventsIn(properties.EventPattern));
    expect(patterns).toEqual([
      {
        source: ['/shop/order'],
        'detail-type': ['shop.order.confirmed.v1', 'shop.order.cancelled.v1', 'shop.order.dispatched.v1'],
      },
      { source: [source], 'detail-type': [type], detail: { source: [source], type: [type] } },
    ]);
  });

  test('reaches nothing else but the archive, in the same way', () => {
    expect(reached.map(({ id }) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
      'ArchiveRuleshoppaymentreceivedv1',
      'PaymentRuleshoppaymentreceivedv1',
    ]);
    for (const { properties } of reached)
      expect(eventsIn(properties.EventPattern).detail).toEqual({ source: [source], type: [type] });
  });

  test('comes from the only source that a service outside may use on the bus', () => {
    const own = catalog.filter(({ channel, sentBy }) => channel === 'bus' && sentBy === 'stack');
    expect(own.map((contract) => contract.source)).not.toContain(source);
    for (const { properties } of rules.filter((rule) => !reached.includes(rule)))
      expect(JSON.stringify(properties.EventPattern ?? '')).not.toContain(source);
  });
});

// A publisher of orders can send any event on the topic, so outcomes must arrive on a path it cannot reach.
describe('The outcome of an order', () => {
  const sendersTo = (name: string) => {
    const { queue, deadLetterQueue, statements } = template.consumer(name);
    return [queue, deadLetterQueue].map((target) =>
      statements(target)
        .filter(({ Effect }) => Effect === 'Allow')
        .map(({ Principal, Condition }) => [Principal, Condition]),
    );
  };
  const only = (service: string, source: object) => {
    const sender = [{ Service: service }, { ArnEquals: { 'aws:SourceArn': source } }];
    return [[sender], [sender]];
  };

  test('reaches the outcomes queue by its rule on the bus only', () => {
    const { rules } = template.consumer('outcomes');
    expect(sendersTo('outcomes')).toEqual(only('events.amazonaws.com', { 'Fn::GetAtt': [rules[0]?.id, 'Arn'] }));
  });

  test('cannot be sent to the order queue, which only the orders topic may send to', () => {
    expect(sendersTo('order')).toEqual(only('sns.amazonaws.com', { Ref: ordersTopic }));
  });

  test('cannot be routed to the order consumer', () => {
    const route = { ...routing.order, consumes: [...routing.order.consumes, ...routing.outcomes.consumes] };
    const stack = new Stack();
    const topic = new Topic(stack, 'Topic');
    const parts = { topic, lifecycle: topic, bus: new EventBus(stack, 'Bus'), code: Code.fromInline(' ') };
    const removalPolicy = RemovalPolicy.DESTROY;
    const tables = new RecordTables(stack, { removalPolicy, deletionProtection: false, encryptionKey: undefined });
    const customerKey = new CustomerKey(stack, 'CustomerKey', { removalPolicy });
    const props = { settings: testSettings(), tables, customerKey, removalPolicy, key: undefined };
    expect(() => new Consumer(stack, 'Order', { name: 'order', route, ...parts, ...props })).toThrow(
      'make two consumers',
    );
  });
});

describe('A route in infra/routing.ts', () => {
  test.each(Object.keys(routing))('sets every environment variable that the code of %s requires', (name) => {
    const folder = join(import.meta.dirname, '..', '..', 'lambdas', name === 'outcomes' ? 'order' : name);
    // Of what outcomes shares with order, the handler is order's own.
    const isShared = (file: string) => name !== 'outcomes' || file !== 'handler.ts';
    const sources = readdirSync(folder).filter((file) => !file.startsWith('stripe-') && isShared(file));
    const required = sources.flatMap((file) => [
      ...readFileSync(join(folder, file), 'utf8').matchAll(/requireEnv\('([A-Z_]+)'\)/g),
    ]);
    if (name in shippedRoutes) expect(required).not.toEqual([]);
    const given = Object.keys(template.consumer(name).function.properties.Environment.Variables);
    expect(given).toEqual(expect.arrayContaining(required.map(([, variable]) => variable)));
  });

  test('cannot give a shared table another key', () => {
    const tables = new RecordTables(new Stack(), {
      removalPolicy: RemovalPolicy.DESTROY,
      deletionProtection: false,
      encryptionKey: undefined,
    });
    const table = tables.for({ id: 'SharedTable', key: 'orderId' });
    expect(tables.for({ id: 'SharedTable', key: 'orderId' })).toBe(table);
    expect(() => tables.for({ id: 'SharedTable', key: 'sku' })).toThrow('SharedTable: two consumers');
  });
});

const proposedImport = (name: string) => `import { consumes as ${name} } from '../lambdas/${name}/consumes.ts';`;

/** Returns the line that makes a folder a consumer with a record for each order; what its function uses beyond is added by hand. */
function proposedLine(name: string): string {
  const lost = "'What customers lose while it does not work.'";
  const table = `recordsOf('${constructIdOf(name)}')`;
  return `  ${name}: { consumes: ${name}, impact: ${lost}, tables: () => ({ TABLE_NAME: ${table} }) },`;
}

/** Type-checks a source file as if it were in infra/, and returns what the compiler says. */
function compileErrors(source: string): string[] {
  const file = join(infra, 'proposed-routing.ts');
  const { config } = ts.readConfigFile(join(infra, '..', 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(infra, '..'));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.readFile = (path) => (path === file ? source : readFile(path));
  host.getSourceFile = (path, version) =>
    path === file ? ts.createSourceFile(path, source, version) : getSourceFile(path, version);
  const program = ts.createProgram([file], { ...options, noEmit: true }, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

/** Returns the branch of a rule's pattern that is about events; the other one is about probes. */
// biome-ignore lint/suspicious/noExplicitAny: patterns are plain JSON
const eventsIn = ({ $or: [events] }: any) => events;

/** Returns the conditions under which a service may send to a queue. */
// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
function allowed(statements: any[], service: string): unknown[] {
  return statements
    .filter(({ Effect, Principal }) => Effect === 'Allow' && Principal.Service === service)
    .map(({ Condition }) => Condition);
}
