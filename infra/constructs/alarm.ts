import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/** What an alarm is about; for each there is a page `docs/runbook/<about>.md`. */
export type AlarmKind =
  | 'dead-letters'
  | 'oldest-message'
  | 'late-messages'
  | 'breaker-open'
  | 'failed-deliveries'
  | 'function-errors';

export type ShopAlarmProps = {
  /** What it is called after the prefix: `payment-dead-letters`. */
  name: string;
  kind: AlarmKind;
  /** What a customer feels, in a sentence. */
  impact: string;
  /** What happened, in a sentence. */
  cause: string;
  /** The first thing to run, as `ops` takes it: `dlq list`. */
  firstCommand: string;
  /** It goes off when this reaches the threshold. */
  metric: Metric;
  /** @default 1 */
  threshold?: number;
  /** It goes off when so many periods, of that many, reached the threshold. @default [1, 1] */
  periods?: readonly [number, number];
  /** Whether the alarm stays as it is while there are no figures; otherwise no figures mean that all is well. @default false */
  ignoreMissingData?: boolean;
};

/** An alarm that says what a customer feels, what happened, which command to run, and where its page is. */
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
