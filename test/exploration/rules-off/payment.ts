import { orderCancelled } from '../../../contracts/order.ts';
import type { PaymentEffectResult } from '../../../lambdas/payment/effects.ts';
import type { PaymentGateway } from '../../../lambdas/payment/gateway.ts';
import type { PaymentInput } from '../../../lambdas/payment/rules.ts';
import type { Delivery } from '../../../lambdas/runtime/delivery.ts';
import type { Rules } from '../rules.ts';
import { isDeliveryOf, type RuleOff } from './rule-off.ts';

type Decide = Rules['payment'];

/** Replaces what payment does with some inputs; where `decide` returns `undefined`, the rules stay. */
const instead =
  (decide: (...args: Parameters<Decide>) => ReturnType<Decide> | undefined) =>
  (rules: Rules): Rules => ({ ...rules, payment: (...args) => decide(...args) ?? rules.payment(...args) });

const isResultOf = <Kind extends PaymentEffectResult['kind']>(
  input: Delivery<PaymentInput> | PaymentEffectResult,
  kind: Kind,
): input is Extract<PaymentEffectResult, { kind: Kind }> => 'result' in input && input.kind === kind;

/** Lets the lookups of a refund find nothing, from the given one of each effect on. */
const findsNoRefund =
  (from: number) =>
  (rules: Rules): Rules => ({
    ...rules,
    runPayment: (gateway, effect, fence) => {
      let lookups = 0;
      const find: PaymentGateway['find'] = async (...args) => {
        lookups += 1;
        const isHidden = lookups >= from;
        const found = await gateway.find(...args);
        return isHidden ? { ...found, refunds: [] } : found;
      };
      const { authorize, capture, refund, void: close } = gateway;
      return rules.runPayment({ authorize, capture, refund, void: close, find }, effect, fence);
    },
  });

export const paymentRulesOff: readonly RuleOff[] = [
  {
    rule: 'payment: cancelled ends a payment that is being authorized by a void',
    scenario: 'payment alone',
    harm: /captured 12000, refunded 0/,
    off: instead((payment, input) =>
      payment?.state === 'authorizing' && isDeliveryOf(input, orderCancelled) ? {} : undefined,
    ),
  },
  {
    rule: 'payment: cancelled without a record voids at the provider all the same',
    scenario: 'restore-payment',
    harm: /Money is held/,
    off: instead((payment, input, now) =>
      payment === undefined && isDeliveryOf(input, orderCancelled)
        ? { after: { orderId: 'o-1001', version: 1, state: 'voided', time: now.toISOString() } }
        : undefined,
    ),
  },
  {
    rule: 'payment: a void or refund that was begun is resumed by any message',
    scenario: 'payment alone',
    harm: /never ends: the payment is voiding/,
    off: instead((payment, input) =>
      /^(voiding|refunding)$/.test(payment?.state ?? '') && 'event' in input ? {} : undefined,
    ),
  },
  {
    rule: 'payment: a void that finds a capture refunds it',
    scenario: 'payment alone',
    harm: /captured 12000, refunded 0/,
    off: (rules) => ({
      ...rules,
      payment: (payment, input, ...rest) =>
        isResultOf(input, 'void') && input.result.kind === 'captured'
          ? rules.payment(payment, { ...input, result: { kind: 'voided', released: false } }, ...rest)
          : rules.payment(payment, input, ...rest),
    }),
  },
  {
    rule: 'payment: cancelled after a capture refunds it',
    scenario: 'payment alone',
    harm: /captured 12000, refunded 0/,
    off: instead((payment, input) =>
      payment?.state === 'captured' && isDeliveryOf(input, orderCancelled) ? {} : undefined,
    ),
  },
  {
    rule: 'payment: a late answer to an authorization changes nothing once cancelled is heard',
    scenario: 'payment alone',
    harm: /captured 12000, refunded 0/,
    off: (rules) => ({
      ...rules,
      payment: (payment, input, ...rest) =>
        rules.payment(
          payment !== undefined && isResultOf(input, 'authorize') ? { ...payment, state: 'authorizing' } : payment,
          input,
          ...rest,
        ),
    }),
  },
  {
    rule: 'payment: the provider is asked what was done before it is asked to authorize again',
    scenario: 'payment alone',
    harm: /held twice/,
    off: (rules) => ({
      ...rules,
      runPayment: (gateway, effect, fence) =>
        rules.runPayment(gateway, effect.kind === 'authorize' ? { ...effect, resumed: false } : effect, fence),
    }),
  },
  {
    rule: 'payment: the provider is asked what was refunded before it is asked to refund',
    scenario: 'payment alone',
    harm: /12000 refunded, 12000 due/,
    off: findsNoRefund(1),
  },
  {
    rule: 'payment: a refund is due only after the provider was asked once more',
    scenario: 'payment alone',
    harm: /12000 refunded, 12000 due/,
    off: findsNoRefund(2),
  },
  {
    rule: 'provider: a void closes the key',
    scenario: 'payment alone',
    harm: /Money is held/,
    off: (rules) => ({
      ...rules,
      gateway: (book, call, began, choices) => {
        if (call.name !== 'authorize' || book.standing !== 'closed') return rules.gateway(book, call, began, choices);
        const { standing: _, ...open } = book;
        return rules.gateway(open, call, began, choices);
      },
    }),
  },
];
