import type { ShopAlarmProps } from '../../infra/constructs/alarm.ts';

/** An alerting rule of Prometheus. */
export type AlertingRule = {
  alert: string;
  expr: string;
  for?: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
};

/** How an alarm of CloudWatch is written over what the exporter serves; `selector` has the labels of its consumer or partner. */
type Translation = {
  /** Needs what is served with `--cloudwatch` only. */
  cloudWatch?: true;
  expr(selector: string, alarm: Required<Pick<ShopAlarmProps, 'threshold' | 'periods'>>): string;
  /** For how many minutes it has to hold. @default 0 */
  minutes?(periods: readonly [number, number]): number;
};

const SECONDS_PER_HOUR = 3_600;

/** By what an alarm's name ends in, or is. */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  'dead-letters': { expr: (selector, { threshold }) => `shop_dead_letters${selector} >= ${threshold}` },
  // Before what its name ends in too.
  'many-dead-lettered': {
    cloudWatch: true,
    expr: (selector, { threshold }) => `shop_consumer_given_up_messages${selector} >= ${threshold}`,
  },
  'paused-consumers': {
    expr: (_, { threshold }) => `time() - shop_consumer_paused_timestamp_seconds >= ${threshold * SECONDS_PER_HOUR}`,
  },
  'dead-lettered': {
    cloudWatch: true,
    expr: (selector, { threshold }) => `shop_consumer_given_up_messages${selector} >= ${threshold}`,
  },
  'oldest-message': {
    cloudWatch: true,
    expr: (selector, { threshold }) => `shop_queue_oldest_message_age_seconds${selector} >= ${threshold}`,
    minutes: ([datapoints]) => datapoints,
  },
  'late-messages': {
    cloudWatch: true,
    // The metric has five minutes: together it is the quarter of an hour in which a message that is retried has its next attempt.
    expr: (selector, { threshold }) =>
      `max_over_time(shop_consumer_longest_wait_seconds${selector}[10m]) >= ${threshold / 1_000}`,
  },
  'breaker-open': {
    cloudWatch: true,
    expr: (selector) => `shop_circuit_breaker_open${selector} == 1`,
    minutes: ([datapoints]) => datapoints,
  },
  'cannot-start': {
    cloudWatch: true,
    expr: (selector) => `shop_problems${selector.replace('}', ',state="cannot start"}')} == 1`,
  },
  'function-errors': {
    cloudWatch: true,
    // Each value has five minutes.
    expr: (selector, { periods: [datapoints, minutes] }) =>
      `sum_over_time(shop_function_errors${selector}[${minutes}m:5m]) >= ${datapoints}`,
  },
};

/** Alarms, by a pattern of their names, whose metric the exporter does not read: where it asks CloudWatch, it serves their state. */
export const LEFT_TO_CLOUDWATCH: readonly string[] = [
  'sweep-function-errors',
  'sweep-not-running',
  'sweep-dropped-runs',
  'parked-letters-unattended',
  'no-orders',
  'sms-spend',
  'intake-*',
  '*-failed-deliveries*',
  '*-lost-events*',
  '*-lost-messages',
  '*-throttled',
  '*-recursive-invocations',
  '*-endpoint-disabled',
];

/** Returns the patterns that an alarm is left to CloudWatch by. */
export const patternsOf = (name: string): string[] =>
  LEFT_TO_CLOUDWATCH.filter((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name));

const suffixOf = (name: string) => Object.keys(TRANSLATIONS).find((suffix) => `-${name}`.endsWith(`-${suffix}`));

/** Tells whether an alarm is a rule over the exporter's own metrics. */
export const isTranslated = (name: string): boolean => suffixOf(name) !== undefined && patternsOf(name).length === 0;

/** Lists the endings of the names of alarms that are translated. */
export const translatedSuffixes = Object.keys(TRANSLATIONS);

/** Translates an alarm; `undefined` where it is left to CloudWatch, or nobody said how. An alarm of the partner becomes one of every partner. */
export function ruleOf(
  alarm: ShopAlarmProps,
  partner: string,
): { rule: AlertingRule; cloudWatch: boolean } | undefined {
  const suffix = suffixOf(alarm.name);
  const translation = suffix === undefined ? undefined : TRANSLATIONS[suffix];
  if (suffix === undefined || translation === undefined || !isTranslated(alarm.name)) return undefined;
  const consumer = alarm.name.slice(0, -suffix.length).replace(/-$/, '');
  const ofPartner = consumer === partner;
  const { threshold = 1, periods = [1, 1] } = alarm;
  const expr = translation.expr(ofPartner ? '' : `{consumer="${consumer}"}`, { threshold, periods });
  const minutes = translation.minutes?.(periods) ?? 0;
  const text = (sentence: string) =>
    ofPartner ? sentence.replaceAll(new RegExp(`\\b${partner}\\b`, 'g'), '{{ $labels.consumer }}') : sentence;
  const name = ofPartner ? `partner-${suffix}` : alarm.name;
  return {
    cloudWatch: translation.cloudWatch ?? false,
    rule: {
      alert: alertName(name),
      expr: ofPartner ? `${expr} and on (job, instance, consumer) shop_consumer_info{kind="partner"}` : expr,
      ...(minutes > 0 ? { for: `${minutes}m` } : {}),
      labels: { severity: alarm.severity, kind: alarm.kind },
      annotations: {
        summary: text(alarm.cause),
        description: text(`${alarm.impact} Run: npm run ops -- ${alarm.firstCommand}.`),
        runbook: `docs/runbook/${alarm.kind}.md`,
      },
    },
  };
}

/** `payment-dead-letters` → `ShopPaymentDeadLetters` */
const alertName = (name: string): string =>
  ['shop', ...name.split('-')].map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
