import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { orderRefundRequested } from '../../contracts/order.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import type { Notification, NotificationInput, OutgoingText, SendResult } from '../../lambdas/notification/rules.ts';
import type { OrderInput } from '../../lambdas/order/input.ts';
import { isDecided, type Order } from '../../lambdas/order/record.ts';
import type { PaymentEffect, PaymentEffectResult } from '../../lambdas/payment/effects.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import type { PaymentInput } from '../../lambdas/payment/rules.ts';
import type { Delivery } from '../../lambdas/runtime/delivery.ts';
import type { OutboxEntry } from '../../lambdas/runtime/outbox.ts';
import { failureActionFor } from '../../lambdas/runtime/retry-policy.ts';
import type { Transition } from '../../lambdas/runtime/state-machine.ts';
import { readsReservation, type StockInput } from '../../lambdas/stock/rules.ts';
import { NOW } from './clock.ts';
import { EMPTY_BOOK, type GatewayBook } from './gateway-model.ts';
import { awaiting } from './pending.ts';
import { type Id, MANY_VALUES, Pool, remembering } from './pool.ts';
import type { Rules } from './rules.ts';
import type { Scenario } from './scenario.ts';
import type { Budget, Consumer, Inputs, Message, Seen, Worker } from './state.ts';
import { commitStock, type Stock } from './stock-step.ts';
import { type Records, runSweep } from './sweep-run.ts';

const NOTIFICATION_RULES = { now: NOW, leaseSeconds: 30, textWhenPlaced: false, textWhenShipped: true };

/**
 * What a consumer does with an input. `record`, `publish` (entries of an outbox, events) and `effect` are numbers of pools. `failure`: why the
 * delivery is dead-lettered in the end, although all that is done.
 */
export type Reaction =
  | { kind: 'waits' }
  | { kind: 'dead-lettered'; reason: string }
  | { kind: 'done'; record: Id; publish: Id; effect?: Id; failure?: string };

const REPORTS = /^shop\.(payment\.(captured|voided|refunded)|stock\.(released|returned))\.v1$/;

/** Knows every value that occurs in an exploration, and what the rules say to each. */
export class Shop {
  readonly orders = new Pool<Order | undefined>();
  readonly payments = new Pool<Payment | undefined>();
  readonly stocks = new Pool<Stock>();
  readonly notifications = new Pool<Notification | undefined>();
  readonly books = new Pool<GatewayBook>();
  readonly budgets = new Pool<Budget>();
  readonly inputs = new Pool<Inputs>();
  readonly observations = new Pool<Seen>(MANY_VALUES);
  readonly messages = new Pool<Message>();
  readonly workers = new Pool<Worker>();
  readonly publications = new Pool<readonly OutboxEntry[]>();
  readonly effects = new Pool<PaymentEffect | OutgoingText>();
  readonly others = new Pool<Omit<Records, 'order'>>();
  readonly results = new Pool<PaymentEffectResult | SendResult>();
  readonly rules: Rules;
  readonly scenario: Scenario;
  readonly nothing: Id;

  constructor(rules: Rules, scenario: Scenario) {
    this.rules = rules;
    this.scenario = scenario;
    for (const records of [this.orders, this.payments, this.notifications]) records.idOf(undefined);
    this.books.idOf(EMPTY_BOOK);
    this.nothing = this.publications.idOf([]);
  }

  /** Returns the messages by which an event reaches its consumers. */
  readonly route = (event: CloudEvent, replayed?: true): Id[] =>
    CONSUMERS.filter((consumer) => this.reaches(consumer, event)).map((consumer) =>
      this.messages.idOf({ consumer, event, ...(replayed && { replayed }) }),
    );

  private reaches(consumer: Consumer, { type }: CloudEvent): boolean {
    const { without = [], withoutReports = false } = this.scenario;
    if (without.includes(consumer) || (consumer === 'order' && withoutReports && REPORTS.test(type))) return false;
    // There it is only validated.
    if (consumer === 'order' && type === orderRefundRequested.type) return false;
    return ROUTES[consumer].some(({ consumes }) => consumes.some((contract) => contract.type === type));
  }

  /** Returns the number of a publication of events that are not of an outbox. */
  readonly publicationOf = (events: readonly CloudEvent[]): Id =>
    events.length === 0 ? this.nothing : this.publications.idOf([{ events }]);

  readonly eventsOf = (publication: Id): readonly CloudEvent[] =>
    this.publications.get(publication).flatMap(({ events }) => events);

  /** Returns the number of two publications as one. */
  readonly joined = remembering(
    (first: Id, second: Id): Id =>
      this.publications.idOf([...this.publications.get(first), ...this.publications.get(second)]),
  );

  /** Returns the messages of all events of a publication. */
  readonly routeAll = remembering((publication: Id) =>
    this.eventsOf(publication)
      .flatMap((event) => this.route(event))
      .sort((one, other) => one - other),
  );

  readonly onOrder = remembering((order: Id, message: Id) =>
    this.react(message, this.orders, order, (current, delivery) =>
      this.rules.order(current, delivery as Delivery<OrderInput>, NOW),
    ),
  );

  /** Returns the order's record once it is noted how far its outbox is published. */
  readonly noted = remembering((order: Id, published: number) => {
    const record = this.orders.get(order);
    return record === undefined || record.published >= published ? order : this.orders.idOf({ ...record, published });
  });

  readonly onPayment = remembering((payment: Id, message: Id) =>
    this.react(message, this.payments, payment, (current, delivery) =>
      this.rules.payment(current, delivery as Delivery<PaymentInput>, NOW),
    ),
  );

  readonly onPaymentResult = remembering((payment: Id, result: Id) =>
    this.attempt(() => {
      const input = this.results.get(result) as PaymentEffectResult;
      return this.stepOf(this.payments, payment, this.rules.payment(this.payments.get(payment), input, NOW));
    }),
  );

  readonly onStock = remembering((stock: Id, message: Id) =>
    this.attempt(() => {
      const { event } = this.messages.get(message);
      const { stock: after, publish } = commitStock(
        this.stocks.get(stock),
        event.subject ?? '',
        readsReservation(event as StockInput),
        (snapshot) => this.rules.stock([this.deliveryOf(message) as Delivery<StockInput>], snapshot, NOW),
      );
      const isReplayed = this.messages.get(message).replayed === true;
      return { kind: 'done', record: this.stocks.idOf(after), publish: this.publicationOf(isReplayed ? [] : publish) };
    }),
  );

  readonly onNotification = remembering((notification: Id, message: Id) =>
    this.react(message, this.notifications, notification, (current, delivery) =>
      this.rules.notification(current, delivery as Delivery<NotificationInput>, NOTIFICATION_RULES),
    ),
  );

  /** Returns the record as it is once the leases of its texts are over. */
  readonly leasesOver = remembering((notification: Id) => {
    const record = this.notifications.get(notification);
    if (record === undefined) return notification;
    const texts = Object.entries(record.texts).map(([template, text]) => [
      template,
      'sendingUntil' in text ? { sendingUntil: NOW.toISOString() } : text,
    ]);
    return this.notifications.idOf({ ...record, texts: Object.fromEntries(texts) });
  });

  readonly onTextSent = remembering((notification: Id, result: Id) =>
    this.attempt(() => {
      const input = this.results.get(result) as SendResult;
      const transition = this.rules.notification(this.notifications.get(notification), input, NOTIFICATION_RULES);
      return this.stepOf(this.notifications, notification, transition);
    }),
  );

  /** Returns all records but the order's, as one number. */
  readonly recordsOf = remembering((payment: Id, stock: Id, notification: Id) =>
    this.others.idOf({
      payment: this.payments.get(payment),
      reservation: this.stocks.get(stock).reservation,
      notification: this.notifications.get(notification),
    }),
  );

  /** Runs the sweep: returns the order's record with its new place in the index, and what is said about it. */
  readonly sweep = awaiting(async (order: Id, others: Id) => {
    const run = await runSweep(this.rules, this.withAll({ order: this.orders.get(order), ...this.others.get(others) }));
    return {
      order: this.orders.idOf(run.order),
      messages: run.events.flatMap((event) => this.route(event)),
      label: ['SWEEP', ...run.events.map(({ type, data }) => `${type} ${JSON.stringify(data)}`)].join(' '),
    };
  });

  /** Consumers that are left out have done their part. */
  private withAll(records: Records): Records {
    const { without = [] } = this.scenario;
    const { orderId, status, dispatched } = records.order ?? {};
    if (orderId === undefined) return records;
    const isConfirmed = status === 'CONFIRMED';
    const decision = isConfirmed ? 'order-confirmed' : 'order-cancelled';
    const common = { orderId, version: 1, time: NOW.toISOString(), ...(dispatched && { dispatched }) };
    return {
      ...records,
      ...(isDecided({ status }) && {
        ...(without.includes('payment') && { payment: { ...common, state: isConfirmed ? 'captured' : 'voided' } }),
        ...(without.includes('stock') && {
          reservation: { ...common, state: isConfirmed ? 'sold' : 'released', lines: [] },
        }),
        ...(without.includes('notification') && { notification: { ...common, decision, texts: {} } }),
      }),
    };
  }

  private deliveryOf(message: Id): Delivery {
    const { event, replayed } = this.messages.get(message);
    const time = event.time ?? NOW.toISOString();
    return { event, messageId: `m-${message}`, attempt: 1, time, ...(replayed && { withoutEffects: true }) };
  }

  /** Asks a rule about a delivery. A replay has no effect and publishes nothing, and where there is an effect, it writes nothing either. */
  private react<R extends Order | Payment | Notification>(
    message: Id,
    pool: Pool<R | undefined>,
    record: Id,
    decide: (current: R | undefined, delivery: Delivery) => StepOf<R>,
  ): Reaction {
    return this.attempt(() => {
      const delivery = this.deliveryOf(message);
      const step = this.stepOf(pool, record, decide(pool.get(record), delivery));
      if (!delivery.withoutEffects || step.kind !== 'done') return step;
      return { kind: 'done', record: step.effect === undefined ? step.record : record, publish: this.nothing };
    });
  }

  private attempt(step: () => Reaction): Reaction {
    try {
      return step();
    } catch (error) {
      if (failureActionFor(error).action === 'retry') return { kind: 'waits' };
      return { kind: 'dead-lettered', reason: String(error) };
    }
  }

  private stepOf<R extends Order | Payment | Notification>(
    pool: Pool<R | undefined>,
    before: Id,
    { after, publish = [], outbox = [], effect, failure }: StepOf<R>,
  ): Reaction {
    return {
      kind: 'done',
      // Every write is conditional, so that versions tell nothing apart here.
      record: after === undefined ? before : pool.idOf({ ...after, version: 1 }),
      publish:
        outbox.length === 0 ? this.publicationOf(publish) : this.publications.idOf([...outbox, { events: publish }]),
      ...(effect && { effect: this.effects.idOf(effect) }),
      ...(failure && { failure: String(failure) }),
    };
  }
}

type StepOf<R> = Transition<R, PaymentEffect | OutgoingText>;

export const CONSUMERS = ['order', 'payment', 'stock', 'notification'] as const;

/** Which queues make up a consumer here: `order` and `outcomes` share their records and rules. */
const ROUTES: Record<Consumer, readonly Route[]> = {
  order: [routing.order, routing.outcomes],
  payment: [routing.payment],
  stock: [routing.stock],
  notification: [routing.notification],
};
