import type { CloudEvent, EventContract } from '../../contracts/cloud-event.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { type ShippedConsumerName, shippedRoutes } from '../../infra/routing.ts';
import {
  type Notification,
  type NotificationInput,
  nextNotification,
  type OutgoingText,
  type SendResult,
} from '../../lambdas/notification/rules.ts';
import { type OrderInput, validatedOnly } from '../../lambdas/order/input.ts';
import type { Order } from '../../lambdas/order/record.ts';
import { nextOrder } from '../../lambdas/order/rules.ts';
import type { PaymentEffect, PaymentEffectResult } from '../../lambdas/payment/effects.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../lambdas/payment/rules.ts';
import type { Delivery, SubjectEvent } from '../../lambdas/runtime/delivery.ts';
import { withTraceparent } from '../../lambdas/runtime/publish.ts';
import type { OrderRecord } from '../../lambdas/runtime/records.ts';
import type { Transition } from '../../lambdas/runtime/state-machine.ts';
import { nextShipment, type Shipment } from '../../lambdas/shipping/rules.ts';
import type { Reservation } from '../../lambdas/stock/record.ts';
import { planStock, type StockInput } from '../../lambdas/stock/rules.ts';
import { delivery } from './deliveries.ts';

/** What the world outside answers the rules of one order. */
export type Answers = {
  now: Date;
  available: number;
  gateway(effect: PaymentEffect): PaymentEffectResult;
  sms(text: OutgoingText): SendResult;
};

/** What became of a delivery. */
export type Delivered = { published: readonly CloudEvent[]; failure?: Error };

export const CONSUMERS = Object.keys(shippedRoutes) as ShippedConsumerName[];

/** Returns the contracts that a consumer reads. */
export const readBy = (name: ShippedConsumerName): readonly EventContract[] => shippedRoutes[name].consumes;

/** The rules of all consumers with the records of one order: no runtime, no tables, no queues. */
export class PureShop {
  private readonly answers: Answers;
  order?: Order;
  payment?: Payment;
  reservation?: Reservation;
  notification?: Notification;
  shipment?: Shipment;

  constructor(answers: Answers) {
    this.answers = answers;
  }

  /**
   * Delivers a body to a consumer, and returns what it publishes, and what the message fails with in the end. Throws what the consumer refuses
   * it for before it does anything.
   */
  deliver(name: ShippedConsumerName, body: string): Delivered {
    const { published, failure } = this.handle(name, delivery(parseEvent(body, readBy(name)) as SubjectEvent));
    return { published: published.map(withTraceparent), ...(failure && { failure }) };
  }

  private handle(name: ShippedConsumerName, input: Delivery<SubjectEvent>): Delivered {
    const { now, gateway, sms } = this.answers;
    switch (name) {
      case 'order':
      case 'outcomes': {
        if (validatedOnly.some(({ type }) => type === input.event.type)) return { published: [] };
        const { after, outbox = [], publish = [], failure } = nextOrder(this.order, input as Delivery<OrderInput>, now);
        const position = outbox.at(-1)?.position;
        if (after !== undefined) this.order = { ...after, version: after.version + 1 };
        if (this.order !== undefined && position !== undefined) this.order = { ...this.order, published: position };
        return { published: [...outbox.flatMap(({ events }) => events), ...publish], ...(failure && { failure }) };
      }
      case 'payment':
        return run<Payment, Delivery<PaymentInput> | PaymentEffectResult, PaymentEffect>(
          (record, one) => nextPayment(record, one, now),
          gateway,
          {
            read: () => this.payment,
            write: (payment) => {
              this.payment = payment;
            },
          },
          input as Delivery<PaymentInput>,
        );
      case 'stock':
        return this.stock(input as Delivery<StockInput>);
      case 'notification':
        return run<Notification, Delivery<NotificationInput> | SendResult, OutgoingText>(
          (record, one) => nextNotification(record, one, { now, leaseSeconds: 60, textWhenPlaced: true }),
          sms,
          {
            read: () => this.notification,
            write: (notification) => {
              this.notification = notification;
            },
          },
          input as Delivery<NotificationInput>,
        );
      case 'shipping': {
        const { after } = nextShipment(this.shipment, input as Parameters<typeof nextShipment>[1]);
        if (after !== undefined) this.shipment = after;
        return { published: [] };
      }
    }
  }

  private stock(input: Delivery<StockInput>): Delivered {
    const { now, available } = this.answers;
    const skus = 'items' in input.event.data ? (input.event.data.items ?? []).flatMap(({ sku }) => sku ?? []) : [];
    const snapshot = {
      reservations: new Map([
        ['orderId' in input.event.data ? input.event.data.orderId : '', this.reservation ?? null],
      ]),
      available: new Map(skus.map((sku) => [sku, available])),
    };
    const [planned] = planStock([input], snapshot, now).planned;
    if (planned === undefined) throw new Error('There was no plan');
    if ('failure' in planned) throw planned.failure;
    const { write } = planned;
    if (write !== undefined && 'orderId' in input.event.data)
      this.reservation = write.before === null ? write.after : { ...write.before, ...write.after };
    return { published: planned.publish };
  }
}

/** Runs the rules of a state machine until they want no further effect. */
function run<R extends OrderRecord, Input, Effect>(
  decide: (record: R | undefined, input: Input) => Transition<R, Effect>,
  perform: (effect: Effect) => Input,
  record: { read(): R | undefined; write(record: R): void },
  delivered: Input,
): Delivered {
  const published: CloudEvent[] = [];
  let failsWith: Error | undefined;
  for (let input: Input | undefined = delivered; input !== undefined; ) {
    const { after, effect, publish = [], failure }: Transition<R, Effect> = decide(record.read(), input);
    if (after !== undefined) record.write({ ...after, version: after.version + 1 });
    published.push(...publish);
    failsWith = failure ?? failsWith;
    input = effect === undefined ? undefined : perform(effect);
  }
  return { published, ...(failsWith && { failure: failsWith }) };
}
