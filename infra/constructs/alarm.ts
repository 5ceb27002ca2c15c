import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/** The kind of an alarm; each has a page `docs/runbook/<kind>.md`. */
export type AlarmKind =
  | 'dead-letters'
  | 'oldest-message'
  | 'late-messages'
  | 'breaker-open'
  | 'webhook-disabled'
  | 'failed-deliveries'
  | 'function-errors'
  | 'recursive-invocations'
  | 'intake';

export type ShopAlarmProps = {
  /** Its name after the prefix: `payment-dead-letters`. */
  name: string;
  kind: AlarmKind;
  /** What customers lose, in a sentence. */
  impact: string;
  /** What happened, in a sentence. */
  cause: string;
  /** The `ops` command to run first: `dlq list`. */
  firstCommand: string;
  /** It goes off when this metric reaches the threshold. */
  metric: Metric;
  /** @default 1 */
  threshold?: number;
  /** It goes off when the metric reached the threshold in so many periods, of so many. @default [1, 1] */
  periods?: readonly [number, number];
  /** Whether the alarm keeps its state while the metric has no data; otherwise no data means OK. @default false */
  ignoreMissingData?: boolean;
};

/** An alarm whose description says what customers lose, what happened, which command to run, and where its page is. */
export class ShopAlarm extends Alarm {
  constructor(scope: Construct, id: string, props: ShopAlarmProps & { prefix: string }) {
    const { kind, impact, cause, firstCommand, threshold = 1, periods = [1, 1] } = props;
    super(scope, id, {
      alarmName: `${props.prefix}-${props.name}`,
      alarmDescription: `${impact} ${cause} Run: npm run ops -- ${firstCommand}. Read: docs/runbook/${kind}.md`,
      metric: props.metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: periods[0],
      evaluationPeriods: periods[1],
      treatMissingData: props.ignoreMissingData ? TreatMissingData.IGNORE : TreatMissingData.NOT_BREACHING,
    });
  }
}
