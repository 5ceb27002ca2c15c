import { formatDuration, formatMoney, maskPhone, table } from '../format.ts';
import { shelfTable } from '../stock/command.ts';
import { type DemoOutcome, outcomeName } from './outcome.ts';
import type { DemoResult } from './run.ts';

/** What the demonstration says of one order to scripts; the customer's number stays masked. */
export function orderDocument({ scenario, trace, captures, refunds, texts, stages, problems }: DemoOutcome) {
  const { status, reason } = scenario.expected;
  return {
    orderId: scenario.order.orderId,
    story: scenario.story,
    expected: reason === undefined ? { status } : { status, reason },
    status: trace?.status ?? null,
    ...(trace?.reason === undefined ? {} : { reason: trace.reason }),
    total: scenario.order.total,
    captures,
    refunds,
    stages,
    texts: texts.map(({ template, phone, sentAt }) => ({ template, to: maskPhone(phone), sentAt })),
    problems,
  };
}

/** Names everything that is not as it must be. */
export const problemsIn = ({ outcomes, stockProblems }: DemoResult): string[] => [
  ...outcomes.flatMap(({ scenario, problems }) => problems.map((problem) => `${scenario.order.orderId} ${problem}`)),
  ...stockProblems,
];

/** What the demonstration shows to people. */
export function report(seen: DemoResult): string {
  const { outcomes, shelves } = seen;
  return [
    heading('Orders'),
    table(['order', 'what it shows', 'expected', 'actual', 'total', 'captures', 'refunds', ''], outcomes.map(orderRow)),
    heading('Time per stage'),
    table(
      ['order', 'placed → payment', 'placed → stock', 'placed → decided', 'decided → text'],
      outcomes.map(stagesRow),
    ),
    heading('Texts that went out'),
    table(['to', 'text', 'order', 'sent'], outcomes.flatMap(textRows)),
    heading('Shelves'),
    shelfTable(shelves),
    heading('What to try next'),
    suggestions(outcomes[0]?.scenario.order.orderId ?? 'o-1001'),
  ].join('\n');
}

const heading = (title: string) => `\n${title}\n${'─'.repeat(title.length)}`;

function orderRow({ scenario, trace, captures, refunds, problems }: DemoOutcome): (string | number)[] {
  const { order, story, expected } = scenario;
  return [
    order.orderId,
    story,
    outcomeName(expected.status, expected.reason),
    trace === undefined ? 'unknown' : outcomeName(trace.status, trace.reason),
    formatMoney(order.total),
    captures,
    refunds,
    problems.length === 0 ? '✓' : '✗',
  ];
}

const stagesRow = ({ scenario, stages }: DemoOutcome): string[] => [
  scenario.order.orderId,
  formatDuration(stages.placedToPayment),
  formatDuration(stages.placedToStock),
  formatDuration(stages.placedToDecided),
  formatDuration(stages.decidedToText),
];

const textRows = ({ scenario, texts }: DemoOutcome): string[][] =>
  texts.map(({ template, phone, sentAt }) => [maskPhone(phone), template, scenario.order.orderId, sentAt]);

function suggestions(orderId: string): string {
  return table(
    ['command', 'what it does'],
    [
      [`npm run ops -- trace ${orderId}`, 'how that order got there, step by step'],
      ['npm run ops -- place --count 5', 'five more orders; prints their ids'],
      ['npm run ops -- sandbox payment down', 'an outage of the payment gateway; `up` ends it, and the backlog drains'],
      ['npm run ops -- stock show', 'what is available, reserved and sold'],
      ['npm run ops -- down', 'stop AWS on this machine'],
    ],
  );
}
