import { CfnOutput, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, ProjectionType, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { type EventBus, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Code, Function as LambdaFunctionConstruct } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { openOrdersIndex } from '../../lambdas/order/open-orders.ts';
import type { Settings } from '../settings.ts';
import { nodeFunction } from './lambda.ts';
import type { ShopKey } from './shop-key.ts';
import { DeadLetterQueue } from './shop-queue.ts';

export type SweepProps = {
  code: Code;
  orders: Table;
  bus: EventBus;
  settings: Settings;
  removalPolicy: RemovalPolicy;
  key: ShopKey | undefined;
};

/**
 * Finds orders past their deadline, and those whose customers should be told of a delay, every five minutes, through an index
 * that holds undecided orders only.
 */
export class Sweep extends Construct {
  readonly function: LambdaFunctionConstruct;
  /** Holds the runs that failed. */
  readonly missedRuns: Queue;

  constructor(scope: Construct, id: string, { code, orders, bus, settings, removalPolicy, key }: SweepProps) {
    super(scope, id);
    orders.addGlobalSecondaryIndex({
      indexName: openOrdersIndex,
      partitionKey: { name: 'open', type: AttributeType.STRING },
      sortKey: { name: 'openSince', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    const sweep = nodeFunction(this, {
      description: 'Finds orders that are undecided for too long',
      code,
      timeout: Duration.minutes(2),
      environment: {
        EVENT_BUS_NAME: bus.eventBusName,
        TABLE_NAME: orders.tableName,
        OPEN_ORDERS_INDEX: openOrdersIndex,
        ORDER_DEADLINE_SECONDS: String(settings.orderDeadlineHours * 3600),
        REMINDER_SECONDS: String(settings.reminderHours * 3600),
      },
      logDays: settings.logDays,
      removalPolicy,
      key,
    });
    new CfnOutput(Stack.of(this), 'SweepFunctionName', { value: sweep.functionName });
    bus.grantPutEventsTo(sweep);
    sweep.addToRolePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['dynamodb:Query'],
        resources: [`${orders.tableArn}/index/${openOrdersIndex}`],
      }),
    );
    this.function = sweep;
    key?.grantUse(sweep, 'dynamodb', 'Decrypt');
    this.missedRuns = new DeadLetterQueue(this, 'DeadLetterQueue', { key, removalPolicy });
    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(sweep, { deadLetterQueue: this.missedRuns, retryAttempts: 2 })],
    });
  }
}
