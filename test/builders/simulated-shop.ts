import type { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import { type Route, routing } from '../../infra/routing.ts';
import { consumes as notificationConsumes } from '../../lambdas/notification/consumes.ts';
import {
  type Notification,
  type NotificationInput,
  nextNotification,
  type OutgoingText,
  type SendResult,
} from '../../lambdas/notification/rules.ts';
import { consumes as orderConsumes } from '../../lambdas/order/consumes.ts';
import { channelPublisher, lifecyclePublisher } from '../../lambdas/order/lifecycle-publisher.ts';
import { nextOrder, type Order, type OrderInput, publishedSteps } from '../../lambdas/order/rules.ts';
import { consumes as outcomesConsumes } from '../../lambdas/outcomes/consumes.ts';
import { consumes as paymentConsumes } from '../../lambdas/payment/consumes.ts';
import {
  nextPayment,
  type Payment,
  type PaymentEffect,
  type PaymentEffectResult,
  type PaymentInput,
  runPaymentEffect,
} from '../../lambdas/payment/rules.ts';
import { consumer } from '../../lambdas/runtime/consume.ts';
import { UnavailableError } from '../../lambdas/runtime/failure.ts';
import { stateMachine } from '../../lambdas/runtime/state-machine.ts';
import { consumes as shippingConsumes } from '../../lambdas/shipping/consumes.ts';
import { nextShipment, type Shipment } from '../../lambdas/shipping/rules.ts';
import { consumes as stockConsumes } from '../../lambdas/stock/consumes.ts';
import { stockHandler } from '../../lambdas/stock/reserve.ts';
import { deadlinePassed, reminderDue } from './events.ts';
import { FakeGateway } from './gateway.ts';
import { MemoryRecordStore } from './records.ts';
import { type Simulated, Simulation } from './simulation.ts';
import { MemoryStockTable } from './stock-table.ts';

// Every step of a simulation takes a second; an invocation cannot be held up for longer than the numbers last.
const LEASE_SECONDS = 1_000;

// SNS forgets which messages of a FIFO topic it has seen after five minutes.
const DEDUPLICATION_SECONDS = 300;

/** The consumers of the stack, routed as the stack routes them, with tables, a gateway and a telephone in memory. */
export class SimulatedShop {
  readonly orders = new MemoryRecordStore<Order>();
  readonly payments = new MemoryRecordStore<Payment>();
  readonly notifications = new MemoryRecordStore<Notification>();
  readonly shipments = new MemoryRecordStore<Shipment>();
  /** What the lifecycle feed delivered, in sequence. */
  readonly feed: OrderProgressed['data'][] = [];
  /** The orders whose deadline may pass; the sweep comes by while nobody works, at moments the numbers choose. */
  readonly mayTimeOut = new Set<string>();
  /** The orders whose customers the sweep wants to be told of a delay. */
  readonly mayBeReminded = new Set<string>();
  readonly gateway = new FakeGateway();
  readonly stock: MemoryStockTable;
  /** The texts that went out, as `<order> <template>`. */
  readonly texts: string[] = [];
  readonly simulation: Simulation;

  constructor(available: Record<string, number>) {
    this.stock = new MemoryStockTable(available);
    const telephone = {
      send: async (text: OutgoingText) => {
        this.texts.push(`${text.orderId} ${text.template}`);
      },
    };
    const first = ({ type }: CloudEvent) => type === 'shop.order.placed.v1';
    this.simulation = new Simulation(
      {
        order: (reach, surroundings) => this.decider('order', orderConsumes, reach, surroundings),
        outcomes: (reach, surroundings) => this.decider('outcomes', outcomesConsumes, reach, surroundings),
        payment: (reach, surroundings) =>
          consumer(
            'payment',
            paymentConsumes,
            stateMachine<Payment, PaymentInput, PaymentEffect, PaymentEffectResult>(
              {
                decide: (payment, input) => nextPayment(payment, input, this.simulation.now()),
                runEffect: (action) => runPaymentEffect(reach(this.gateway), action),
                isFirstEvent: first,
              },
              reach(this.payments),
            ),
            surroundings,
          ),
        stock: (reach, surroundings) =>
          consumer('stock', stockConsumes, stockHandler(reach(this.stock), this.simulation.now), surroundings),
        shipping: (reach, surroundings) =>
          consumer(
            'shipping',
            shippingConsumes,
            stateMachine<Shipment, OrderProgressed, never, never>(
              { decide: nextShipment, isFirstEvent: ({ data }) => data.sequence === 1 },
              reach(this.shipments),
            ),
            surroundings,
          ),
        notification: (reach, surroundings) =>
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
                  await reach(telephone).send(text);
                  return { text };
                },
                isFirstEvent: first,
              },
              reach(this.notifications),
            ),
            surroundings,
          ),
      },
      ({ type }) =>
        Object.entries<Route>(routing)
          .filter(([, { consumes }]) => consumes.some((contract) => contract.type === type))
          .map(([name]) => name),
      ['shipping'],
    );
    this.simulation.whenIdle = () => {
      for (const { orderId, open } of this.orders.items.values()) {
        if (open?.startsWith('open') && this.mayBeReminded.has(orderId)) this.simulation.send(reminderDue({ orderId }));
        if (open !== undefined && this.mayTimeOut.has(orderId)) this.simulation.send(deadlinePassed({ orderId }));
      }
    };
    this.orders.raiseFails = () => this.simulation.misfortune(7);
    this.gateway.losesAnswer = () => this.simulation.misfortune(9);
    this.stock.conflicts = () => this.simulation.misfortune(4);
    for (const records of [this.orders, this.payments, this.notifications, this.shipments]) {
      records.beforeSave = () => {
        // The table commits, the answer is lost, and the SDK's own second try is refused.
        if (this.simulation.misfortune(13)) records.fates[0] = 'saved-but-conflict';
      };
    }
  }

  /** Those who keep orders differ in what they understand only. */
  private decider(
    name: string,
    contracts: typeof orderConsumes | typeof outcomesConsumes,
    ...[reach, surroundings]: Parameters<Simulated>
  ): ReturnType<Simulated> {
    return consumer<(typeof orderConsumes | typeof outcomesConsumes)[number]>(
      name,
      contracts,
      stateMachine<Order, OrderInput, never, never>(
        {
          decide: (order, delivery) => nextOrder(order, delivery, this.simulation.now()),
          isFirstEvent: ({ type }) => type === 'shop.order.placed.v1',
          usesOutbox: true,
        },
        reach(this.orders),
      ),
      {
        queue: surroundings.queue,
        publish: channelPublisher(
          lifecyclePublisher('feed', reach({ send: this.feedSend } as unknown as SNSClient)),
          surroundings.publish,
        ),
        onPublished: (events) => reach(this.orders).advanceTo('published', publishedSteps(events)),
      },
    );
  }

  /** The FIFO topic: takes entries one by one, and may refuse any of them or lose the answer to all. */
  private readonly feedSend = async ({ input }: PublishBatchCommand) => {
    const Successful: { Id: string | undefined }[] = [];
    for (const { Id, Message = '', MessageGroupId, MessageDeduplicationId = '' } of input.PublishBatchRequestEntries ??
      []) {
      if (this.simulation.misfortune(9)) continue;
      Successful.push({ Id });
      const seen = this.feedSeen.get(MessageDeduplicationId);
      if (seen !== undefined && this.simulation.clock - seen < DEDUPLICATION_SECONDS) continue;
      this.feedSeen.set(MessageDeduplicationId, this.simulation.clock);
      const event: OrderProgressed = JSON.parse(Message);
      if (MessageGroupId !== event.subject) throw new Error('The message group is not the order');
      this.feed.push(event.data);
      this.simulation.send(event);
    }
    if (this.simulation.misfortune(17)) throw new UnavailableError('The answer got lost');
    return { Successful };
  };

  private readonly feedSeen = new Map<string, number>();
}
