import type { EventContract } from '../contracts/cloud-event.ts';
import { consumes as notification } from '../lambdas/notification/consumes.ts';
import { consumes as order } from '../lambdas/order/consumes.ts';
import { consumes as outcomes } from '../lambdas/outcomes/consumes.ts';
import { consumes as payment } from '../lambdas/payment/consumes.ts';
import { consumes as shipping } from '../lambdas/shipping/consumes.ts';
import { consumes as stock } from '../lambdas/stock/consumes.ts';

/** What one consumer is sent. */
export type Route = {
  /**
   * The events it understands; each reaches its queue from the topic or the bus, wherever the contract says it travels.
   * What travels on the lifecycle feed comes in sequence, through a FIFO queue, which holds nothing else.
   */
  consumes: readonly EventContract[];
  /** What customers lose while it does not work, in a sentence; its alarms print it. */
  impact: string;
  /** What it calls behind a circuit breaker, if anything. */
  downstream?: string;
  /**
   * Send it whatever is published on the topic, unfiltered, so that a message nobody understands is dead-lettered, not lost.
   * It may understand nothing that travels elsewhere, for it could not tell that from what a publisher of orders has made up.
   */
  unfiltered?: true;
};

/** Every consumer, one line each; a consumer's name is its folder under `lambdas/`. */
export const routing = {
  order: { consumes: order, impact: 'No new order is confirmed, and no customer can cancel.', unfiltered: true },
  outcomes: {
    consumes: outcomes,
    impact: 'No order is confirmed, so nothing ships, and none that fails is cancelled.',
  },
  payment: { consumes: payment, impact: 'Orders wait for their payment or refund.', downstream: 'payment gateway' },
  stock: { consumes: stock, impact: 'Orders wait for their goods, and cancelled ones keep them from others.' },
  notification: { consumes: notification, impact: 'Customers get no text about their orders.', downstream: 'SMS' },
  shipping: { consumes: shipping, impact: 'Confirmed orders are not shipped.' },
} as const satisfies Record<string, Route>;

export type ConsumerName = keyof typeof routing;
