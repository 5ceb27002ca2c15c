import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';
import { paymentCaptured, paymentDeclined } from '../../contracts/payment.ts';
import { stockRejected, stockReserved } from '../../contracts/stock.ts';
import { type OrderRecords, type SentText, sentTexts } from '../orders/records.ts';
import { buildTrace, type Trace } from '../orders/trace.ts';
import type { GatewayRecord } from '../sandbox/gateway.ts';
import type { Scenario } from './scenarios.ts';

/** Milliseconds between an order's steps, where both ends are known. */
export type Stages = Partial<Record<'placedToPayment' | 'placedToStock' | 'placedToDecided' | 'decidedToText', number>>;

/** What became of one scenario's order, and what is wrong with it, if anything. */
export type DemoOutcome = {
  scenario: Scenario;
  trace: Trace | undefined;
  captures: number;
  refunds: number;
  texts: SentText[];
  stages: Stages;
  problems: string[];
};

/** Takes a scenario, what the consumers and the gateway have on record of its order, and judges it. */
export function outcomeOf(scenario: Scenario, known: OrderRecords, money: readonly GatewayRecord[]): DemoOutcome {
  const trace = buildTrace(known);
  const captures = money.filter(({ kind }) => kind === 'capture').length;
  const refunds = money.filter(({ kind }) => kind === 'refund').length;
  const texts = sentTexts(known.notification);
  const seen = { scenario, trace, captures, refunds, texts };
  return { ...seen, stages: stagesOf(trace, texts), problems: problemsOf(seen) };
}

function problemsOf({ scenario, trace, captures, refunds, texts }: Omit<DemoOutcome, 'stages' | 'problems'>): string[] {
  const { status, reason, charged } = scenario.expected;
  const problems: string[] = [];
  if (trace?.status !== status || trace.reason !== reason) {
    const actual = trace === undefined ? 'unknown' : outcomeName(trace.status, trace.reason);
    problems.push(`is ${actual} instead of ${outcomeName(status, reason)}`);
  }
  const expectedCaptures = charged === 'yes' ? 1 : 0;
  if (captures > 1 || (charged !== 'either' && captures !== expectedCaptures)) {
    problems.push(
      `was charged ${captures} times instead of ${charged === 'either' ? 'at most once' : expectedCaptures}`,
    );
  }
  const owed = status === 'CANCELLED' ? captures : 0;
  if (refunds !== owed) problems.push(`was refunded ${refunds} times instead of ${owed}`);
  const template = status === 'CONFIRMED' ? 'order-confirmed' : 'order-cancelled';
  const wrong = texts.filter((text) => text.template !== template && text.template !== 'order-placed');
  if (!texts.some((text) => text.template === template) || wrong.length > 0) {
    const sent = texts.map((text) => text.template).join(', ') || 'nothing';
    problems.push(`was texted ${sent} instead of ${template}`);
  }
  const settled = status === 'CONFIRMED' ? ['captured'] : ['declined', 'refunded', 'cancelled'];
  if (trace?.payment === undefined || !settled.includes(trace.payment)) {
    problems.push(`has its payment in state ${trace?.payment ?? 'unknown'} instead of ${settled.join(' or ')}`);
  }
  return problems;
}

/** An end state in words: `CANCELLED (out-of-stock)`. */
export const outcomeName = (status: string | null, reason: string | undefined): string =>
  `${status ?? 'not placed'}${reason === undefined ? '' : ` (${reason})`}`;

function stagesOf(trace: Trace | undefined, texts: readonly SentText[]): Stages {
  const at = (...types: string[]) => {
    const entry = trace?.timeline.find(({ type }) => types.includes(type));
    return entry === undefined ? undefined : Date.parse(entry.time);
  };
  const placed = at(orderPlaced.type);
  const decided = at(orderConfirmed.type, orderCancelled.type);
  const decision = texts.find(({ template }) => template !== 'order-placed');
  const stages = {
    placedToPayment: between(placed, at(paymentCaptured.type, paymentDeclined.type)),
    placedToStock: between(placed, at(stockReserved.type, stockRejected.type)),
    placedToDecided: between(placed, decided),
    decidedToText: between(decided, decision === undefined ? undefined : Date.parse(decision.sentAt)),
  };
  return Object.fromEntries(Object.entries(stages).filter(([, span]) => span !== undefined));
}

const between = (from: number | undefined, to: number | undefined) =>
  from === undefined || to === undefined ? undefined : to - from;
