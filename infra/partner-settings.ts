import * as v from 'valibot';
import { catalog } from '../contracts/catalog.ts';
import { schemeNames } from '../lambdas/intake/sender.ts';
import { choice, integer, matching, optional, setting } from './setting.ts';

/** The feed of every order's steps, in sequence. */
export const LIFECYCLE = 'lifecycle';

/** How long a message that a partner received stays hidden, unless it says otherwise. */
export const PARTNER_VISIBILITY_SECONDS = 60;

/**
 * How often a partner may receive a message before SQS dead-letters it. Its failures say nothing to the shop: what fails for longer than 20
 * minutes needs somebody, or a partner that hides the message for longer.
 */
export const PARTNER_RECEIVES = 20;

/** A service outside the stack that receives events from a queue of its own, as `partners` of the settings names it. */
export type PartnerSettings = {
  /** Types of events of the bus, or the lifecycle feed. */
  events: readonly string[] | typeof LIFECYCLE;
  /** The AWS account that reads the queue. @default that of the stack */
  account?: string;
};

/** An address that events are posted to. */
export type WebhookEndpoint = { url: string; events: readonly string[]; secret: string };

/** Functions and queues of the stack that are no consumers, whose names no partner may have either. */
const RESERVED = ['archive', 'sweep', 'webhooks', 'intake'];

const PARTNER_NAME = 'must be a name of 1 to 20 small letters and digits';
const NAME = 'must be a name of 1 to 40 small letters, digits and hyphens, the first a letter or a digit';
const SECRET = /^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-\w{6}|[\w/+=.@-]{1,512})$/;
const HOST_AND_PORT = /^([\w.-]+|\[[\da-fA-F:.]+\]):\d{1,5}$/;

const channelOf = new Map<string, string>(catalog.map(({ type, channel }) => [type, channel]));
const busTypes = [...channelOf].flatMap(([type, channel]) => (channel === 'bus' ? [type] : []));

/** Says why an event does not go to others. */
function eventProblem(type: string): string {
  const channel = type === LIFECYCLE ? LIFECYCLE : channelOf.get(type);
  if (channel === 'topic')
    return 'must be an event of the bus; this one travels on the orders topic, with phone numbers and payment tokens';
  if (channel === LIFECYCLE)
    return `must be an event of the bus; every step of an order, in sequence, is "${LIFECYCLE}" instead of a list`;
  return `must be an event of the bus: ${busTypes.join(', ')}`;
}

const busEvent = v.pipe(
  v.string('must be the type of an event'),
  v.check(
    (type) => busTypes.includes(type),
    ({ input }) => eventProblem(input),
  ),
);

/** Lists events of the bus, at least one. */
const busEvents = (rule: string) => v.pipe(v.array(busEvent, rule), v.minLength(1, 'must name at least one event'));

const FEED_RULE = `must be a list of events of the bus, or "${LIFECYCLE}"`;
const feed = v.union([v.literal(LIFECYCLE), busEvents(FEED_RULE)], FEED_RULE);

const member = <S extends v.GenericSchema>(description: string, schema: S) =>
  v.pipe(schema, v.description(description));

const secret = matching(SECRET, "must be a secret's name or its whole ARN");

/** The services that receive from a queue of their own, by name. */
export const partnersSchema = (consumers: readonly string[]) =>
  v.record(
    v.pipe(
      matching(/^[a-z0-9]{1,20}$/, PARTNER_NAME),
      v.check(
        (name) => ![...consumers, ...RESERVED].includes(name),
        ({ input }) => `must be another name: ${input} is a function of the stack`,
      ),
    ),
    v.union(
      [
        feed,
        v.strictObject(
          {
            events: member('events of the bus, or `"lifecycle"`: every step of every order, in sequence', feed),
            account: optional(
              'the AWS account that reads the queue: 12 digits',
              matching(/^\d{12}$/, 'must be an AWS account id of 12 digits'),
              'the account of the stack',
            ),
          },
          'must be an object with events and account',
        ),
      ],
      `${FEED_RULE}, or an object with events and account`,
    ),
    'must be an object of partners, by name',
  );

/** The addresses that events are posted to, by name, and the private ones among them. */
export const webhooksSchema = v.strictObject(
  {
    endpoints: setting(
      'the addresses, by name',
      v.record(
        matching(/^[a-z0-9][a-z0-9-]{0,39}$/, NAME),
        v.strictObject(
          {
            url: member(
              'where events are posted: `https://…`',
              v.pipe(
                v.string('must be a URL'),
                v.check((text) => URL.canParse(text), 'must be a URL'),
              ),
            ),
            events: member('events of the bus', busEvents('must be a list of events of the bus')),
            secret: member('the name or ARN of the secret that signs, `whsec_…` in Secrets Manager', secret),
          },
          'must be an object with url, events and secret',
        ),
        'must be an object of endpoints, by name',
      ),
      {},
    ),
    allowPrivate: setting(
      'addresses in a private network, or of this machine, that may be posted to, as `host:port`; also over `http`',
      v.array(
        matching(HOST_AND_PORT, 'must be a host and a port such as 10.0.0.7:8443'),
        'must be a list of hosts and ports such as 10.0.0.7:8443',
      ),
      [],
    ),
  },
  'must be an object with endpoints and allowPrivate',
);

/** Who may post messages to the shop over HTTP, by name. */
export const intakeSchema = v.strictObject(
  {
    senders: setting(
      'who may post, by name, which is the last part of the address',
      v.record(
        matching(/^[a-z0-9][a-z0-9-]{0,39}$/, NAME),
        v.strictObject(
          {
            scheme: member('how the sender signs', choice(...schemeNames)),
            secret: member('the name or ARN of the secret that it signs with', secret),
            perMinute: setting('the most messages a minute', integer(1, 100_000), 60),
          },
          'must be an object with scheme, secret and perMinute',
        ),
        'must be an object of senders, by name',
      ),
      {},
    ),
    concurrency: optional(
      "how many requests are handled at once; they are taken from the account's concurrency, for the intake alone",
      integer(1, 1_000),
      "as many as the account's concurrency allows",
    ),
  },
  'must be an object with senders',
);

type Given<S extends v.GenericSchema> = v.InferOutput<S>;

/** Fills in the short form of a partner, a list or the feed by itself, and drops repeated events. */
export function resolvePartners(given: Given<ReturnType<typeof partnersSchema>>): Record<string, PartnerSettings> {
  const resolved = Object.entries(given).map(([name, one]): [string, PartnerSettings] => {
    const { events, account } = typeof one === 'object' && 'events' in one ? one : { events: one };
    return [
      name,
      { events: events === LIFECYCLE ? events : [...new Set(events)], ...(account === undefined ? {} : { account }) },
    ];
  });
  return Object.fromEntries(resolved);
}

type Webhooks = { endpoints: Readonly<Record<string, WebhookEndpoint>>; allowPrivate: readonly string[] };

/** Returns the environment variables that tell the function of `webhooks` its endpoints. */
export const webhooksEnvironment = ({ endpoints, allowPrivate }: Webhooks): Record<string, string> => ({
  WEBHOOK_ENDPOINTS: JSON.stringify(
    Object.fromEntries(Object.entries(endpoints).map(([name, { url, secret }]) => [name, { url, secret }])),
  ),
  WEBHOOK_ALLOW_PRIVATE: JSON.stringify(allowPrivate),
});

// Lambda takes 4 kB of variables, written as JSON (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html); the others need up to 1 kB.
const MAX_ENDPOINT_BYTES = 3_000;
// The policy of their queue names up to two rules of each, and has 8 kB.
const MAX_ENDPOINTS = 20;

/** Says that endpoints are more than one function and one queue can have; `undefined` where they fit. */
export function endpointsProblem(webhooks: Webhooks): string | undefined {
  const count = Object.keys(webhooks.endpoints).length;
  if (count > MAX_ENDPOINTS) return `must be at most ${MAX_ENDPOINTS} and are ${count}`;
  const bytes = Buffer.byteLength(JSON.stringify(webhooksEnvironment(webhooks)));
  if (bytes <= MAX_ENDPOINT_BYTES) return undefined;
  return `must fit into ${MAX_ENDPOINT_BYTES} bytes of the function's variables and takes ${bytes}: name fewer endpoints, or shorter addresses and names of secrets`;
}

/** Says what is wrong with the address of an endpoint; `undefined` where nothing is. */
export function endpointProblem(url: string, allowPrivate: readonly string[]): string | undefined {
  const { protocol, host, port, hostname, username, password, hash } = new URL(url);
  if (username !== '' || password !== '')
    return 'must not contain a user name or a password: the signature says who posts';
  if (hash !== '') return 'must not contain a fragment, which is never sent';
  if (protocol === 'https:') return undefined;
  const address = port === '' ? `${hostname}:80` : host;
  if (protocol === 'http:' && allowPrivate.includes(address)) return undefined;
  return `must begin with https://${protocol === 'http:' ? `, unless allowPrivate names ${address}` : ''}`;
}
