import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Settings } from '../settings.ts';
import type { ShopAlarmProps } from './alarm.ts';
import { businessMetric, MINUTE } from './metrics.ts';

/** Lists the alarms that only the settings can ask for, because no number suits every shop. */
export function shopWideAlarms({
  alarmNoOrdersMinutes,
  alarmSmsSpend,
}: Pick<Settings, 'alarmNoOrdersMinutes' | 'alarmSmsSpend'>): ShopAlarmProps[] {
  return [
    ...(alarmNoOrdersMinutes === 0 ? [] : [noOrdersAlarm(alarmNoOrdersMinutes)]),
    ...(alarmSmsSpend === undefined ? [] : [smsSpendingAlarm(alarmSmsSpend)]),
  ];
}

const noOrdersAlarm = (minutes: number): ShopAlarmProps => ({
  name: 'no-orders',
  kind: 'no-orders',
  severity: 'critical',
  impact: 'Customers may not be able to order at all.',
  cause: `No order was placed for ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`,
  firstCommand: 'status',
  // Counted when the order is recorded, so that it also tells of orders that are published and not handled.
  metric: businessMetric('OrdersPlaced').with({ period: MINUTE }),
  comparison: 'below',
  periods: [minutes, minutes],
});

const smsSpendingAlarm = (dollars: number): ShopAlarmProps => ({
  name: 'sms-spend',
  kind: 'sms-spend',
  severity: 'warning',
  impact: "Customers get no texts any more once the account's spending limit is reached.",
  cause: `The account's texts of this month have cost $${dollars}.`,
  firstCommand: 'status',
  metric: new Metric({
    namespace: 'AWS/SNS',
    metricName: 'SMSMonthToDateSpentUSD',
    statistic: 'Maximum',
    period: Duration.minutes(5),
  }),
  threshold: dollars,
  // Published only while texts are sent.
  ignoreMissingData: true,
});
