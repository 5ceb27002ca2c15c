import { describe, expect, test } from 'vitest';
import type { Channel } from '../../../contracts/cloud-event.ts';
import { routing } from '../../../infra/routing.ts';
import type { DeployedQueue, DeployedRoute } from '../../../ops/explain/deployment.ts';
import type { Pause } from '../../../ops/pause/record.ts';
import { checkHops } from '../../../ops/verify/check.ts';
import type { Deployment } from '../../../ops/verify/deployment.ts';
import { type ExpectedHop, expectedHops } from '../../../ops/verify/hops.ts';
import type { DeployedKey } from '../../../ops/verify/problems.ts';

const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:123456789012:${name}`;
const AT = { topic: arn('sns', 'Orders'), lifecycle: arn('sns', 'Lifecycle.fifo'), bus: 'shop' };
const endpoint = { url: 'https://example.com', events: ['shop.order.confirmed.v1'], secret: 'one' };
const ENDPOINTS = { erp: endpoint, lake: endpoint };
const hopsHere = () => expectedHops(ENDPOINTS);
const ruleArn = ({ consumer, reported, endpoint: of }: ExpectedHop) =>
  arn('events', `rule/shop/${consumer}-${of ?? ''}${reported ?? 'own'}`);
const senderOf = (hop: ExpectedHop) =>
  hop.channel === 'bus' ? { service: 'events', arn: ruleArn(hop) } : { service: 'sns', arn: AT[hop.channel] };

const statement = (service: string, Action: string | string[], Condition: object) => ({
  Effect: 'Allow',
  Principal: { Service: `${service}.amazonaws.com` },
  Action,
  Condition,
});

/** A queue into which all hops of a consumer may send. */
const queueOf = (consumer: string, parts: Partial<DeployedQueue> = {}): DeployedQueue => ({
  policy: JSON.stringify({
    Statement: hopsHere()
      .filter((hop) => hop.consumer === consumer)
      .map(senderOf)
      .map(({ service, arn: source }) =>
        statement(service, 'sqs:SendMessage', { ArnEquals: { 'aws:SourceArn': source } }),
      ),
  }),
  key: 'key-1',
  deadLetters: { queue: arn('sqs', `${consumer}-dead`), receives: 490 },
  functions: [{ name: consumer, uuid: `uuid-${consumer}`, state: 'Enabled', batchSize: 10, windowSeconds: 0 }],
  redriveSources: [arn('sqs', consumer)],
  ...parts,
});

const routeOf = (hop: ExpectedHop): DeployedRoute => ({
  kind: hop.channel === 'bus' ? 'rule' : 'subscription',
  arn: hop.channel === 'bus' ? ruleArn(hop) : `${AT[hop.channel]}:${hop.consumer}`,
  name: hop.channel === 'bus' ? 'rule' : 'sqs subscription',
  filter: hop.filter,
  scope: hop.channel === 'bus' ? 'event' : 'body',
  enabled: true,
  bare: hop.endpoint === undefined,
  ...(hop.endpoint === undefined ? {} : { endpoint: hop.endpoint }),
  target: arn('sqs', hop.consumer),
  undeliverable: arn('sqs', `${hop.consumer}-dead`),
  queue: queueOf(hop.consumer),
});

const USABLE: DeployedKey = {
  id: 'key-1',
  enabled: true,
  policy: JSON.stringify({
    Statement: [
      statement('sns', ['kms:GenerateDataKey*', 'kms:Decrypt'], { ArnLike: { 'aws:SourceArn': arn('sns', '*') } }),
      statement('events', ['kms:GenerateDataKey', 'kms:Decrypt'], {
        StringEquals: { 'aws:SourceAccount': '123456789012' },
      }),
    ],
  }),
};

/** Everything as this code deploys it, with changes to the routes of one consumer on one channel, to queues, and to the key. */
function deployment({
  of = ['', 'topic'],
  route = (one) => [one],
  own = {},
  dead = {},
  key = USABLE,
  pause,
}: {
  of?: [consumer: string, channel: Channel];
  route?: (route: DeployedRoute) => DeployedRoute[];
  own?: Partial<DeployedQueue>;
  dead?: Partial<DeployedQueue>;
  key?: DeployedKey | undefined;
  pause?: Pause | undefined;
} = {}): Deployment {
  const [changed, channel] = of;
  const ownOf = (consumer: string) => queueOf(consumer, consumer === changed ? own : {});
  const deadOf = (consumer: string) =>
    queueOf(consumer, { functions: [], deadLetters: undefined, ...(consumer === changed ? dead : {}) });
  const routesOn = (wanted: Channel) =>
    hopsHere()
      .filter((hop) => hop.channel === wanted)
      .flatMap((hop) => {
        const one = { ...routeOf(hop), queue: ownOf(hop.consumer) };
        return hop.consumer === changed && hop.channel === channel ? route(one) : [one];
      });
  const consumers = [...Object.keys(routing), 'archive', 'webhooks'];
  return {
    channels: {
      topic: { at: AT.topic, routes: routesOn('topic') },
      lifecycle: { at: AT.lifecycle, routes: routesOn('lifecycle') },
      bus: { at: AT.bus, routes: routesOn('bus') },
    },
    queues: new Map(
      consumers.map((name) => [
        name,
        {
          queueUrl: `https://sqs/1/${name}`,
          own: { arn: arn('sqs', name), queue: ownOf(name) },
          dead: { arn: arn('sqs', `${name}-dead`), queue: deadOf(name) },
          pause: name === changed ? pause : undefined,
        },
      ]),
    ),
    partners: new Map(),
    undeliverable: new Map(consumers.map((name) => [arn('sqs', `${name}-dead`), deadOf(name)])),
    keyOf: () => key,
    endpoints: ENDPOINTS,
  };
}

/** Returns the problems by hop, of the hops that have one. */
const problems = (given: Deployment, sweep = { schedule: undefined, deadLetters: undefined }) =>
  Object.fromEntries(
    checkHops(given, sweep)
      .filter(({ problem }) => problem !== undefined)
      .map(({ from, to, problem }) => [`${from} → ${to}`, problem]),
  );

describe('Where everything is deployed as expected', () => {
  const hops = checkHops(deployment(), { schedule: undefined, deadLetters: undefined });

  test('no hop has a problem', () => {
    expect(problems(deployment())).toEqual({});
  });

  test('each way into a consumer gets a probe to acknowledge, and each consumer one to dead-letter, the archive none', () => {
    const probes = hops.flatMap(({ probe }) => probe ?? []);
    expect(probes.filter((probe) => probe.expect === 'acknowledge')).toHaveLength(hopsHere().length);
    const failing = probes.filter((probe) => probe.expect === 'dead-letter');
    expect(failing.map(({ consumer }) => consumer).sort()).toEqual([...Object.keys(routing), 'webhooks'].sort());
    for (const { consumer, type, at } of failing)
      expect(
        hopsHere().find((hop) => hop.consumer === consumer && hop.probe === type && AT[hop.channel] === at),
      ).toBeDefined();
  });

  test('the order of the values in a filter does not matter', () => {
    const turned = (route: DeployedRoute) => [
      { ...route, filter: { type: [...(route.filter as { type: string[] }).type].reverse() } },
    ];
    expect(problems(deployment({ of: ['payment', 'topic'], route: turned }))).toEqual({});
  });
});

const topic: [string, Channel] = ['payment', 'topic'];
const DISABLED = { functions: [{ name: 'stock', uuid: 'u-1', state: 'Disabled', batchSize: 10, windowSeconds: 0 }] };
const PAUSE: Pause = { by: 'jane', since: '2026-11-27T03:00:00.000Z', reason: 'recount' };

test.each<[string, Parameters<typeof deployment>[0], Record<string, string>]>([
  [
    'a subscription that is gone',
    { of: topic, route: () => [] },
    { 'orders topic → payment': 'no subscription of the orders topic sends to the queue' },
  ],
  [
    'a rule or target that is gone, but not the other rule of the same queue',
    { of: ['payment', 'bus'], route: (one) => (one.arn.endsWith('-own') ? [] : [one]) },
    { 'bus → payment': 'no rule of the bus has the queue as its target' },
  ],
  [
    'a rule that is switched off',
    { of: ['outcomes', 'bus'], route: (one) => [{ ...one, enabled: false }] },
    { 'bus → outcomes': 'switched off', 'outcomes → outcomes dead letters': 'no open way into outcomes' },
  ],
  [
    'a filter of an older version',
    { of: topic, route: (one) => [{ ...one, filter: { type: ['shop.order.placed.v1', 'shop.order.gone.v1'] } }] },
    { 'orders topic → payment': 'its filter lacks shop.order.refund-requested.v1, shop.verify.payment' },
  ],
  [
    'a filter that is gone',
    { of: topic, route: (one) => [{ ...one, filter: undefined }] },
    { 'orders topic → payment': 'it has no filter' },
  ],
  [
    'a filter on the consumer that should have none',
    { of: ['order', 'topic'], route: (one) => [{ ...one, filter: { type: ['x'] } }] },
    {
      'orders topic → order': 'it has a filter, though everything should pass',
      'order → order dead letters': 'no open way into order',
    },
  ],
  [
    "an endpoint's rule that is gone, but not that of another endpoint with the same events",
    { of: ['webhooks', 'bus'], route: (one) => (one.endpoint === 'erp' ? [] : [one]) },
    { 'bus (erp) → webhooks': 'no rule of the bus has the queue as its target for erp' },
  ],
  [
    "an endpoint's rule that delivers what no longer names the endpoint",
    {
      of: ['webhooks', 'bus'],
      route: ({ endpoint: of, ...one }) => [of === 'erp' ? one : { ...one, endpoint: of ?? '' }],
    },
    { 'bus (erp) → webhooks': 'no rule of the bus has the queue as its target for erp' },
  ],
  [
    'raw delivery that is off',
    { of: topic, route: (one) => [{ ...one, bare: false }] },
    { 'orders topic → payment': 'in an envelope' },
  ],
  [
    'a subscription without a dead-letter queue',
    { of: topic, route: (one) => [{ ...one, undeliverable: undefined }] },
    { 'orders topic → payment dead letters': 'has no dead-letter queue, so what cannot be delivered is lost' },
  ],
  [
    'a queue policy that lets nobody send',
    { of: ['outcomes', 'bus'], own: { policy: '{"Statement":[]}' } },
    {
      'bus → outcomes': 'does not let events.amazonaws.com send',
      'outcomes → outcomes dead letters': 'no open way into outcomes',
    },
  ],
  [
    "a dead-letter queue's policy that lets nobody send",
    { of: ['outcomes', 'bus'], dead: { policy: undefined } },
    { 'bus → outcomes dead letters': 'its dead-letter queue has no policy' },
  ],
  [
    'a mapping that is disabled, by its command',
    { of: ['stock', 'topic'], own: DISABLED },
    {
      'orders topic → stock': 'npm run ops -- resume stock',
      'bus → stock': 'stock is switched off, its event source mapping is disabled',
      'stock → stock dead letters': 'stock is switched off',
    },
  ],
  [
    'a consumer that is paused, by whom, since when and why',
    { of: ['stock', 'topic'], own: DISABLED, pause: PAUSE },
    {
      'orders topic → stock': 'npm run ops -- resume stock',
      'bus → stock': 'stock is paused by jane since 2026-11-27T03:00:00Z: "recount"',
      'stock → stock dead letters': 'stock is paused by jane',
    },
  ],
  [
    'a mapping that is gone',
    { of: ['shipping', 'lifecycle'], own: { functions: [] } },
    {
      'lifecycle topic → shipping': 'its event source mapping is gone',
      'shipping → shipping dead letters': 'its event source mapping is gone',
    },
  ],
  [
    'a redrive policy that names another queue',
    { of: ['stock', 'topic'], own: { deadLetters: undefined } },
    { 'stock queue → stock dead letters': 'redrive policy' },
  ],
  [
    'a dead-letter queue that accepts other queues only',
    { of: ['stock', 'topic'], dead: { redriveSources: [arn('sqs', 'other')] } },
    { 'stock queue → stock dead letters': 'RedriveAllowPolicy' },
  ],
])('%s is named, and nothing else', (_, change, expected) => {
  expect(problems(deployment(change))).toEqual(
    Object.fromEntries(Object.entries(expected).map(([hop, text]) => [hop, expect.stringContaining(text)])),
  );
});

test.each<[string, Parameters<typeof deployment>[0], number]>([
  ['all ways into a paused consumer', { own: DISABLED, pause: PAUSE }, 3],
  ['none where the mapping was disabled by hand', { own: DISABLED }, 0],
  ['none where the mapping is gone too', { own: { functions: [] }, pause: PAUSE }, 0],
  ['none where something enabled it again', { pause: PAUSE }, 0],
  ['only those with no other problem', { own: DISABLED, pause: PAUSE, route: () => [] }, 2],
])('A hop counts as paused: %s', (_, change, count) => {
  const hops = checkHops(deployment({ of: ['stock', 'topic'], ...change }), {
    schedule: undefined,
    deadLetters: undefined,
  });
  expect(hops.filter(({ paused }) => paused)).toHaveLength(count);
});

describe('A key', () => {
  test('that is disabled is named on every hop into a queue and a dead-letter queue that it encrypts', () => {
    const found = Object.values(problems(deployment({ key: { ...USABLE, enabled: false } })));
    const named = found.filter((text) => text?.includes('aws kms enable-key --key-id key-1'));
    expect(named).toHaveLength(2 * hopsHere().length);
  });

  test('whose policy leaves out EventBridge is named on the hops of the bus, and closes who hears the bus alone', () => {
    const policy = JSON.stringify({ Statement: JSON.parse(USABLE.policy).Statement.slice(0, 1) });
    const found = problems(deployment({ key: { ...USABLE, policy } }));
    expect(Object.keys(found).filter((hop) => !hop.startsWith('bus'))).toContain('outcomes → outcomes dead letters');
    expect(found['bus → outcomes']).toContain('does not let events.amazonaws.com use kms:GenerateDataKey');
    expect(found['bus → outcomes dead letters']).toContain("its dead-letter queue's key");
  });

  test('whose condition names another account is named', () => {
    const policy = USABLE.policy.replace('"aws:SourceAccount":"123456789012"', '"aws:SourceAccount":"1"');
    expect(problems(deployment({ key: { ...USABLE, policy } }))).toHaveProperty(['bus → payment']);
  });

  test('that may not be read is no problem by itself', () => {
    const found = checkHops(deployment({ key: { id: 'key-1', unreadable: 'not allowed' } }), {
      schedule: undefined,
      deadLetters: undefined,
    });
    expect(found.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(found[0]?.keyUnreadable).toBe('not allowed');
  });
});
