import type { AlarmStatus } from '../alarm/alarms.ts';
import { type ConsumerStatus, problemsOf, type ShopStatus } from '../status/health.ts';

/** One value of a metric, by its labels. */
export type Sample = { labels: Readonly<Record<string, string>>; value: number };

/** What was read of the shop at one moment; `alarms` where CloudWatch was asked too. */
export type ShopReading = { at: Date; status: ShopStatus; alarms?: readonly AlarmStatus[] };

/** A metric of the shop. What `cloudWatch` marks is known only where CloudWatch was asked. */
export type Family = {
  name: string;
  help: string;
  cloudWatch?: true;
  samples(reading: ShopReading): readonly Sample[];
};

const flag = (value: boolean): number => (value ? 1 : 0);
const one = (value: number): Sample[] => [{ labels: {}, value }];

/** A metric with a sample for each consumer and partner of which the value is known. */
const byConsumer = (
  name: string,
  help: string,
  known: (consumer: ConsumerStatus) => number | null | undefined,
): Family => ({
  name,
  help,
  samples: ({ status }) =>
    status.consumers.flatMap((consumer) => {
      const value = known(consumer);
      return value === null || value === undefined ? [] : [{ labels: { consumer: consumer.name }, value }];
    }),
});

const seconds = (moment: string): number => Date.parse(moment) / 1_000;

/** What queues, their tags, event source mappings and tables tell. */
const FROM_RECORDS: readonly Family[] = [
  {
    name: 'shop_last_read_timestamp_seconds',
    help: 'When the values were read, in seconds since 1970.',
    samples: ({ at }) => one(at.getTime() / 1_000),
  },
  {
    name: 'shop_consumer_info',
    help: 'A consumer, or a partner: a service outside the stack that reads a queue of its own.',
    samples: ({ status }) =>
      status.consumers.map(({ name, partner }) => ({
        labels: { consumer: name, kind: partner ? 'partner' : 'consumer' },
        value: 1,
      })),
  },
  {
    name: 'shop_queue_messages',
    help: 'Messages in the queue of a consumer, as SQS approximates them: waiting, in flight (handled, or hidden until the next attempt) or delayed.',
    samples: ({ status }) =>
      status.consumers.flatMap(({ name: consumer, waiting, inFlight, delayed }) => [
        { labels: { consumer, state: 'waiting' }, value: waiting },
        { labels: { consumer, state: 'in_flight' }, value: inFlight },
        { labels: { consumer, state: 'delayed' }, value: delayed },
      ]),
  },
  {
    name: 'shop_dead_letters',
    help: 'Messages in the dead-letter queue of a consumer, and in those of missed runs of the sweep and of steps that did not reach the archive.',
    samples: ({ status: { consumers, undelivered } }) => [
      ...consumers.map(({ name: consumer, deadLetters: value }) => ({ labels: { consumer }, value })),
      ...undelivered.map(({ name: consumer, count: value }) => ({ labels: { consumer }, value })),
    ],
  },
  {
    name: 'shop_parked_letters',
    help: 'Dead letters that are parked: somebody looks after them.',
    samples: ({ status }) => one(status.parked),
  },
  byConsumer('shop_consumer_enabled', 'Whether the event source mapping of a consumer delivers its messages.', (one) =>
    one.partner ? null : flag(one.mapping?.enabled === true),
  ),
  byConsumer('shop_consumer_paused', 'Whether somebody paused the consumer.', ({ partner, paused }) =>
    partner ? null : flag(paused !== null),
  ),
  byConsumer(
    'shop_consumer_paused_timestamp_seconds',
    'Since when a consumer that is paused is, in seconds since 1970.',
    ({ paused }) => paused && seconds(paused.since),
  ),
  {
    name: 'shop_orders',
    help: 'Orders by status; confirmed and cancelled ones while the table is small enough to be counted (16 MB).',
    samples: ({ status: { orders } }) =>
      (orders.atLeast ? (['PLACED'] as const) : (['PLACED', 'CONFIRMED', 'CANCELLED'] as const)).map((status) => ({
        labels: { status: status.toLowerCase() },
        value: orders[status],
      })),
  },
  {
    name: 'shop_late_order_age_seconds',
    help: 'How long the order waits that has waited the longest of those that wait for the shop for over a minute; 0 where none does.',
    samples: ({ at, status: { late } }) => {
      const [oldest] = late;
      return one(oldest === undefined ? 0 : at.getTime() / 1_000 - seconds(oldest.since));
    },
  },
  {
    name: 'shop_refunds_due',
    help: 'Refunds that a person has to send.',
    samples: ({ status }) => one(status.dueRefunds.count),
  },
  {
    name: 'shop_problems',
    help: 'What the status calls a problem, by consumer and state; those of metrics and logs only where CloudWatch is asked.',
    samples: ({ at, status }) => {
      const problems = new Map(
        problemsOf(status, at).map(({ consumer, state }) => [`${consumer} ${state}`, { consumer, state }]),
      );
      return [...problems.values()].map((labels) => ({ labels, value: 1 }));
    },
  },
];

/** Those of metrics that only a function reports; a partner has none. */
const ofFunction = (known: (consumer: ConsumerStatus) => number | null) => (consumer: ConsumerStatus) =>
  consumer.partner ? null : known(consumer);

/** What CloudWatch tells. */
const FROM_CLOUDWATCH: readonly Omit<Family, 'cloudWatch'>[] = [
  byConsumer(
    'shop_queue_oldest_message_age_seconds',
    'How long the oldest message of a consumer has waited, or longer; absent where unknown.',
    (one) => one.oldestSeconds,
  ),
  byConsumer(
    'shop_consumer_messages_per_second',
    'Messages that a consumer has done per second, over the last five minutes.',
    (one) => one.throughput,
  ),
  byConsumer(
    'shop_consumer_error_ratio',
    'The share of attempts that failed in the last five minutes, 0 to 1; absent where nothing was attempted.',
    (one) => one.errorRate,
  ),
  byConsumer(
    'shop_consumer_longest_wait_seconds',
    'The longest wait, from sending to handling, of a message that was attempted in the last five minutes; absent where none was.',
    (one) => one.waitedSeconds,
  ),
  byConsumer(
    'shop_consumer_given_up_messages',
    'Messages that the function of a consumer dead-lettered in the last five minutes.',
    ofFunction((one) => one.deadLettered),
  ),
  byConsumer(
    'shop_function_errors',
    'How often the function of a consumer failed as a whole in the last five minutes.',
    ofFunction((one) => one.functionErrors),
  ),
  byConsumer(
    'shop_circuit_breaker_open',
    'Whether the circuit breaker of a consumer is open, or probes.',
    ({ breaker }) => (breaker === null ? null : flag(breaker === 'open')),
  ),
  {
    name: 'shop_cloudwatch_alarm_active',
    help: 'Whether an alarm in CloudWatch is in ALARM.',
    // Not those that tell of other alarms, which are here themselves.
    samples: ({ alarms = [] }) =>
      alarms
        .filter(({ children }) => children.length === 0)
        .map(({ name, severity, state }) => ({
          // An alarm of a deployment that is older than severities may be critical.
          labels: { alarm: name, severity: severity ?? 'critical' },
          value: flag(state === 'ALARM'),
        })),
  },
];

/** All metrics of a shop that was read. */
export const families: readonly Family[] = [
  ...FROM_RECORDS,
  ...FROM_CLOUDWATCH.map((family) => ({ ...family, cloudWatch: true as const })),
];
