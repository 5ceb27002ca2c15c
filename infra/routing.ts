import { orderProgressed } from '../contracts/lifecycle.ts';
import { notificationRefused, notificationSent } from '../contracts/notification.ts';
import {
  orderCancelled,
  orderCancelRefused,
  orderConfirmed,
  orderDelayed,
  orderDispatched,
  orderRefused,
} from '../contracts/order.ts';
import {
  paymentAuthorized,
  paymentCaptured,
  paymentDeclined,
  paymentRefundDue,
  paymentRefunded,
  paymentRefundRefused,
  paymentVoided,
} from '../contracts/payment.ts';
import { stockRejected, stockReleased, stockReserved, stockReturned } from '../contracts/stock.ts';
import { consumes as notification } from '../lambdas/notification/consumes.ts';
import { consumes as order } from '../lambdas/order/consumes.ts';
import { openOrdersIndex } from '../lambdas/order/open-orders.ts';
import { consumes as outcomes } from '../lambdas/outcomes/consumes.ts';
import { consumes as payment } from '../lambdas/payment/consumes.ts';
import { dueRefundsIndex } from '../lambdas/payment/record.ts';
import { consumes as shipping } from '../lambdas/shipping/consumes.ts';
import { consumes as stock } from '../lambdas/stock/consumes.ts';
import { customRoutes } from './custom/routes.ts';
import { gatewayEntry, gatewayEnvironment, gatewaySecrets, gatewayTables } from './payment-gateway.ts';
import { type Route, recordsOf, withTombstones } from './route.ts';

// A step and the decision in it are published by whichever of the two comes to it.
const ofOrders = [orderProgressed, orderConfirmed, orderCancelled, orderDelayed, orderDispatched, orderCancelRefused];

// The two consumers share the table, and the sweep reads its index.
const ordersTable = () => ({
  TABLE_NAME: {
    ...withTombstones(recordsOf('Orders')),
    index: { name: openOrdersIndex, key: 'open', sortKey: 'openSince' },
  },
});

/** The shipped consumers. A shop adds its own in `infra/custom/routes.ts`, which no update touches. */
export const shippedRoutes = {
  order: {
    consumes: order,
    publishes: [...ofOrders, orderRefused],
    impact: 'No new order is confirmed, and no customer can cancel.',
    hashesCustomers: true,
    tables: ordersTable,
    may: ['forward-unwrapped'],
    unfiltered: true,
  },
  outcomes: {
    consumes: outcomes,
    publishes: ofOrders,
    impact: 'No order is confirmed, so nothing ships, and none that fails is cancelled.',
    hashesCustomers: true,
    tables: ordersTable,
  },
  payment: {
    consumes: payment,
    publishes: [
      paymentAuthorized,
      paymentCaptured,
      paymentVoided,
      paymentDeclined,
      paymentRefunded,
      paymentRefundDue,
      paymentRefundRefused,
    ],
    impact:
      'Orders wait for their payment, confirmed ones are not charged, and what cancelled ones hold is not let go of.',
    hashesCustomers: true,
    tables: (settings) => ({
      // For `ops status`: the payments whose money a person has to send back.
      TABLE_NAME: {
        ...withTombstones(recordsOf('Payments')),
        index: { name: dueRefundsIndex, key: 'refundDue', sortKey: 'time' },
      },
      ...gatewayTables(settings),
    }),
    secrets: gatewaySecrets,
    environment: gatewayEnvironment,
    entry: gatewayEntry,
    downstream: 'payment gateway',
  },
  stock: {
    consumes: stock,
    publishes: [stockReserved, stockRejected, stockReleased, stockReturned],
    impact: 'Orders wait for their goods, and cancelled ones keep them from others.',
    hashesCustomers: true,
    tables: () => ({
      TABLE_NAME: { id: 'StockTable', key: 'sku', output: 'StockTableName', actions: ['UpdateItem'] },
      RESERVATIONS_TABLE_NAME: withTombstones({
        id: 'ReservationsTable',
        key: 'orderId',
        output: 'ReservationsTableName',
        actions: ['BatchGetItem', 'PutItem', 'UpdateItem'],
      }),
    }),
  },
  notification: {
    consumes: notification,
    publishes: [notificationSent, notificationRefused],
    impact: 'Customers get no text about their orders.',
    hashesCustomers: true,
    // The daily limit per number is counted in place.
    tables: ({ sms }) => ({
      TABLE_NAME: withTombstones(recordsOf('Notifications', ...(sms.perDay > 0 ? ['UpdateItem'] : []))),
    }),
    environment: ({ textWhenPlaced, textWhenShipped, textWhenRefunded, sms }) => ({
      TEXT_WHEN_PLACED: String(textWhenPlaced),
      TEXT_WHEN_SHIPPED: String(textWhenShipped),
      TEXT_WHEN_REFUNDED: String(textWhenRefunded),
      SMS_SETTINGS: JSON.stringify(sms),
    }),
    may: ['send-texts'],
    downstream: 'SMS',
  },
  shipping: {
    consumes: shipping,
    impact: 'Confirmed orders are not shipped.',
    tables: () => ({ TABLE_NAME: withTombstones(recordsOf('Shipments')) }),
  },
} as const satisfies Record<string, Route>;

/** Every consumer; a consumer's name is its folder under `lambdas/`. */
export const routing = { ...shippedRoutes, ...customRoutes } as const satisfies Record<string, Route>;

export type ConsumerName = keyof typeof routing;

export type ShippedConsumerName = keyof typeof shippedRoutes;
