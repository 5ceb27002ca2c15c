import type { Channel, EventContract } from '../../contracts/cloud-event.ts';
import { customRoutes } from '../../infra/custom/routes.ts';
import type { Route } from '../../infra/route.ts';
import { shippedRoutes } from '../../infra/routing.ts';
import { addDefinition } from './definitions.ts';
import type { JsonSchema } from './json-schema.ts';

/** An event's contract, its JSON Schema and a sample; `isCustom`: this shop has it beside the shipped ones. */
export type EventSpec = { contract: EventContract; schema: JsonSchema; sample: unknown; isCustom: boolean };

type Ref = { $ref: string };
type Message = { name: string; title: string; summary: string; contentType: string; payload: Ref; examples: unknown[] };
type ChannelObject = {
  address: null;
  title: string;
  description: string;
  servers: Ref[];
  messages: Record<string, Ref>;
};
type Operation = { action: 'send' | 'receive'; title: string; summary: string; channel: Ref; messages: Ref[] };

/** The part of an AsyncAPI 3.0 document that is used here (https://www.asyncapi.com/docs/reference/specification/v3.0.0). */
export type AsyncApi = {
  asyncapi: '3.0.0';
  info: { title: string; version: string; description: string; license: { name: string } };
  defaultContentType: string;
  servers: Record<string, unknown>;
  channels: Record<string, ChannelObject>;
  operations: Record<string, Operation>;
  components: { messages: Record<string, Message>; schemas: Record<string, JsonSchema> };
};

const CONTENT_TYPE = 'application/cloudevents+json';

const channels: Record<Channel, { name: string; title: string; description: string; server: string }> = {
  topic: {
    name: 'orders',
    title: 'Orders topic',
    description:
      "An SNS topic; its ARN is the stack's output OrdersTopicArn. The message is the bare CloudEvent; no message attribute is needed.",
    server: 'sns',
  },
  bus: {
    name: 'shopBus',
    title: 'Shop bus',
    description:
      "An EventBridge bus; its name is the stack's output EventBusName. detail is the bare CloudEvent, detail-type its type, source its source.",
    server: 'eventBridge',
  },
  lifecycle: {
    name: 'orderLifecycle',
    title: 'order-lifecycle.fifo topic',
    description:
      "An SNS FIFO topic, grouped by order id; its ARN is the stack's output OrderLifecycleTopicArn. The message is the bare CloudEvent.",
    server: 'sns',
  },
};

const server = (host: string, protocol: string, description: string) => ({
  host,
  protocol,
  description,
  variables: { region: { default: 'us-east-1', description: 'The AWS region that the shop is deployed to.' } },
});

/**
 * Describes the events as an AsyncAPI document, from the shop's point of view. What a shop has beside the shipped events comes first: versions
 * add theirs at the end, so git merges the two.
 */
export function createAsyncApi(all: readonly EventSpec[], version: string): AsyncApi {
  const [custom, shipped] = [all.filter(({ isCustom }) => isCustom), all.filter(({ isCustom }) => !isCustom)];
  const events = [...custom, ...shipped];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Shop messaging',
      version,
      description:
        'One message per order goes in; payment, stock, notification and shipping follow. Every message is a CloudEvent 1.0 in structured JSON.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: CONTENT_TYPE,
    servers: {
      sns: server('sns.{region}.amazonaws.com', 'sns', 'Amazon SNS; subscribe with SQS, Lambda or HTTPS.'),
      eventBridge: server('events.{region}.amazonaws.com', 'https', 'Amazon EventBridge; subscribe with a rule.'),
    },
    channels: Object.fromEntries(
      Object.entries(channels).map(([channel, { name, server, ...documentation }]) => [
        name,
        {
          address: null,
          ...documentation,
          servers: [{ $ref: `#/servers/${server}` }],
          messages: Object.fromEntries(
            events
              .filter(({ contract }) => contract.channel === channel)
              .map(({ contract: { type } }) => [type, { $ref: `#/components/messages/${type}` }]),
          ),
        },
      ]),
    ),
    operations: {
      ...sendOperations(custom),
      ...receiveOperations(customRoutes),
      ...sendOperations(shipped),
      ...receiveOperations(shippedRoutes),
    },
    components: {
      messages: Object.fromEntries(events.map((event) => [event.contract.type, message(event)])),
      schemas: sharedSchemas(events),
    },
  };
}

/** Describes one operation per part of the shop and channel that it sends on. */
function sendOperations(events: readonly EventSpec[]): Record<string, Operation> {
  const found = new Map<string, EventContract[]>();
  for (const { contract } of events) {
    if (contract.source === undefined || contract.sentBy !== 'stack') continue;
    const key = `${contract.source.split('/').at(-1)}-${contract.channel}`;
    found.set(key, [...(found.get(key) ?? []), contract]);
  }
  return Object.fromEntries([...found].map(([key, contracts]) => operation('send', key, contracts)));
}

/** Describes one operation per consumer and channel that it receives from. */
function receiveOperations(routes: Readonly<Record<string, Route>>): Record<string, Operation> {
  const found = Object.entries(routes).flatMap(([name, { consumes }]) =>
    Object.entries(Object.groupBy<Channel, EventContract>(consumes, ({ channel }) => channel)).map(
      ([channel, contracts]) => operation('receive', `${name}-${channel}`, contracts),
    ),
  );
  return Object.fromEntries(found);
}

function operation(
  action: 'send' | 'receive',
  key: string,
  contracts: readonly EventContract[],
): readonly [string, Operation] {
  const [part = '', channel] = key.split('-') as [string, Channel];
  const { name, title } = channels[channel];
  const verb = action === 'send' ? 'Sends' : 'Receives';
  return [
    `${part}${verb}${action === 'send' ? 'To' : 'From'}${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    {
      action,
      title: `${part} ${verb.toLowerCase()}`,
      summary: `${title}: ${contracts.map(({ description }) => description).join(' ')}`,
      channel: { $ref: `#/channels/${name}` },
      messages: contracts.map(({ type }) => ({ $ref: `#/channels/${name}/messages/${type}` })),
    },
  ];
}

const message = ({ contract, sample }: EventSpec): Message => ({
  name: contract.type,
  title: contract.type,
  summary: contract.description,
  contentType: CONTENT_TYPE,
  payload: { $ref: `#/components/schemas/${contract.type}` },
  examples: [{ name: 'sample', payload: sample }],
});

/** Returns the schemas of all events and, once each, the types that they share. */
function sharedSchemas(events: readonly EventSpec[]): Record<string, JsonSchema> {
  const schemas: Record<string, JsonSchema> = {};
  for (const { contract, schema } of events) {
    const { $defs = {}, ...event } = schema;
    addDefinition(schemas, contract.type, toDraft07(event));
    for (const [name, definition] of Object.entries($defs)) addDefinition(schemas, name, toDraft07(definition));
  }
  return schemas;
}

/** Drops the draft's name: AsyncAPI's default is draft-07, in which the keywords used here mean the same. */
function toDraft07({ $schema, $id, examples, ...schema }: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
