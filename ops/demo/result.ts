import { sameMoney } from '../../contracts/money.ts';
import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';
import { paymentAuthorized, paymentCaptured, paymentDeclined } from '../../contracts/payment.ts';
import { stockRejected, stockReserved } from '../../contracts/stock.ts';
import type { Shelf } from '../../lambdas/stock/record.ts';
import { formatMoney } from '../format.ts';
import { type OrderRecords, type SentText, sentTexts } from '../orders/records.ts';
import { buildTrace, type Trace } from '../orders/trace.ts';
import type { GatewayRecord } from '../sandbox/gateway.ts';
import type { Scenario } from './scenarios.ts';

/** Milliseconds between an order's steps, where both are on record. */
export type StageDurations = Partial<
  Record<'placedToPayment' | 'placedToStock' | 'placedToDecided' | 'decidedToCaptured' | 'decidedToText', number>
>;

/** How one scenario's order ended, and every difference from the expected end state. */
export type ScenarioResult = {
  scenario: Scenario;
  trace: Trace | undefined;
  /** What the gateway has on record, oldest first. */
  money: GatewayRecord['kind'][];
  texts: SentText[];
  stages: StageDurations;
  problems: string[];
};

/** The result of a demonstration. */
export type DemoResult = {
  results: ScenarioResult[];
  shelves: Shelf[];
  stockProblems: string[];
  /** Other orders moved the same shelves meanwhile, so sales were not checked, only that no piece is missing. */
  onlyTotalsChecked: boolean;
};

type ObservedScenario = Omit<ScenarioResult, 'stages' | 'problems'>;

/** Compares the records of a scenario's order, the gateway's included, with the expected end state. */
export function scenarioResult(
  scenario: Scenario,
  records: OrderRecords,
  money: readonly GatewayRecord[],
): ScenarioResult {
  const trace = buildTrace(records);
  const texts = sentTexts(records.notification).sort((one, other) => (one.sentAt < other.sentAt ? -1 : 1));
  const observed = { scenario, trace, money: money.map(({ kind }) => kind), texts };
  const problems = [
    ...statusProblems(observed),
    ...moneyProblems(observed),
    ...amountProblems(scenario, money),
    ...textProblems(observed),
    ...paymentProblems(observed),
  ];
  return { ...observed, stages: stageDurations(trace, texts), problems };
}

/** Returns all problems of a demonstration, each with its order. */
export const demoProblems = ({ results, stockProblems }: Pick<DemoResult, 'results' | 'stockProblems'>): string[] => [
  ...results.flatMap(({ scenario, problems }) => problems.map((problem) => `${scenario.order.orderId} ${problem}`)),
  ...stockProblems,
];

function statusProblems({ scenario, trace }: ObservedScenario): string[] {
  const { status, reason } = scenario.expected;
  if (trace?.status === status && trace.reason === reason) return [];
  const actual = trace === undefined ? 'unknown' : endStateText(trace.status, trace.reason);
  return [`is ${actual} instead of ${endStateText(status, reason)}`];
}

function moneyProblems({ scenario, money }: ObservedScenario): string[] {
  const expected = moneyText(scenario.expected.money);
  return moneyText(money) === expected ? [] : [`was ${moneyText(money)} instead of ${expected}`];
}

const PAST = { authorization: 'authorized', capture: 'captured', void: 'voided', refund: 'refunded' } as const;

/** Formats what was done with an order's money: `authorized, captured`. */
export const moneyText = (money: readonly GatewayRecord['kind'][]): string =>
  money.length === 0 ? 'not charged' : money.map((kind) => PAST[kind]).join(', ');

const withArticle = (kind: GatewayRecord['kind']) => `${kind === 'authorization' ? 'an' : 'a'} ${kind}`;

/** Names every entry of another amount than it must have: the order's total, its charges included, or that of the refund that was asked for. */
function amountProblems({ order: { total }, afterConfirmation }: Scenario, money: readonly GatewayRecord[]): string[] {
  const refund = afterConfirmation?.kind === 'refund' ? { ...total, amount: afterConfirmation.amount } : total;
  return money.flatMap((moved) => {
    const expected = moved.kind === 'refund' ? refund : total;
    return sameMoney(moved, expected)
      ? []
      : [`has ${withArticle(moved.kind)} of ${formatMoney(moved)} instead of ${formatMoney(expected)}`];
  });
}

/** Compares the texts with the expected ones, in sequence, but for those that a setting switches on. */
function textProblems({ scenario, texts }: ObservedScenario): string[] {
  if (scenario.order.customer?.phone === undefined)
    return texts.length === 0 ? [] : ['was texted although it has no phone'];
  const sent = texts.map(({ template }) => template).filter((template) => template !== 'order-placed');
  const expected = scenario.expected.texts.join(', ');
  return sent.join(', ') === expected ? [] : [`was texted ${sent.join(', ') || 'nothing'} instead of ${expected}`];
}

function paymentProblems({ scenario, trace }: ObservedScenario): string[] {
  const { payment } = scenario.expected;
  if (trace?.payment === payment) return [];
  return [`has its payment in state ${trace?.payment ?? 'unknown'} instead of ${payment}`];
}

/** Formats an end state: `CANCELLED (out-of-stock)`. */
export const endStateText = (status: string | null, reason: string | undefined): string =>
  `${status ?? 'not placed'}${reason === undefined ? '' : ` (${reason})`}`;

function stageDurations(trace: Trace | undefined, texts: readonly SentText[]): StageDurations {
  const at = (...types: string[]) => {
    const entry = trace?.timeline.find(({ type }) => types.includes(type));
    return entry === undefined ? undefined : Date.parse(entry.time);
  };
  const placed = at(orderPlaced.type);
  const decision = at(orderConfirmed.type, orderCancelled.type);
  // What was cancelled before it came was not decided after a stage.
  const decided = decision !== undefined && decision >= (placed ?? decision) ? decision : undefined;
  const text = texts.find(({ template }) => template !== 'order-placed');
  const stages = {
    placedToPayment: millisecondsBetween(placed, at(paymentAuthorized.type, paymentDeclined.type)),
    placedToStock: millisecondsBetween(placed, at(stockReserved.type, stockRejected.type)),
    placedToDecided: millisecondsBetween(placed, decided),
    decidedToCaptured: millisecondsBetween(decided, at(paymentCaptured.type)),
    decidedToText: millisecondsBetween(decided, text === undefined ? undefined : Date.parse(text.sentAt)),
  };
  return Object.fromEntries(Object.entries(stages).filter(([, duration]) => duration !== undefined));
}

const millisecondsBetween = (from: number | undefined, to: number | undefined) =>
  from === undefined || to === undefined ? undefined : to - from;
