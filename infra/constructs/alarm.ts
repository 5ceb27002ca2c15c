import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { type AlarmSeverity, SEVERITY_LABELS } from '../alarm-severity.ts';

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
  | 'intake'
  | 'no-orders'
  | 'sms-spend'
  | 'shop-ill';

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

type Described = Pick<ShopAlarmProps, 'kind' | 'severity' | 'impact' | 'cause' | 'firstCommand'>;

/** Writes the description of an alarm, which is all that whoever is called at night reads. */
export const describeAlarm = ({ kind, severity, impact, cause, firstCommand }: Described): string =>
  `${SEVERITY_LABELS[severity]}${impact} ${cause} Run: npm run ops -- ${firstCommand}. Read: docs/runbook/${kind}.md`;

/** An alarm whose description says how soon somebody must act, what customers lose, what happened, which command to run, and where its page is. */
export class ShopAlarm extends Alarm {
  /** What it was made from: Prometheus' rules are generated from the same. */
  readonly props: ShopAlarmProps;

  constructor(scope: Construct, id: string, props: ShopAlarmProps & { prefix: string }) {
    const { threshold = 1, periods = [1, 1] } = props;
    const isBelow = props.comparison === 'below';
    super(scope, id, {
      alarmName: `${props.prefix}-${props.name}`,
      alarmDescription: describeAlarm(props),
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
