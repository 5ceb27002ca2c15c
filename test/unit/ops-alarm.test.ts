import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findAlarm, listAlarms, tellerOf } from '../../ops/alarm/alarms.ts';
import { listTargets } from '../../ops/alarm/targets.ts';
import { localTarget } from '../../ops/aws-target.ts';
import { deployedShop } from '../../ops/stack.ts';
import { standInForAws } from '../harness/aws-stand-in.ts';

afterEach(() => vi.restoreAllMocks());

const target = localTarget('http://127.0.0.1:1');
const shop = deployedShop(target, { Outputs: [{ OutputKey: 'EventBusName', OutputValue: 'Shop-dev' }] });
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:alarms';

const arnOf = (name: string) => `arn:aws:cloudwatch:us-east-1:000000000000:alarm:Shop-dev-${name}`;
const metricAlarm = (name: string, StateValue: string, AlarmDescription: string, topics: string[] = []) => ({
  AlarmName: `Shop-dev-${name}`,
  StateValue,
  AlarmDescription,
  AlarmActions: topics,
});
const composite = (name: string, children: string[], topics: string[] = []) => ({
  ...metricAlarm(name, 'OK', 'Critical: it is ill.', topics),
  AlarmRule: children.map((child) => `ALARM("${arnOf(child)}")`).join(' OR '),
});

const list = () => {
  standInForAws({
    DescribeAlarms: {
      MetricAlarms: [
        metricAlarm('archive-errors', 'ALARM', 'Warning: not kept.', [TOPIC]),
        metricAlarm('order-errors', 'OK', 'Critical: no orders.'),
        metricAlarm('old', 'OK', 'What an older version wrote.'),
        metricAlarm('payment-errors', 'ALARM', 'Critical: no payments.'),
      ],
      CompositeAlarms: [
        composite('shop-ill', ['shop-ill-part-1'], [TOPIC]),
        composite('shop-ill-part-1', ['order-errors', 'payment-errors']),
      ],
    },
  });
  return listAlarms(shop, new CloudWatchClient(target.config));
};

describe('The list of alarms', () => {
  test('begins with those that tell of others, then those in ALARM, the critical ones first', async () => {
    const alarms = await list();
    expect(alarms.map(({ name, severity }) => [name, severity])).toEqual([
      ['shop-ill', 'critical'],
      ['shop-ill-part-1', 'critical'],
      ['payment-errors', 'critical'],
      ['archive-errors', 'warning'],
      ['order-errors', 'critical'],
      ['old', undefined],
    ]);
    expect(alarms[1]?.children).toEqual(['order-errors', 'payment-errors']);
  });

  test('finds an alarm with the prefix of the shop and without, and says where the names are', async () => {
    const alarms = await list();
    expect(findAlarm(shop, alarms, 'Shop-dev-old')).toBe(findAlarm(shop, alarms, 'old'));
    expect(() => findAlarm(shop, alarms, 'nobody')).toThrow('There is no alarm nobody: `npm run ops -- alarm list`');
  });

  test('knows which alarm tells of one, through as many as there are between, and that none does', async () => {
    const alarms = await list();
    const teller = (name: string) => tellerOf(alarms, findAlarm(shop, alarms, name))?.name;
    expect(teller('payment-errors')).toBe('shop-ill');
    expect(teller('archive-errors')).toBe('archive-errors');
    expect(teller('old')).toBeUndefined();
  });
});

describe('The targets of an alarm', () => {
  const subscription = (protocol: string, endpoint: string, arn: string) =>
    `<member><Protocol>${protocol}</Protocol><Endpoint>${endpoint}</Endpoint><SubscriptionArn>${arn}</SubscriptionArn></member>`;
  const critical = '{"AlarmDescription":[{"prefix":"Critical: "}]}';
  const answers = (subscriptions: string[], filter = '') =>
    standInForAws({
      ListSubscriptionsByTopic: `<Subscriptions>${subscriptions.join('')}</Subscriptions>`,
      GetSubscriptionAttributes: `<Attributes><entry><key>FilterPolicy</key><value>${filter}</value></entry></Attributes>`,
    });

  test('are shown without what may be a key or a number', async () => {
    answers([
      subscription('https', 'https://events.example/integration/s3cret', 'arn:1'),
      subscription('sms', '+821012345678', 'arn:2'),
      subscription('email', 'a@example.com', 'PendingConfirmation'),
    ]);
    expect(await listTargets(shop, [TOPIC], 'Critical: x')).toEqual([
      { protocol: 'https', endpoint: 'https://events.example/…', outcome: 'sent' },
      { protocol: 'sms', endpoint: '…5678', outcome: 'sent' },
      { protocol: 'email', endpoint: 'a@example.com', outcome: 'unconfirmed' },
    ]);
  });

  test('are reached by alarms of the severity that they want', async () => {
    answers([subscription('https', 'https://events.example/', 'arn:1')], critical);
    const outcome = async (description: string) => (await listTargets(shop, [TOPIC], description))[0]?.outcome;
    expect(await outcome('Critical: x')).toBe('sent');
    expect(await outcome('Warning: x')).toBe('other severity');
  });
});
