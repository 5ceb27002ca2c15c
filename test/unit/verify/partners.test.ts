import { expect, test } from 'vitest';
import type { PartnerSettings } from '../../../infra/partner-settings.ts';
import type { DeployedQueue, DeployedRoute } from '../../../ops/explain/deployment.ts';
import type { Deployment } from '../../../ops/verify/deployment.ts';
import { partnerHops } from '../../../ops/verify/hops.ts';
import { checkPartners } from '../../../ops/verify/partners.ts';

const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:123456789012:${name}`;
const AT = { topic: arn('sns', 'Orders'), lifecycle: arn('sns', 'Lifecycle.fifo'), bus: 'shop' };
const OTHER = '222222222222';

const allow = (principal: object, Action: string | string[], Condition?: object) => ({
  Effect: 'Allow',
  Principal: principal,
  Action,
  ...(Condition === undefined ? {} : { Condition }),
});
const services = (actions: string | string[]) =>
  ['events', 'sns'].map((name) => allow({ Service: `${name}.amazonaws.com` }, actions));
const RECEIVING = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'];
const policyOf = (...statements: object[]) => JSON.stringify({ Statement: statements });

const sendable = policyOf(...services('sqs:SendMessage'));
const receivable = policyOf(...services('sqs:SendMessage'), allow({ AWS: `arn:aws:iam::${OTHER}:root` }, RECEIVING));
const ofServices = policyOf(...services(['kms:GenerateDataKey', 'kms:Decrypt']));
const ofAccount = policyOf(
  ...services(['kms:GenerateDataKey', 'kms:Decrypt']),
  allow({ AWS: OTHER }, 'kms:Decrypt', { StringEquals: { 'kms:ViaService': 'sqs.eu-west-1.amazonaws.com' } }),
);

type Change = {
  settings?: PartnerSettings | undefined;
  route?: (route: DeployedRoute) => DeployedRoute[];
  own?: Partial<DeployedQueue>;
  dead?: Partial<DeployedQueue>;
  key?: string;
};

/** The partner crm as this code deploys it, with a change. */
function deployment(change: Change = {}): Deployment {
  const { own = {}, dead = {}, key = ofServices, route = (one: DeployedRoute) => [one] } = change;
  const settings = 'settings' in change ? change.settings : { events: ['shop.order.confirmed.v1'] };
  const queue: DeployedQueue = {
    policy: sendable,
    key: 'key-1',
    deadLetters: { queue: arn('sqs', 'crm-dead'), receives: 20 },
    functions: [],
    redriveSources: undefined,
    ...own,
  };
  const letters: DeployedQueue = { ...queue, policy: sendable, deadLetters: undefined, ...dead };
  const hops = settings === undefined ? [] : partnerHops('crm', settings);
  const routesOn = (channel: 'bus' | 'lifecycle') =>
    hops
      .filter((hop) => hop.channel === channel)
      .flatMap(({ filter }) =>
        route({
          kind: channel === 'bus' ? 'rule' : 'subscription',
          arn: arn(channel === 'bus' ? 'events' : 'sns', 'crm'),
          name: channel === 'bus' ? 'rule crm' : 'sqs subscription',
          filter,
          scope: channel === 'bus' ? 'event' : 'body',
          enabled: true,
          bare: true,
          target: arn('sqs', 'crm'),
          undeliverable: arn('sqs', 'crm-dead'),
          queue,
        }),
      );
  return {
    channels: {
      topic: { at: AT.topic, routes: [] },
      lifecycle: { at: AT.lifecycle, routes: routesOn('lifecycle') },
      bus: { at: AT.bus, routes: routesOn('bus') },
    },
    queues: new Map(),
    partners: new Map([
      [
        'crm',
        {
          queueUrl: 'https://sqs/1/crm',
          own: { arn: arn('sqs', 'crm'), queue },
          dead: { arn: arn('sqs', 'crm-dead'), queue: letters },
          settings,
        },
      ],
    ]),
    undeliverable: new Map([[arn('sqs', 'crm-dead'), letters]]),
    keyOf: () => ({ id: 'key-1', enabled: true, policy: key }),
    endpoints: {},
  };
}

const WAY = 'bus → crm';
const UNDELIVERED = 'bus → crm dead letters';
const REDRIVE = 'crm queue → crm dead letters';
const problems = (change?: Change) =>
  Object.fromEntries(checkPartners(deployment(change)).map(({ from, to, problem }) => [`${from} → ${to}`, problem]));

test('the ways to a partner are read, and none gets a probe', () => {
  expect(problems()).toEqual({ [WAY]: undefined, [UNDELIVERED]: undefined, [REDRIVE]: undefined });
  expect(checkPartners(deployment()).flatMap(({ probe }) => probe ?? [])).toEqual([]);
  expect(JSON.stringify(partnerHops('crm', { events: ['shop.order.confirmed.v1'] }))).not.toContain('verify');
});

test('each event that services report has a rule, and so has the lifecycle feed its subscription', () => {
  const reported = { events: ['shop.order.confirmed.v1', 'shop.payment.received.v1'] };
  expect(Object.keys(problems({ settings: reported }))).toEqual([
    WAY,
    UNDELIVERED,
    'bus (shop.payment.received.v1) → crm',
    'bus (shop.payment.received.v1) → crm dead letters',
    REDRIVE,
  ]);
  expect(problems({ settings: { events: 'lifecycle' } })).toEqual({
    'lifecycle topic → crm': undefined,
    'lifecycle topic → crm dead letters': undefined,
    [REDRIVE]: undefined,
  });
});

const cases: [string, Change, string, string][] = [
  ['a rule that is gone', { route: () => [] }, WAY, 'no rule of the bus has the queue as its target'],
  ['a rule that is switched off', { route: (one) => [{ ...one, enabled: false }] }, WAY, 'switched off'],
  [
    'a filter that lets something else through',
    {
      route: (one) => [
        {
          ...one,
          filter: { source: ['/shop/order'], 'detail-type': ['shop.order.confirmed.v1', 'shop.order.cancelled.v1'] },
        },
      ],
    },
    WAY,
    'its filter has shop.order.cancelled.v1 as well',
  ],
  ['an envelope', { route: (one) => [{ ...one, bare: false }] }, WAY, 'in an envelope'],
  ['a queue that lets nobody send', { own: { policy: policyOf() } }, WAY, 'does not let events.amazonaws.com send'],
  ['a key that the service may not use', { key: policyOf() }, WAY, 'use kms:GenerateDataKey'],
  ['no dead-letter queue', { route: (one) => [{ ...one, undeliverable: undefined }] }, UNDELIVERED, 'is lost'],
  ['a redrive policy that is gone', { own: { deadLetters: undefined } }, REDRIVE, 'redrive policy'],
];
test.each(cases)('%s is named', (_, change, hop, problem) => {
  expect(problems(change)[hop]).toContain(problem);
});

test('a partner of which the template says nothing is named', () => {
  expect(problems({ settings: undefined })).toMatchObject({
    'settings → crm': expect.stringContaining('deploy this version'),
  });
});

test('another account is let in by the policy of the queue and by that of its key', () => {
  const hop = `crm queue → account ${OTHER}`;
  const settings = { events: ['shop.order.confirmed.v1'], account: OTHER };
  const allowed = { settings, own: { policy: receivable } };
  expect(problems({ ...allowed, key: ofAccount })).toHaveProperty([hop], undefined);
  expect(problems({ settings, key: ofAccount })[hop]).toContain(`does not let the account ${OTHER} use sqs:Receive`);
  expect(problems(allowed)[hop]).toContain(`key-1 does not let the account ${OTHER} use kms:Decrypt`);
  const elsewhere = ofAccount.replace('sqs.eu-west-1', 's3.eu-west-1');
  expect(problems({ ...allowed, key: elsewhere })[hop]).toContain('kms:Decrypt');
  const another = receivable.replace(OTHER, '333333333333');
  expect(problems({ ...allowed, own: { policy: another }, key: ofAccount })[hop]).toContain('sqs:ReceiveMessage');
});
