import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { AlarmSeverity } from '../alarm-severity.ts';
import type { ShopAlarmProps } from './alarm.ts';
import { consumerMetric, MINUTE } from './metrics.ts';

/** What an alarm says about whom it hurts, and how soon. */
export type Weight = Pick<ShopAlarmProps, 'severity' | 'impact'>;

/**
 * Lists the alarms that every function has, whoever invokes it: it does not start, dies, is throttled, or is taken for a loop. `throttled` is how soon
 * somebody must act where it is refused: what waits in a queue comes again.
 */
export function functionAlarms(
  name: string,
  fn: LambdaFunction,
  weight: Weight,
  throttled: AlarmSeverity = 'warning',
): ShopAlarmProps[] {
  const sum = { period: MINUTE, statistic: 'Sum' };
  return [
    {
      // Counted by the function itself, at its first invocation: no retry mends it.
      name: `${name}-cannot-start`,
      kind: 'function-errors',
      ...weight,
      cause: `The function of ${name} cannot start, because a setting is missing or wrong: its log says which.`,
      firstCommand: 'status',
      metric: consumerMetric(name, 'StartFailed', 'Sum'),
      // One minute is enough; it stays until the messages have been received again without a failure.
      periods: [1, 10],
    },
    {
      name: `${name}-function-errors`,
      kind: 'function-errors',
      ...weight,
      cause: `The function of ${name} cannot be loaded, or dies or runs out of time without saying why.`,
      firstCommand: 'status',
      metric: fn.metricErrors(sum),
      // A single crash costs its batch a retry, nothing else. A lone message comes back after three minutes.
      periods: [3, 10],
    },
    {
      // Lambda stops a chain of messages that came through the same function 16 times: no log line says so, and the messages are tried
      // again in vain for two days (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
      name: `${name}-recursive-invocations`,
      kind: 'recursive-invocations',
      severity: 'warning',
      impact: `For the orders concerned: ${weight.impact}`,
      cause: `Lambda takes messages of ${name} for an endless loop and no longer invokes its function with them.`,
      firstCommand: 'status',
      metric: fn.metric('RecursiveInvocationsDropped', sum),
    },
    throttledAlarm(name, fn, { severity: throttled, impact: weight.impact }),
  ];
}

function throttledAlarm(name: string, fn: LambdaFunction, weight: Weight): ShopAlarmProps {
  return {
    name: `${name}-throttled`,
    kind: 'throttled-functions',
    ...weight,
    cause: `Lambda refuses to run the function of ${name}, because the concurrency of the account, or its own, is used up.`,
    firstCommand: 'status',
    metric: fn.metricThrottles({ period: MINUTE, statistic: 'Sum' }),
    // A moment of it is a burst, of which nothing is lost.
    periods: [3, 10],
  };
}

/** A scheduled function that has not run for so long has missed its schedule. */
const MISSED = Duration.minutes(15);

/** Lists the alarms of a function that runs every five minutes: it has not run at all, or Lambda gave up a run after its retries. */
export function scheduleAlarms(name: string, fn: LambdaFunction, weight: Weight): ShopAlarmProps[] {
  const fiveMinutes = { period: Duration.minutes(5), statistic: 'Sum' };
  const runs = MISSED.toMinutes() / fiveMinutes.period.toMinutes();
  return [
    {
      name: `${name}-not-running`,
      kind: 'missed-sweeps',
      ...weight,
      cause: `The ${name} has not run for ${MISSED.toMinutes()} minutes; in a new deployment it is before its first run.`,
      firstCommand: 'verify',
      metric: fn.metricInvocations(fiveMinutes),
      comparison: 'below',
      periods: [runs, runs],
    },
    {
      name: `${name}-dropped-runs`,
      kind: 'missed-sweeps',
      severity: 'warning',
      impact: weight.impact,
      cause: `A run of the ${name} failed, its retries too, and Lambda dropped it.`,
      firstCommand: 'logs sweep',
      metric: fn.metric('AsyncEventsDropped', fiveMinutes),
    },
  ];
}
