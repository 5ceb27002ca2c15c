import type { Channel, EventContract } from '../../contracts/cloud-event.ts';
import { routing } from '../../infra/routing.ts';
import type { JsonSchema } from './json-schema.ts';

/** One event, ready to be described: its contract, its JSON Schema and a sample. */
export type DescribedEvent = { contract: EventContract; schema: JsonSchema; sample: unknown };

type Ref = { $ref: string };
type Message = { name: string; title: string; summary: string; contentType: string; payload: Ref; examples: unknown[] };
type Place = { address: null; title: string; description: string; servers: Ref[]; messages: Record<string, Ref> };
type Operation = { action: 'send' | 'receive'; title: string; summary: string; channel: Ref; messages: Ref[] };

/** An AsyncAPI 3.0 document, as far as it is used here (https://www.asyncapi.com/docs/reference/specification/v3.0.0). */
export type AsyncApi = {
  asyncapi: '3.0.0';
  info: { title: string; version: string; description: string; license: { name: string } };
  defaultContentType: string;
  servers: Record<string, unknown>;
  channels: Record<string, Place>;
  operations: Record<string, Operation>;
  components: { messages: Record<string, Message>; schemas: Record<string, JsonSchema> };
};

const CONTENT_TYPE = 'application/cloudevents+json';

const places: Record<Channel, { name: string; title: string; description: string; server: string }> = {
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

/** Takes the events there are and gives the document that describes them, from the shop's point of view. */
export function asyncApi(events: readonly DescribedEvent[], version: string): AsyncApi {
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
      Object.entries(places).map(([channel, { name, server, ...told }]) => [
        name,
        {
          address: null,
          ...told,
          servers: [{ $ref: `#/servers/${server}` }],
          messages: Object.fromEntries(
            events
              .filter(({ contract }) => contract.channel === channel)
              .map(({ contract: { type } }) => [type, { $ref: `#/components/messages/${type}` }]),
          ),
        },
      ]),
    ),
    operations: { ...sends(events), ...receives() },
    components: {
      messages: Object.fromEntries(events.map((event) => [event.contract.type, message(event)])),
      schemas: Object.fromEntries(events.map(({ contract, schema }) => [contract.type, embedded(schema)])),
    },
  };
}

/** One operation per part of the shop and channel that it sends on. */
function sends(events: readonly DescribedEvent[]): Record<string, Operation> {
  const found = new Map<string, EventContract[]>();
  for (const { contract } of events) {
    if (contract.source === undefined) continue;
    const key = `${contract.source.split('/').at(-1)}-${contract.channel}`;
    found.set(key, [...(found.get(key) ?? []), contract]);
  }
  return Object.fromEntries([...found].map(([key, contracts]) => operation('send', key, contracts)));
}

/** One operation per consumer and channel that it is sent messages from. */
function receives(): Record<string, Operation> {
  const found = Object.entries(routing).flatMap(([name, { consumes }]) =>
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
  const { name, title } = places[channel];
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

const message = ({ contract, sample }: DescribedEvent): Message => ({
  name: contract.type,
  title: contract.type,
  summary: contract.description,
  contentType: CONTENT_TYPE,
  payload: { $ref: `#/components/schemas/${contract.type}` },
  examples: [{ name: 'sample', payload: sample }],
});

/** AsyncAPI reads draft-07 by default. What the schemas use is the same there, but for the name of the draft. */
const embedded = ({ $schema, $id, examples, ...schema }: JsonSchema): JsonSchema => schema;
