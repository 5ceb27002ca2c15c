import type { Hono } from 'hono';
import * as v from 'valibot';
import { refundId } from '../../../contracts/order.ts';
import { knownIdArgument, orderIdArgument, reasonArgument } from '../../arguments.ts';
import { placeScenario } from '../../demo/place-scenario.ts';
import { demoScenarios } from '../../demo/scenarios.ts';
import { toUserMessage } from '../../errors.ts';
import { assertNotShipped, cancelOrder, orderCancelRequestedEvent } from '../../orders/cancel.ts';
import { UnknownOrderError } from '../../orders/collect-trace.ts';
import { findOrders, recentOrders } from '../../orders/recent.ts';
import {
  assertNotRefused,
  carryOutRefund,
  checkRefund,
  isSettled,
  newRefundId,
  orderRefundRequestedEvent,
  refundDocument,
} from '../../orders/refund.ts';
import type { RefundRequest } from '../../orders/refunds.ts';
import { assertTestOrdersAllowed } from '../../orders/test-orders.ts';
import type { DeployedShop } from '../../stack.ts';
import type { Scenarios } from '../api/orders.ts';
import { action } from './actions.ts';
import { type Console, NotFound } from './console.ts';
import { OrderReader } from './order-view.ts';

/** Adds what the page of orders reads and does. */
export function ordersRoutes(app: Hono, console: Console): void {
  listRoutes(app, console);
  const orders = new OrderReader();
  app.get('/api/orders/:id', async (context) => {
    const { trace } = await known(orders.trace(console.shop, knownIdArgument(context.req.param('id'))));
    return context.json(trace);
  });
  app.get('/api/orders/:id/view', async (context) =>
    context.json(await known(orders.view(console.shop, knownIdArgument(context.req.param('id'))))),
  );
  placeRoute(app, console);
  cancelRoute(app, console);
  refundRoute(app, console);
}

function listRoutes(app: Hono, console: Console): void {
  app.get('/api/orders', async (context) => {
    const { before, find, status } = context.req.query();
    if (find !== undefined) return context.json(await findOrders(console.shop, find));
    const { orders, next } = await recentOrders(console.shop, { before, undecided: status === 'undecided' });
    if (next !== undefined) {
      const query = new URLSearchParams({ ...(status === undefined ? {} : { status }), before: next });
      context.header('Link', `</api/orders?${query}>; rel="next"`);
    }
    return context.json(orders);
  });
  app.get('/api/scenarios', (context) => context.json(scenarios(console)));
}

function scenarios({ shop }: Console): Scenarios {
  const refusal = testOrderRefusal(shop);
  return {
    scenarios: demoScenarios('').map(({ name, story, expected: { status, reason } }) => ({
      name,
      story,
      status,
      ...(reason === undefined ? {} : { reason }),
    })),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

/** Returns why no order can be made up here. */
function testOrderRefusal(shop: DeployedShop): string | undefined {
  try {
    assertTestOrdersAllowed(shop, { what: 'a test order' });
    return undefined;
  } catch (error) {
    return toUserMessage(error);
  }
}

async function known<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    throw error instanceof UnknownOrderError ? new NotFound(error.message) : error;
  }
}

function placeRoute(app: Hono, console: Console): void {
  action(app, console, {
    path: '/api/orders/place',
    body: v.object({ scenario: v.string('must be the name of a scenario') }),
    logged: ({ scenario }) => ({ scenario }),
    async run({ scenario }) {
      const { orderId, story, follow } = await placeScenario(console.shop, scenario);
      if (follow !== undefined) {
        console.jobs.start({ kind: 'test-order', title: `${orderId}: ${story}` }, async ({ signal }) => {
          await follow(signal);
          return { orderId };
        });
      }
      return { orderId };
    },
  });
}

// Longer than it ever takes while everything works; the page shows what happens afterwards.
const WAIT_SECONDS = 10;

function cancelRoute(app: Hono, console: Console): void {
  action(app, console, {
    path: '/api/orders/:id/cancel',
    body: v.object({ id: v.string(), reason: v.optional(v.string(), 'changed my mind') }),
    logged: ({ id }) => ({ orderId: id }),
    async run({ id, reason }) {
      const event = orderCancelRequestedEvent(orderIdArgument(id), reasonArgument(reason));
      const { cancellation } = await cancelOrder(console.shop, event, { waitSeconds: WAIT_SECONDS });
      assertNotShipped(cancellation);
      return cancellation;
    },
  });
}

const refundBody = v.object({
  id: v.string(),
  /** Of the form that is sent: the same one again sends and counts nothing twice. */
  refundId: v.optional(refundId, newRefundId),
  amount: v.number('must be a whole number in the minor unit of the currency'),
  items: v.optional(
    v.array(v.object({ sku: v.string(), quantity: v.number(), restock: v.optional(v.boolean(), false) })),
    [],
  ),
  reason: v.optional(v.string()),
});

function refundRoute(app: Hono, console: Console): void {
  action(app, console, {
    path: '/api/orders/:id/refund',
    body: refundBody,
    logged: ({ id, refundId, amount, items }) => ({ orderId: id, refundId, amount, items }),
    async run({ id, refundId, amount, items, reason }) {
      const request: RefundRequest = { orderId: orderIdArgument(id), refundId, amount, items };
      const event = orderRefundRequestedEvent(request, reason === undefined ? reason : reasonArgument(reason));
      const { shop } = console;
      const { before } = await checkRefund(shop, request, event);
      const outcome = isSettled(before)
        ? before
        : await carryOutRefund(shop, event, before, { waitSeconds: WAIT_SECONDS });
      assertNotRefused(request, outcome);
      return refundDocument(request, outcome);
    },
  });
}
