import { nextNotification } from '../../lambdas/notification/rules.ts';
import { nextOrder } from '../../lambdas/order/rules.ts';
import { runPaymentEffect } from '../../lambdas/payment/effects.ts';
import { nextPayment } from '../../lambdas/payment/rules.ts';
import { nextShipment } from '../../lambdas/shipping/rules.ts';
import { planStock } from '../../lambdas/stock/rules.ts';
import { sweeper } from '../../lambdas/sweep/sweep.ts';
import { handleCall } from './gateway-model.ts';

/** The product's own rules, and the gateway that they meet. Each can be replaced by one that lacks something. */
export const productRules = {
  order: nextOrder,
  payment: nextPayment,
  runPayment: runPaymentEffect,
  stock: planStock,
  notification: nextNotification,
  shipping: nextShipment,
  sweeper,
  gateway: handleCall,
};

export type Rules = typeof productRules;
