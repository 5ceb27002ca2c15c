import { CfnOutput, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type EventBus, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Code, EventSourceMapping, Function as LambdaFunctionConstruct } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { orderDeadlinePassed, orderReconciliationDue, orderReminderDue } from '../../contracts/order.ts';
import { openOrdersIndex } from '../../lambdas/order/open-orders.ts';
import type { Settings } from '../settings.ts';
import { nodeFunction } from './lambda.ts';
import { grantPutEvents } from './put-events.ts';
import type { UsedTable } from './record-table.ts';
import type { ShopKey } from './shop-key.ts';
import { DeadLetterQueue } from './shop-queue.ts';

/** What the sweep puts on the bus, and `audit --repair` in its place. */
export const sweepPublishes = [orderDeadlinePassed, orderReminderDue, orderReconciliationDue];

export type SweepProps = {
  code: Code;
  orders: UsedTable;
  payments: UsedTable;
  reservations: UsedTable;
  notifications: UsedTable;
  shipments: UsedTable;
  bus: EventBus;
  settings: Settings;
  removalPolicy: RemovalPolicy;
  key: ShopKey | undefined;
};

/**
 * Brings every order to its end, every five minutes: finds those past their deadline, those whose customers should be told of a delay, and those
 * of which payment, stock or notification has not heard the decision.
 */
export class Sweep extends Construct {
  readonly function: LambdaFunctionConstruct;
  /** Holds the runs that failed. */
  readonly missedRuns: Queue;

  constructor(scope: Construct, id: string, { code, bus, settings, removalPolicy, key, ...tables }: SweepProps) {
    super(scope, id);
    const { orders, payments, reservations, notifications, shipments } = tables;
    const sweep = nodeFunction(this, {
      description: 'Finds orders that are undecided for too long, or owe something',
      code,
      timeout: 120,
      memory: 512,
      environment: {
        EVENT_BUS_NAME: bus.eventBusName,
        TABLE_NAME: orders.tableName,
        PAYMENTS_TABLE_NAME: payments.tableName,
        RESERVATIONS_TABLE_NAME: reservations.tableName,
        NOTIFICATIONS_TABLE_NAME: notifications.tableName,
        SHIPMENTS_TABLE_NAME: shipments.tableName,
        SETTLE_SECONDS: String(settings.settleSeconds),
        ORDER_DEADLINE_SECONDS: String(settings.orderDeadlineHours * 3600),
        REMINDER_SECONDS: String(settings.reminderHours * 3600),
        PHONE_DAYS: String(settings.phoneDays),
        RECORD_DAYS: String(settings.recordDays),
      },
      settings,
      removalPolicy,
      key,
    });
    new CfnOutput(Stack.of(this), 'SweepFunctionName', { value: sweep.functionName });
    grantPutEvents(bus, sweep, sweepPublishes);
    const allow = (actions: string[], resourceArns: string[]) =>
      Grant.addToPrincipal({ grantee: sweep, actions: actions.map((action) => `dynamodb:${action}`), resourceArns });
    allow(['Query'], [`${orders.tableArn}/index/${openOrdersIndex}`]);
    allow(
      ['BatchGetItem'],
      [orders, payments, reservations, notifications].map(({ tableArn }) => tableArn),
    );
    allow(['Scan'], [payments.tableArn, reservations.tableArn]);
    // It writes where it finds an order, and how far it has come.
    allow(['GetItem', 'PutItem', 'UpdateItem'], [orders.tableArn]);
    // It removes phones whose time is over.
    allow(['PartiQLUpdate'], [notifications.tableArn]);
    if (settings.recordDays > 0) {
      const all = [orders, payments, reservations, notifications, shipments];
      allow(
        ['DeleteItem'],
        all.map(({ tableArn }) => tableArn),
      );
      allow(['ConditionCheckItem'], [orders.tableArn]);
      // What ended orders sold, and what came back of them.
      allow(['PutItem', 'UpdateItem'], [reservations.tableArn]);
    }
    this.function = sweep;
    key?.grantUse(sweep, 'dynamodb', 'Decrypt');
    this.missedRuns = new DeadLetterQueue(this, 'DeadLetterQueue', { removalPolicy, from: 'deliveries' });
    new CfnOutput(Stack.of(this), 'SweepDeadLetterQueueUrl', { value: this.missedRuns.queueUrl });
    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(sweep, { deadLetterQueue: this.missedRuns, retryAttempts: 2 })],
    });
  }

  /** Lets it measure for how long consumers have not taken messages, by their names. */
  watch(mappings: Readonly<Record<string, EventSourceMapping>>): void {
    const ids = Object.entries(mappings).map(([name, { eventSourceMappingId }]) => [name, eventSourceMappingId]);
    this.function.addEnvironment('EVENT_SOURCE_MAPPINGS', Stack.of(this).toJsonString(Object.fromEntries(ids)));
    Grant.addToPrincipal({
      grantee: this.function,
      actions: ['lambda:GetEventSourceMapping'],
      resourceArns: Object.values(mappings).map(({ eventSourceMappingArn }) => eventSourceMappingArn),
    });
  }
}
