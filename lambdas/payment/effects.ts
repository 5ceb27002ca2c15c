import type { Money } from '../../contracts/money.ts';
import type { Charge, ChargeResult, PaymentGateway } from './gateway.ts';
import { type EventContext, optionalReference } from './record.ts';

/** A call to the gateway. */
export type PaymentEffect = EventContext &
  (
    | { kind: 'capture'; charge: Charge }
    | { kind: 'find-then-capture'; charge: Charge; capturingSince: string }
    | { kind: 'refund' | 'find-then-refund'; money: Money; reference?: string }
  );

export type PaymentEffectResult = EventContext & { result: ChargeResult | { kind: 'refunded' } };

/** Runs an effect against the gateway. The result is the next input of `nextPayment`. */
export async function runPaymentEffect(gateway: PaymentGateway, effect: PaymentEffect): Promise<PaymentEffectResult> {
  const { orderId, trace } = effect;
  switch (effect.kind) {
    case 'capture':
      return { orderId, trace, result: await gateway.capture(effect.charge) };
    case 'find-then-capture':
      return { orderId, trace, result: await findThenCapture(gateway, effect.charge, effect.capturingSince) };
    case 'find-then-refund':
    case 'refund': {
      const { money, reference } = effect;
      const found =
        effect.kind === 'find-then-refund' ? await gateway.find(orderId, optionalReference(reference)) : undefined;
      if (!found?.refunded) await gateway.refund(orderId, money, reference ?? found?.reference);
      return { orderId, trace, result: { kind: 'refunded' } };
    }
  }
}

async function findThenCapture(gateway: PaymentGateway, charge: Charge, capturingSince: string): Promise<ChargeResult> {
  const known = 'authorization' in charge ? charge.authorization : undefined;
  const { captured, reference } = await gateway.find(charge.orderId, { capturingSince, ...optionalReference(known) });
  return captured
    ? { kind: 'captured', ...optionalReference(reference) }
    : gateway.capture(charge, known === undefined ? reference : undefined);
}
