import type { Column } from '../columns.ts';
import { shellArgument } from '../command.ts';
import { formatDuration, formatMoney, formatTime, maskPhone, table } from '../format.ts';
import type { Layout } from '../layout.ts';
import type { GatewayRecord } from '../sandbox/gateway.ts';
import { shelfTable } from '../stock/command.ts';
import { type DemoResult, demoProblems, endStateText, moneyText, type ScenarioResult } from './result.ts';
import type { Scenario } from './scenarios.ts';

/** Builds the document of `demo --json`; phone numbers are masked. */
export function demoDocument(result: DemoResult, where: string, seconds: number) {
  const problems = demoProblems(result);
  return {
    ok: problems.length === 0,
    where,
    seconds,
    orders: result.results.map(orderDocument),
    shelves: result.shelves,
    problems,
  };
}

function orderDocument({ scenario, trace, money, texts, stages, problems }: ScenarioResult) {
  const { status, reason } = scenario.expected;
  const count = (kind: GatewayRecord['kind']) => money.filter((one) => one === kind).length;
  return {
    orderId: scenario.order.orderId,
    story: scenario.story,
    expected: reason === undefined ? { status } : { status, reason },
    status: trace?.status ?? null,
    ...(trace?.reason === undefined ? {} : { reason: trace.reason }),
    total: scenario.order.total,
    authorizations: count('authorization'),
    captures: count('capture'),
    voids: count('void'),
    refunds: count('refund'),
    stages,
    texts: texts.map(({ template, phone, sentAt }) => ({ template, to: maskPhone(phone), sentAt })),
    problems,
  };
}

const ORDERS: readonly Column[] = [
  { title: 'order', fit: 'middle' },
  { title: 'what it shows', fit: 'wrap', least: 14 },
  { title: 'expected', fit: 'wrap', least: 10, rank: 2 },
  { title: 'actual', fit: 'wrap', least: 10 },
  { title: 'total', rank: 1 },
  { title: 'payment', fit: 'wrap', least: 10 },
  { title: '' },
];

const STAGES: readonly Column[] = [
  { title: 'order', fit: 'middle' },
  ...['placed → payment', 'placed → stock', 'placed → decided', 'decided → captured', 'decided → text'].map(
    (title): Column => ({ title, fit: 'wrap', least: 10 }),
  ),
];

/** Formats a demonstration for a terminal. */
export function demoReport({ results, shelves }: DemoResult, layout: Layout): string {
  return [
    heading('Orders'),
    table(ORDERS, results.map(orderRow), layout),
    heading('Time per stage'),
    table(STAGES, results.map(stagesRow), layout),
    heading('Texts that went out'),
    table(
      ['to', 'text', { title: 'order', fit: 'middle' }, 'sent'],
      results.flatMap((result) => textRows(result, layout)),
      layout,
    ),
    heading('Shelves'),
    shelfTable(shelves, layout),
    heading('What to try next'),
    suggestions(results[0]?.scenario.order.orderId ?? 'o-1001', layout),
  ]
    .join('\n')
    .trimStart();
}

const heading = (title: string) => `\n${title}\n${'─'.repeat(title.length)}`;

function orderRow({ scenario, trace, money, problems }: ScenarioResult): string[] {
  const { order, story, expected } = scenario;
  return [
    order.orderId,
    story,
    endStateText(expected.status, expected.reason),
    trace === undefined ? 'unknown' : endStateText(trace.status, trace.reason),
    formatMoney(order.total),
    paymentText(scenario, money),
    problems.length === 0 ? '✓' : '✗',
  ];
}

/** Formats what was done with an order's money; of a part that went back, with its amount. */
function paymentText({ order: { total }, afterConfirmation }: Scenario, money: ScenarioResult['money']): string {
  const isPart = afterConfirmation?.kind === 'refund' && money.at(-1) === 'refund';
  return isPart
    ? `${moneyText(money)} ${formatMoney({ ...total, amount: afterConfirmation.amount })}`
    : moneyText(money);
}

const stagesRow = ({ scenario, stages }: ScenarioResult): string[] => [
  scenario.order.orderId,
  formatDuration(stages.placedToPayment),
  formatDuration(stages.placedToStock),
  formatDuration(stages.placedToDecided),
  formatDuration(stages.decidedToCaptured),
  formatDuration(stages.decidedToText),
];

const textRows = ({ scenario, texts }: ScenarioResult, layout: Layout): string[][] =>
  texts.map(({ template, phone, sentAt }) => [
    maskPhone(phone),
    template,
    scenario.order.orderId,
    formatTime(sentAt, layout),
  ]);

function suggestions(orderId: string, layout: Layout): string {
  return table(
    ['command', { title: 'what it does', fit: 'wrap' }],
    [
      ['npm run console', 'the shop in the browser: its queues, orders and dead letters, loads and outages'],
      [`npm run ops -- trace ${shellArgument(orderId)}`, 'how that order got there, step by step'],
      ['npm run ops -- place --count 5', 'five more orders; prints their ids'],
      ['npm run ops -- sandbox payment down', 'an outage of the payment gateway; `up` ends it, and the backlog drains'],
      ['npm run ops -- stock show', 'what is available, reserved and sold'],
      ['npm run ops -- down', 'stop AWS on this machine'],
    ],
    layout,
  );
}
