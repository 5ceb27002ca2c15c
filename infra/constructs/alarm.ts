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
  | 'lost-messages'
  | 'missed-sweeps'
  | 'paused-consumers'
  | 'recursive-invocations'
  | 'throttled-functions'
  | 'intake';

/** `critical`: orders stop or go wrong until somebody acts, so it wakes somebody. `warning`: it can wait until the morning. */
export type AlarmSeverity = 'critical' | 'warning';

export type ShopAlarmProps = {
  /** Its name after the prefix: `payment-dead-letters`. */
  name: string;
  kind: AlarmKind;
  severity: AlarmSeverity;
  /**
   * Whether it counts dead letters: those that a function gives up now (`made`), or those in the queue, wherever they came from (`lying`).
   * It is then told as one of the letters of the shop, whatever its severity.
   */
  letters?: 'made' | 'lying';
  /** What customers lose, in a sentence. */
  impact: string;
  /** What happened, in a sentence. */
  cause: string;
  /** The `ops` command to run first: `dlq list`. */
  firstCommand: string;
  /** It goes off when this metric reaches the threshold. */
  metric: Metric;
  /** `below`: it goes off when the metric is below the threshold instead, or has no data. @default at-least */
  comparison?: 'at-least' | 'below';
  /** @default 1 */
  threshold?: number;
  /** It goes off when the metric reached the threshold in so many periods, of so many. @default [1, 1] */
  periods?: readonly [number, number];
  /** Whether the alarm keeps its state while the metric has no data; otherwise no data means OK. @default false */
  ignoreMissingData?: boolean;
};

/** What the description of an alarm begins with, which is where `ops alarm list` reads its severity. */
const LABELS: Readonly<Record<AlarmSeverity, string>> = { critical: 'Critical', warning: 'Warning' };

/** An alarm whose description says how soon somebody must act, what customers lose, what happened, which command to run, and where its page is. */
export class ShopAlarm extends Alarm {
  /** What it was made from: Prometheus' rules are generated from the same. */
  readonly props: ShopAlarmProps;

  constructor(scope: Construct, id: string, props: ShopAlarmProps & { prefix: string }) {
    const { kind, severity, impact, cause, firstCommand, threshold = 1, periods = [1, 1] } = props;
    const isBelow = props.comparison === 'below';
    super(scope, id, {
      alarmName: `${props.prefix}-${props.name}`,
      alarmDescription: `${LABELS[severity]}: ${impact} ${cause} Run: npm run ops -- ${firstCommand}. Read: docs/runbook/${kind}.md`,
      metric: props.metric,
      threshold,
      comparisonOperator: isBelow
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: periods[0],
      evaluationPeriods: periods[1],
      treatMissingData: treatmentOf(props),
    });
    this.props = props;
  }
}

function treatmentOf({ comparison, ignoreMissingData }: ShopAlarmProps): TreatMissingData {
  if (comparison === 'below') return TreatMissingData.BREACHING;
  return ignoreMissingData ? TreatMissingData.IGNORE : TreatMissingData.NOT_BREACHING;
}
