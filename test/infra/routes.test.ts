import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import type { Channel } from '../../contracts/cloud-event.ts';
import { Consumer } from '../../infra/constructs/consumer.ts';
import { RecordTables } from '../../infra/constructs/record-table.ts';
import { type Route, routing } from '../../infra/routing.ts';
import { readSettings } from '../../infra/settings.ts';
import { synthesise } from '../builders/template.ts';

/** What we publish for others only. */
const FOR_OUTSIDERS = ['shop.notification.sent.v1', 'shop.notification.refused.v1'];

const template = synthesise();
const ordersTopic = template.outputValue('OrdersTopicArn').Ref;
const lifecycleTopic = template.outputValue('OrderLifecycleTopicArn').Ref;
const routes = Object.entries<Route>(routing);
const typesOn = (route: Route, channel: Channel) =>
  route.consumes.filter((contract) => contract.channel === channel).map(({ type }) => type);

describe('Every consumer has both of its halves', () => {
  const lambdas = join(import.meta.dirname, '..', '..', 'lambdas');
  const folders = readdirSync(lambdas).filter((name) => existsSync(join(lambdas, name, 'consumes.ts')));

  test.each(folders)('the folder lambdas/%s has its line in infra/routing.ts', (name) => {
    expect(
      Object.keys(routing),
      `Nothing is sent to lambdas/${name}: add the line "${name}: { consumes: ${name} }" to infra/routing.ts`,
    ).toContain(name);
  });

  test.each(Object.keys(routing))('the line %s in infra/routing.ts has its folder under lambdas/', (name) => {
    expect(folders, `infra/routing.ts sends events to ${name}, but there is no lambdas/${name}/consumes.ts`).toContain(
      name,
    );
    expect(
      existsSync(join(lambdas, name, 'handler.ts')),
      `infra/routing.ts sends events to ${name}, but there is no lambdas/${name}/handler.ts`,
    ).toBe(true);
  });

  test.each(Object.keys(routing))('%s is deployed', (name) => {
    expect(
      () => template.consumer(name),
      `The stack makes no Consumer for the line ${name} of infra/routing.ts`,
    ).not.toThrow();
  });
});

describe('Every event reaches somebody', () => {
  test.each(catalog.map(({ type }) => type))('%s', (type) => {
    const consumers = routes
      .filter(([, { consumes }]) => consumes.some((contract) => contract.type === type))
      .map(([name]) => name);
    if (FOR_OUTSIDERS.includes(type))
      expect(consumers, `${type} is consumed now: strike it from FOR_OUTSIDERS`).toEqual([]);
    else expect(consumers, `Nobody consumes ${type}: route it, or list it in FOR_OUTSIDERS`).not.toEqual([]);
  });
});

describe('The topic', () => {
  test.each(routes)('brings %s what it understands of it, bare, and keeps what cannot be delivered', (name, route) => {
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
    else expect([FilterPolicy, FilterPolicyScope]).toEqual([{ type: types }, 'MessageBody']);
  });

  test('has one front door, through which everything comes, so that nothing published is lost unseen', () => {
    expect(routes.filter(([, { unfiltered }]) => unfiltered).map(([name]) => name)).toEqual(['order']);
  });

  test.each(routes.filter(([, route]) => typesOn(route, 'topic').length > 0).map(([name]) => name))(
    'alone may write to the queues of %s in its name',
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
  test('is a FIFO topic, which keeps its sequence per order and knows an event by its id', () => {
    const { properties } = template.resources('AWS::SNS::Topic').find(({ id }) => id === lifecycleTopic) ?? {};
    expect(properties).toMatchObject({ FifoTopic: true, FifoThroughputScope: 'MessageGroup' });
    // Its publisher names the event's id, which a hash of the body would not be: a trace may differ from try to try.
    expect(properties.ContentBasedDeduplication ?? false).toBe(false);
  });

  test.each(routes)(
    'brings %s every step, bare, if it follows them, and keeps what cannot be delivered',
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

  test.each(routes)('reaches %s through FIFO queues that hold nothing else, or not at all', (name, route) => {
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
    'alone may write to the queues of %s in its name',
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
    'brings %s what it understands of it, from the publishers the contracts name, as the bare event',
    (name, route) => {
      const { rules, queue, deadLetterQueue } = template.consumer(name);
      const contracts = route.consumes.filter(({ channel }) => channel === 'bus');
      if (contracts.length === 0) return expect(rules).toEqual([]);
      expect(rules.flatMap(({ properties }) => properties.EventPattern['detail-type']).sort()).toEqual(
        typesOn(route, 'bus').sort(),
      );
      expect(new Set(rules.flatMap(({ properties }) => properties.EventPattern.source))).toEqual(
        new Set(contracts.map(({ source }) => source)),
      );
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
    'writes to the queues of %s only by its own rules',
    (name) => {
      const { queue, deadLetterQueue, statements, rules } = template.consumer(name);
      const conditions = rules.map(({ id }) => ({ ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [id, 'Arn'] } } }));
      for (const target of [queue, deadLetterQueue]) {
        expect(allowed(statements(target), 'events.amazonaws.com')).toEqual(conditions);
      }
    },
  );

  test('keeps what its own publishers say for 30 days, to be replayed', () => {
    const sources = new Set(catalog.flatMap(({ source }) => (source === undefined ? [] : [source])));
    expect(template.resources('AWS::Events::Archive').map(({ properties }) => properties)).toEqual([
      expect.objectContaining({ RetentionDays: 30, EventPattern: { source: expect.arrayContaining([...sources]) } }),
    ]);
  });
});

// Who may publish an order may say anything on the topic: what is not in reach of it is believed to be the shop's own word.
describe('What becomes of an order', () => {
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

  test('comes into the queue of outcomes by its rule on the bus, and from nobody else', () => {
    const { rules } = template.consumer('outcomes');
    expect(sendersTo('outcomes')).toEqual(only('events.amazonaws.com', { 'Fn::GetAtt': [rules[0]?.id, 'Arn'] }));
  });

  test('is not told at the front door, whose queue the orders topic alone may write to', () => {
    expect(sendersTo('order')).toEqual(only('sns.amazonaws.com', { Ref: ordersTopic }));
  });

  test('cannot be made the front door’s business by its line in the routing', () => {
    const route = { ...routing.order, consumes: [...routing.order.consumes, ...routing.outcomes.consumes] };
    const stack = new Stack();
    const topic = new Topic(stack, 'Topic');
    const parts = { topic, lifecycle: topic, bus: new EventBus(stack, 'Bus'), code: Code.fromInline(' ') };
    const removalPolicy = RemovalPolicy.DESTROY;
    const tables = new RecordTables(stack, { removalPolicy, encryptionKey: undefined });
    const props = { settings: readSettings(new App().node), tables, removalPolicy, key: undefined };
    expect(() => new Consumer(stack, 'Order', { name: 'order', route, ...parts, ...props })).toThrow(
      'make two consumers',
    );
  });
});

describe('The line of a consumer in infra/routing.ts', () => {
  test.each(Object.keys(routing))('gives %s every environment variable that its code requires', (name) => {
    const folder = join(import.meta.dirname, '..', '..', 'lambdas', name === 'outcomes' ? 'order' : name);
    const sources = readdirSync(folder).filter((file) => !file.startsWith('stripe-'));
    const required = sources.flatMap((file) => [
      ...readFileSync(join(folder, file), 'utf8').matchAll(/requireEnv\('([A-Z_]+)'\)/g),
    ]);
    expect(required).not.toEqual([]);
    const given = Object.keys(template.consumer(name).function.properties.Environment.Variables);
    expect(given).toEqual(expect.arrayContaining(required.map(([, variable]) => variable)));
  });

  test('cannot give a table that another consumer shares another key', () => {
    const tables = new RecordTables(new Stack(), { removalPolicy: RemovalPolicy.DESTROY, encryptionKey: undefined });
    const table = tables.for({ id: 'SharedTable', key: 'orderId' });
    expect(tables.for({ id: 'SharedTable', key: 'orderId' })).toBe(table);
    expect(() => tables.for({ id: 'SharedTable', key: 'sku' })).toThrow('SharedTable: two consumers');
  });
});

/** The conditions under which a service may send to a queue. */
// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
function allowed(statements: any[], service: string): unknown[] {
  return statements
    .filter(({ Effect, Principal }) => Effect === 'Allow' && Principal.Service === service)
    .map(({ Condition }) => Condition);
}
