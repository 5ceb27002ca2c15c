import { describe, expect, test } from 'vitest';
import type { ShopFunction, StackResource } from '../../ops/functions.ts';
import { problemsOf } from '../../ops/status/health.ts';
import { lossReader } from '../../ops/status/losses.ts';
import type { MetricQuery } from '../../ops/status/metrics.ts';
import { problemSummary } from '../../ops/status/report.ts';
import { shopStatus } from '../builders/shop-status.ts';

const NOW = new Date('2026-11-27T09:02:00.000Z');
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

const outputs = {
  EventBusName: 'ShopMessaging-dev',
  OrdersTopicArn: 'arn:aws:sns:eu-west-1:111111111111:orders',
  OrderLifecycleTopicArn: 'arn:aws:sns:eu-west-1:111111111111:lifecycle.fifo',
};
const rule = (logicalId: string): StackResource => ({
  logicalId,
  type: 'AWS::Events::Rule',
  physicalId: `ShopMessaging-dev|${logicalId}`,
});
const resources = [
  'PaymentRule12345678',
  'WebhooksRuleerpABCDEF12',
  'PartnerCrmRule12345678',
  'ArchiveRule00000000',
].map(rule);
const schedule: StackResource = { ...rule('SweepSchedule12345678'), physicalId: 'SweepSchedule' };
const functions = ['payment', 'sweep', 'intake'].map(
  (name): ShopFunction => ({ name, functionName: `${name}-fn`, logGroup: `/${name}` }),
);

/** What CloudWatch has: values by the metric and a dimension's value, with how many minutes ago their period began. */
type Measured = Record<string, [minutes: number, value: number][]>;

function cloudWatch(measured: Measured) {
  const asked: string[] = [];
  const keyOf = ({ metric, dimensions }: MetricQuery) => `${metric} ${Object.values(dimensions).at(-1)}`;
  const readDatapoints = async (queries: readonly MetricQuery[]) => {
    asked.push(...queries.map(keyOf));
    return (query: MetricQuery) =>
      (measured[keyOf(query)] ?? []).map(([minutes, value]) => ({ time: minutesAgo(minutes), value }));
  };
  return { asked, readDatapoints };
}

const RUNNING: Measured = { 'Invocations sweep-fn': [[4, 1]] };

async function read(measured: Measured, { createdAt = minutesAgo(10_000) } = {}) {
  const { readDatapoints, asked } = cloudWatch({ ...RUNNING, ...measured });
  const problems = await lossReader({ outputs, createdAt }, readDatapoints)([...resources, schedule], functions, NOW);
  return { asked, problems, told: problems.map(({ consumer, sentence }) => `${consumer}: ${sentence}`) };
}

describe('The status', () => {
  test('is well where AWS counted nothing, and asks for each rule of the bus, each topic and each function', async () => {
    const { asked, told } = await read({});
    expect(told).toEqual([]);
    expect(asked.filter((one) => one.startsWith('InvocationsFailed'))).toEqual(
      resources.map(({ logicalId }) => `InvocationsFailedToBeSentToDlq ${logicalId}`),
    );
    for (const { functionName } of functions) expect(asked).toContain(`Throttles ${functionName}`);
  });

  test.each<[string, Measured, string]>([
    [
      'events that reached no dead-letter queue, a day later too',
      { 'InvocationsFailedToBeSentToDlq PaymentRule12345678': [[1_400, 2]] },
      'payment: 2 events of the bus reached neither its queue nor a dead-letter queue in the last 24 hours',
    ],
    [
      'those of an endpoint',
      { 'InvocationsFailedToBeSentToDlq WebhooksRuleerpABCDEF12': [[3, 1]] },
      'webhooks: 1 event of the bus reached neither its queue nor a dead-letter queue in the last 24 hours',
    ],
    [
      'those of a partner',
      { 'InvocationsFailedToBeSentToDlq PartnerCrmRule12345678': [[3, 1]] },
      'crm: 1 event of the bus reached neither its queue nor a dead-letter queue in the last 24 hours',
    ],
    [
      'those of the archive',
      { 'InvocationsFailedToBeSentToDlq ArchiveRule00000000': [[3, 1]] },
      'archive: 1 event of the bus reached neither its queue nor a dead-letter queue in the last 24 hours',
    ],
    [
      'messages of the orders topic',
      { 'NumberOfNotificationsFailedToRedriveToDlq orders': [[60, 3]] },
      'orders topic: 3 messages reached neither a queue nor a dead-letter queue in the last 24 hours',
    ],
    [
      'steps of the lifecycle feed',
      { 'NumberOfNotificationsFailedToRedriveToDlq lifecycle.fifo': [[60, 1]] },
      'lifecycle feed: 1 message reached neither a queue nor a dead-letter queue in the last 24 hours',
    ],
    [
      'what Lambda took for a loop, of the intake too',
      { 'RecursiveInvocationsDropped intake-fn': [[600, 1]] },
      'intake: Lambda took 1 invocation for an endless loop in the last 24 hours, and dropped it',
    ],
    [
      'a function that is throttled for minutes',
      {
        'Throttles payment-fn': [
          [12, 1_000],
          [7, 200],
        ],
      },
      'payment: Lambda refused to run its function 1,200 times in the last 15 minutes',
    ],
    [
      'an intake that fails for minutes',
      {
        'Url5xxCount intake-fn': [
          [7, 2],
          [2, 1],
        ],
      },
      'intake: it answered 3 requests with 5xx in the last 15 minutes',
    ],
    ['a sweep that stopped', { 'Invocations sweep-fn': [[180, 1]] }, 'sweep: it has not run for 3 h'],
    [
      'a sweep that stopped days ago',
      { 'Invocations sweep-fn': [] },
      'sweep: it has not run at all in the last 24 hours',
    ],
    [
      'runs that Lambda dropped',
      { 'AsyncEventsDropped sweep-fn': [[7, 1]] },
      'sweep: 1 run failed again and again in the last 15 minutes, and Lambda dropped it',
    ],
    [
      'parked letters that nobody renews',
      { 'ParkedUnattendedHours sweep': [[7, 73]] },
      'sweep: it has not got through the parked letters for 73 h',
    ],
  ])('tells of %s', async (_, measured, sentence) => {
    const { told, problems } = await read(measured);
    expect(told).toEqual([sentence]);
    const status = shopStatus([], { losses: problems });
    expect(problemSummary(problemsOf(status))).toBe(`${sentence}: ${problems[0]?.next}`);
  });

  test.each<[string, Measured]>([
    ['a burst that was throttled', { 'Throttles payment-fn': [[7, 30]] }],
    [
      'throttles of an hour ago',
      {
        'Throttles payment-fn': [
          [62, 5],
          [57, 5],
        ],
      },
    ],
    ['a dropped run of an hour ago, which the next one made up for', { 'AsyncEventsDropped sweep-fn': [[62, 1]] }],
  ])('does not tell of %s', async (_, measured) => {
    expect((await read(measured)).told).toEqual([]);
  });

  test('does not miss the first run of a sweep that was deployed just now', async () => {
    const never = { 'Invocations sweep-fn': [] };
    expect((await read(never, { createdAt: minutesAgo(10) })).told).toEqual([]);
    expect((await read(never, { createdAt: minutesAgo(30) })).told).toHaveLength(1);
  });

  test('asks again after a minute at the earliest, because each metric costs money', async () => {
    const { readDatapoints, asked } = cloudWatch(RUNNING);
    const readLosses = lossReader({ outputs, createdAt: NOW }, readDatapoints);
    const readAt = (seconds: number) => readLosses(resources, functions, new Date(NOW.getTime() + seconds * 1_000));
    await readAt(0);
    const { length } = asked;
    await readAt(59);
    expect(asked).toHaveLength(length);
    await readAt(60);
    expect(asked).toHaveLength(2 * length);
  });

  test('names steps that did not reach the archive, and runs of the sweep that did not take place', () => {
    const undelivered = [
      { name: 'archive-undelivered-steps', consumer: 'archive', count: 2 },
      { name: 'sweep', consumer: 'sweep', count: 1 },
    ];
    expect(problemSummary(problemsOf(shopStatus([], { undelivered })))).toBe(
      [
        'archive: 2 steps of the lifecycle feed did not reach its queue: npm run ops -- dlq list --consumer archive',
        'sweep: 1 run did not take place: npm run ops -- dlq list --consumer sweep',
      ].join('\n'),
    );
  });
});
