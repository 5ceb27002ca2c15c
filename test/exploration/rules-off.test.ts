import { describe, expect, test } from 'vitest';
import { quietLog } from '../builders/quiet-log.ts';
import { explore } from './explore.ts';
import { productRules } from './rules.ts';
import { orderRulesOff } from './rules-off/order.ts';
import { paymentRulesOff } from './rules-off/payment.ts';
import { refundRulesOff } from './rules-off/refunds.ts';
import { shipmentRulesOff } from './rules-off/shipment.ts';
import { notificationRulesOff, stockRulesOff } from './rules-off/stock-and-notification.ts';
import { sweepRulesOff } from './rules-off/sweep.ts';
import { scenarios } from './scenarios.ts';

// The harm is done within so many states, or the rule is not needed in its scenario.
const MAX_STATES = 500_000;

const RULES_OFF = [
  ...paymentRulesOff,
  ...refundRulesOff,
  ...stockRulesOff,
  ...notificationRulesOff,
  ...orderRulesOff,
  ...shipmentRulesOff,
  ...sweepRulesOff,
];

describe('The exploration finds the harm without the rule', () => {
  quietLog();
  test.for(RULES_OFF)('$rule', async ({ scenario, off, harm }, { annotate }) => {
    const { states, violation, trace } = await explore(scenarios[scenario], off(productRules), MAX_STATES);
    await annotate(`${violation}, after ${trace.length} moves, found among ${states} states:\n${trace.join('\n')}`);
    expect(violation).toMatch(harm);
  });
});
