import { sameMoney } from '../../contracts/money.ts';
import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';
import { paymentCaptured, paymentDeclined } from '../../contracts/payment.ts';
import { stockRejected, stockReserved } from '../../contracts/stock.ts';
import type { Shelf } from '../../lambdas/stock/rules.ts';
import { formatMoney } from '../format.ts';
import { type OrderRecords, type SentText, sentTexts } from '../orders/records.ts';
import { buildTrace, type Trace } from '../orders/trace.ts';
import type { GatewayRecord } from '../sandbox/gateway.ts';
import type { Scenario } from './scenarios.ts';

/** Milliseconds between an order's steps, where both are on record. */
export type StageDurations = Partial<
  Record<'placedToPayment' | 'placedToStock' | 'placedToDecided' | 'decidedToText', number>
>;

/** How one scenario's order ended, and every difference from the expected end state. */
export type ScenarioResult = {
  scenario: Scenario;
  trace: Trace | undefined;
  captures: number;
  refunds: number;
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
  const captures = money.filter(({ kind }) => kind === 'capture').length;
  const refunds = money.filter(({ kind }) => kind === 'refund').length;
  const texts = sentTexts(records.notification);
  const observed = { scenario, trace, captures, refunds, texts };
  const problems = [
    ...statusProblems(observed),
    ...chargeProblems(observed),
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

function chargeProblems({ scenario, captures, refunds }: ObservedScenario): string[] {
  const { status, charged } = scenario.expected;
  const problems: string[] = [];
  const expectedCaptures = charged === 'yes' ? 1 : 0;
  if (captures > 1 || (charged !== 'either' && captures !== expectedCaptures)) {
    problems.push(
      `was charged ${captures} times instead of ${charged === 'either' ? 'at most once' : expectedCaptures}`,
    );
  }
  const owed = status === 'CANCELLED' ? captures : 0;
  if (refunds !== owed) problems.push(`was refunded ${refunds} times instead of ${owed}`);
  return problems;
}

/** Names every capture and refund of another amount than the order's total, its charges included. */
function amountProblems({ order: { total } }: Scenario, money: readonly GatewayRecord[]): string[] {
  return money
    .filter((moved) => !sameMoney(moved, total))
    .map((moved) => `has a ${moved.kind} of ${formatMoney(moved)} instead of ${formatMoney(total)}`);
}

function textProblems({ scenario, texts }: ObservedScenario): string[] {
  if (scenario.order.customer?.phone === undefined)
    return texts.length === 0 ? [] : ['was texted although it has no phone'];
  const template = scenario.expected.status === 'CONFIRMED' ? 'order-confirmed' : 'order-cancelled';
  const wrong = texts.filter((text) => text.template !== template && text.template !== 'order-placed');
  if (texts.some((text) => text.template === template) && wrong.length === 0) return [];
  const sent = texts.map((text) => text.template).join(', ') || 'nothing';
  return [`was texted ${sent} instead of ${template}`];
}

function paymentProblems({ scenario, trace }: ObservedScenario): string[] {
  const expected = scenario.expected.status === 'CONFIRMED' ? ['captured'] : ['declined', 'refunded', 'cancelled'];
  if (trace?.payment !== undefined && expected.includes(trace.payment)) return [];
  return [`has its payment in state ${trace?.payment ?? 'unknown'} instead of ${expected.join(' or ')}`];
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
  const decided = at(orderConfirmed.type, orderCancelled.type);
  const decision = texts.find(({ template }) => template !== 'order-placed');
  const stages = {
    placedToPayment: millisecondsBetween(placed, at(paymentCaptured.type, paymentDeclined.type)),
    placedToStock: millisecondsBetween(placed, at(stockReserved.type, stockRejected.type)),
    placedToDecided: millisecondsBetween(placed, decided),
    decidedToText: millisecondsBetween(decided, decision === undefined ? undefined : Date.parse(decision.sentAt)),
  };
  return Object.fromEntries(Object.entries(stages).filter(([, duration]) => duration !== undefined));
}

const millisecondsBetween = (from: number | undefined, to: number | undefined) =>
  from === undefined || to === undefined ? undefined : to - from;
