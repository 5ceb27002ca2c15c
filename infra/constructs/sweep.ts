import { CfnOutput, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, ProjectionType, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { type EventBus, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { nodeFunction } from './lambda.ts';

const OPEN_ORDERS_INDEX = 'open-orders';

export type SweepProps = { code: Code; orders: Table; bus: EventBus; settings: Settings; removalPolicy: RemovalPolicy };

/** Looks for orders past their deadline every five minutes, in an index that holds undecided orders only. */
export class Sweep extends Construct {
  constructor(scope: Construct, id: string, { code, orders, bus, settings, removalPolicy }: SweepProps) {
    super(scope, id);
    orders.addGlobalSecondaryIndex({
      indexName: OPEN_ORDERS_INDEX,
      partitionKey: { name: 'open', type: AttributeType.STRING },
      sortKey: { name: 'openSince', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    const sweep = nodeFunction(this, {
      description: 'Finds orders that are undecided past their deadline',
      code,
      timeout: Duration.minutes(2),
      environment: {
        EVENT_BUS_NAME: bus.eventBusName,
        TABLE_NAME: orders.tableName,
        OPEN_ORDERS_INDEX,
        ORDER_DEADLINE_SECONDS: String(settings.orderDeadlineHours * 3600),
      },
      logDays: settings.logDays,
      removalPolicy,
    });
    new CfnOutput(Stack.of(this), 'SweepFunctionName', { value: sweep.functionName });
    bus.grantPutEventsTo(sweep);
    sweep.addToRolePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['dynamodb:Query'],
        resources: [`${orders.tableArn}/index/${OPEN_ORDERS_INDEX}`],
      }),
    );
    const missedRuns = new Queue(this, 'DeadLetterQueue', {
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy,
    });
    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(sweep, { deadLetterQueue: missedRuns, retryAttempts: 2 })],
    });
  }
}
