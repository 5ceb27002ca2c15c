import type { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import { consumes as notificationConsumes } from '../../lambdas/notification/consumes.ts';
import {
  type Notification,
  type NotificationInput,
  nextNotification,
  type OutgoingText,
  type SendResult,
} from '../../lambdas/notification/rules.ts';
import { consumes as orderConsumes } from '../../lambdas/order/consumes.ts';
import { isDecided, type Order } from '../../lambdas/order/record.ts';
import { refusalOf } from '../../lambdas/order/refusal.ts';
import { consumes as outcomesConsumes } from '../../lambdas/outcomes/consumes.ts';
import { consumes as paymentConsumes } from '../../lambdas/payment/consumes.ts';
import { type PaymentEffect, type PaymentEffectResult, runPaymentEffect } from '../../lambdas/payment/effects.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../lambdas/payment/rules.ts';
import { consumer } from '../../lambdas/runtime/consume.ts';
import { UnavailableError } from '../../lambdas/runtime/failure.ts';
import { publishing } from '../../lambdas/runtime/outbox.ts';
import { channelPublisher, lifecyclePublisher } from '../../lambdas/runtime/publish.ts';
import { stateMachine } from '../../lambdas/runtime/state-machine.ts';
import { consumes as shippingConsumes } from '../../lambdas/shipping/consumes.ts';
import { nextShipment, type Shipment } from '../../lambdas/shipping/rules.ts';
import { consumes as stockConsumes } from '../../lambdas/stock/consumes.ts';
import { stockHandler } from '../../lambdas/stock/reserve.ts';
import { deadlinePassed, reminderDue } from './events.ts';
import { FakeGateway } from './gateway.ts';
import type { MemoryTables } from './memory-sweep.ts';
import { orderHandler } from './order-handler.ts';
import { MemoryRecordStore } from './records.ts';
import { type Intercept, type SimulatedConsumer, Simulation } from './simulation.ts';
import { MemoryStockTable } from './stock-table.ts';

// Each step of a simulation takes a second, and no invocation is paused for longer than the numbers last.
const LEASE_SECONDS = 1_000;

// SNS deduplicates messages of a FIFO topic for five minutes.
const DEDUPLICATION_SECONDS = 300;

/** The consumers of the stack with the stack's routing, and tables, a payment gateway and an SMS sender in memory. */
export class SimulatedShop {
  readonly orders = new MemoryRecordStore<Order>();
  readonly payments = new MemoryRecordStore<Payment>();
  readonly notifications = new MemoryRecordStore<Notification>();
  readonly shipments = new MemoryRecordStore<Shipment>();
  /** The steps that the lifecycle feed delivered, in sequence. */
  readonly feed: OrderProgressed['data'][] = [];
  /** Orders whose deadline may pass. The sweep runs while no function runs, when the numbers say so. */
  readonly mayTimeOut = new Set<string>();
  /** Orders for which the sweep may publish that a reminder is due. */
  readonly mayBeReminded = new Set<string>();
  /** From when until when the gateway is down, in seconds since the start. */
  outage = { from: 0, until: 0 };
  readonly gateway = new FakeGateway();
  readonly stock: MemoryStockTable;
  /** The texts that were sent, as `<order> <template>`. */
  readonly texts: string[] = [];
  readonly simulation: Simulation;

  constructor(available: Record<string, number>) {
    this.stock = new MemoryStockTable(available);
    const smsSender = {
      send: async (text: OutgoingText) => {
        this.texts.push(`${text.orderId} ${text.template}`);
      },
    };
    const isPlacement = ({ type }: CloudEvent) => type === 'shop.order.placed.v1';
    this.simulation = new Simulation(
      {
        order: (intercept, dependencies) => this.orderConsumer('order', orderConsumes, intercept, dependencies),
        outcomes: (intercept, dependencies) =>
          this.orderConsumer('outcomes', outcomesConsumes, intercept, dependencies),
        payment: (intercept, dependencies) =>
          consumer(
            'payment',
            paymentConsumes,
            stateMachine<Payment, PaymentInput, PaymentEffect, PaymentEffectResult>(
              {
                decide: (payment, input) => nextPayment(payment, input, this.simulation.now()),
                runEffect: (action, fence) => runPaymentEffect(intercept(this.gateway), action, fence),
                isFirstEvent: isPlacement,
              },
              intercept(this.payments),
            ),
            dependencies,
          ),
        stock: (intercept, dependencies) =>
          consumer('stock', stockConsumes, this.stockHandler(intercept), dependencies),
        shipping: (intercept, dependencies) =>
          consumer(
            'shipping',
            shippingConsumes,
            stateMachine<Shipment, OrderProgressed, never, never>(
              { decide: nextShipment, isFirstEvent: ({ data }) => data.sequence === 1 },
              intercept(this.shipments),
            ),
            dependencies,
          ),
        notification: (intercept, dependencies) =>
          consumer(
            'notification',
            notificationConsumes,
            stateMachine<Notification, NotificationInput, OutgoingText, SendResult>(
              {
                decide: (notification, input) =>
                  nextNotification(notification, input, {
                    now: this.simulation.now(),
                    leaseSeconds: LEASE_SECONDS,
                    textWhenPlaced: false,
                  }),
                runEffect: async (text) => {
                  await intercept(smsSender).send(text);
                  return { text };
                },
                isFirstEvent: isPlacement,
              },
              intercept(this.notifications),
            ),
            dependencies,
          ),
      },
      ({ type }) =>
        Object.entries<Route>(routing)
          .filter(([, { consumes }]) => consumes.some((contract) => contract.type === type))
          .map(([name]) => name),
      ['shipping'],
    );
    this.simulation.onIdle = () => {
      for (const { orderId, open, status } of this.orders.items.values()) {
        if (open?.startsWith('open') && this.mayBeReminded.has(orderId)) this.simulation.send(reminderDue({ orderId }));
        if (!isDecided({ status }) && this.mayTimeOut.has(orderId)) this.simulation.send(deadlinePassed({ orderId }));
      }
    };
    this.orders.advanceFails = () => this.simulation.faultOccurs(7);
    this.gateway.losesResponse = () => this.simulation.faultOccurs(9);
    Object.defineProperty(this.gateway, 'down', {
      get: () => this.simulation.clock >= this.outage.from && this.simulation.clock < this.outage.until,
    });
    this.stock.conflicts = () => this.simulation.faultOccurs(4);
    for (const records of [this.orders, this.payments, this.notifications, this.shipments]) {
      records.beforeSave = () => {
        // The table commits, the response is lost, and the SDK's retry is refused.
        if (this.simulation.faultOccurs(13)) records.plannedResults[0] = 'saved-but-conflict';
      };
    }
  }

  private readonly stockHandler = (intercept: Intercept) =>
    publishing(stockHandler(intercept(this.stock), this.simulation.now));

  /** Returns the tables that the sweep reads, by order id. */
  tables(): MemoryTables {
    return {
      orders: this.orders.items,
      payments: this.payments.items,
      reservations: this.stock.reservations,
      notifications: this.notifications.items,
    };
  }

  /** The order and outcomes consumers differ in their contracts only. */
  private orderConsumer(
    name: string,
    contracts: typeof orderConsumes | typeof outcomesConsumes,
    ...[intercept, dependencies]: Parameters<SimulatedConsumer>
  ): ReturnType<SimulatedConsumer> {
    return consumer<(typeof orderConsumes | typeof outcomesConsumes)[number]>(
      name,
      contracts,
      orderHandler(intercept(this.orders), this.simulation.now),
      {
        queue: dependencies.queue,
        ...(name === 'order' ? { refusalOf, replays: [] } : { replays: [...orderConsumes, ...outcomesConsumes] }),
        publish: channelPublisher(
          lifecyclePublisher('feed', intercept({ send: this.publishToFeed } as unknown as SNSClient)),
          dependencies.publish,
        ),
      },
    );
  }

  /** Acts as the FIFO topic: accepts or refuses each entry, and may lose the response to all. */
  private readonly publishToFeed = async ({ input }: PublishBatchCommand) => {
    const Successful: { Id: string | undefined }[] = [];
    for (const { Id, Message = '', MessageGroupId, MessageDeduplicationId = '' } of input.PublishBatchRequestEntries ??
      []) {
      if (this.simulation.faultOccurs(9)) continue;
      Successful.push({ Id });
      const seen = this.lastPublished.get(MessageDeduplicationId);
      if (seen !== undefined && this.simulation.clock - seen < DEDUPLICATION_SECONDS) continue;
      this.lastPublished.set(MessageDeduplicationId, this.simulation.clock);
      const event: OrderProgressed = JSON.parse(Message);
      if (MessageGroupId !== event.subject) throw new Error('The message group is not the order');
      this.feed.push(event.data);
      this.simulation.send(event);
    }
    if (this.simulation.faultOccurs(17)) throw new UnavailableError('The response was lost');
    return { Successful };
  };

  private readonly lastPublished = new Map<string, number>();
}
