import { describe, expect, test } from 'vitest';
import { auditText } from '../../../ops/audit/format.ts';
import { demoReport } from '../../../ops/demo/report.ts';
import type { DemoResult } from '../../../ops/demo/result.ts';
import { demoScenarios } from '../../../ops/demo/scenarios.ts';
import { formatPlan, formatRefusals } from '../../../ops/deploy/format.ts';
import type { Plan } from '../../../ops/deploy/plan.ts';
import { displayWidth } from '../../../ops/display-width.ts';
import type { Report } from '../../../ops/estimate/estimate.ts';
import { formatReport } from '../../../ops/estimate/format.ts';
import type { Layout } from '../../../ops/layout.ts';
import { upText } from '../../../ops/up/command.ts';
import { wrapText } from '../../../ops/wrap.ts';

const LONG = `gid://shopify/Order/5/${'8812'.repeat(25)}`;
const REASON = '전화번호는 E.164 형식이어야 하는데 그렇지 않습니다 '.repeat(5);
const cost = { perMillionOrders: 1_234_567.891, perMonth: 123_456.789 };

const estimate = {
  ordersPerDay: 10_000,
  settings: { stage: 'prod', stackName: LONG },
  prices: { region: 'ap-northeast-2', date: '2026-11-21', checked: REASON },
  lines: [{ service: 'Secrets Manager', what: 'records: storage of one month, replicated', ...cost }],
  services: { 'Secrets Manager': cost },
  total: { perMillionOrders: 74.736_842, perMonth: 59.79 },
  batches: Object.fromEntries(
    ['order', 'outcomes', 'payment', 'stock', 'notification', 'archive'].map((name) => [name, 1.234]),
  ),
  texts: { perOrder: 1, perMonth: 304_000, counted: false },
  variations: [
    {
      setting: 'batchSize, batchWindowSeconds',
      to: 'full at 10 (a backlog, a peak)',
      perMonth: 59.79,
      difference: -123_456.78,
    },
  ],
  assumptions: [REASON],
  quotas: {
    region: 'ap-northeast-2',
    peak: 3,
    uses: [
      {
        name: 'SNS: spend for texts',
        limit: 1,
        used: 1_520_000,
        unit: 'dollar a month',
        met: true,
        reachedAt: { perSecond: 7.6e-6, perDay: 0.658 },
      },
      {
        name: 'DynamoDB: writes of one SKU',
        limit: 1_000,
        used: 1.39,
        unit: 'write units a second, were every order of one SKU',
        met: false,
        reachedAt: { perSecond: 2_500, perDay: 72_000_000 },
      },
      { name: 'KMS', limit: 100_000, used: 0.05, unit: 'requests a second', met: false, reachedAt: null },
    ],
  },
} as unknown as Report;

const demo = {
  results: demoScenarios('abc').map((scenario) => ({
    scenario,
    trace: { status: 'CANCELLED', reason: 'payment-declined' },
    money: ['authorization', 'capture', 'refund'],
    texts: [{ template: 'order-cancelled', phone: '+821012345678', sentAt: '2026-11-21T09:00:00.000Z' }],
    stages: {
      placedToPayment: 1_234,
      placedToStock: 1_234,
      placedToDecided: 1_234,
      decidedToCaptured: 1_234,
      decidedToText: 1_234,
    },
    problems: [],
  })),
  shelves: [{ sku: LONG, available: 1_234_567_890, reserved: 1_234_567_890, sold: 1_234_567_890 }],
} as unknown as DemoResult;

const plan = {
  stackName: 'ShopMessaging-서울',
  stage: 'prod',
  first: false,
  added: 12,
  changed: 3,
  settings: [],
  lost: [
    {
      logicalId: 'A'.repeat(120),
      type: 'AWS::DynamoDB::Table',
      how: 'replaced',
      properties: ['KeySchema'],
      kept: false,
    },
  ],
} as unknown as Plan;

const texts: Record<string, (layout: Layout) => string> = {
  estimate: (layout) => formatReport(estimate, layout),
  demo: (layout) => demoReport(demo, layout),
  deploy: () => formatPlan(plan, `AWS account 123456789012, ap-northeast-2, ${LONG}`),
  'a refused deploy': () => formatRefusals([REASON, LONG]),
  up: (layout) =>
    upText({ name: 'localstack', endpoint: 'http://127.0.0.1:4566' }, { NotificationDeadLetterQueueUrl: LONG }, layout),
  audit: () =>
    auditText({
      checked: 1_234_567,
      disagreeing: [{ orderId: LONG, problem: REASON, repair: `No event mends this (npm run ops -- trace ${LONG}).` }],
      settling: 1,
      shelves: { checked: 1, wrong: [], moving: 1 },
      refundsDue: {
        count: 1,
        oldest: [{ orderId: LONG, since: '2026-11-21T09:00:00Z', reason: REASON, amount: 5, currency: 'KRW' }],
      },
      readUnits: 1_234_567,
    } as unknown as Parameters<typeof auditText>[0]),
};

describe.each([80, 100, 120])('At %i columns, no line is wider of what is said by', (width) => {
  test.each(Object.entries(texts))('%s', (_, text) => {
    const lines = wrapText(text({ width }), { width }).split('\n');
    expect(lines.filter((line) => displayWidth(line) > width)).toEqual([]);
  });
});

test('An estimate names the quota that its orders meet first, and the next that more would', () => {
  const { quotas } = estimate;
  const firstQuota = (uses: typeof quotas.uses) =>
    formatReport({ ...estimate, quotas: { ...quotas, uses } })
      .split('\n')
      .find((line) => line.includes('fresh account'));
  const [spend, sku, kms] = quotas.uses;
  if (spend === undefined || sku === undefined || kms === undefined) throw new Error('There are three');
  const start =
    'A fresh account in ap-northeast-2 with 0.116 orders a second on average, 0.347 at a peak of 3 times that, ';
  const end = 'How to see it coming and to ask for more: docs/quotas.md.';
  const next = 'Next: DynamoDB: writes of one SKU, at 72,000,000 orders a day. ';
  expect(firstQuota([spend, sku, kms])).toBe(`${start}meets first: SNS: spend for texts. ${next}${end}`);
  expect(firstQuota([sku, kms])).toBe(`${start}meets no quota. ${next}${end}`);
  expect(firstQuota([kms])).toBe(`${start}meets no quota. More orders would meet none. ${end}`);
});

test('An estimate begins with its answer', () => {
  expect(formatReport(estimate).split('\n')[0]).toBe(
    '$59.79 a month for 10,000 orders a day: $22.72 for the orders, $37.07 fixed.',
  );
});
