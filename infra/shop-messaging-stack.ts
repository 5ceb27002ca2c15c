import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FifoThroughputScope, Topic, TracingConfig } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { catalog } from '../contracts/catalog.ts';
import { sourcesOf } from '../contracts/cloud-event.ts';
import { bundle } from './bundle.ts';
import { Archive } from './constructs/archive.ts';
import { Consumer } from './constructs/consumer.ts';
import { Monitoring } from './constructs/monitoring.ts';
import { Publishers } from './constructs/publishers.ts';
import { recordTable } from './constructs/record-table.ts';
import { Sweep } from './constructs/sweep.ts';
import { letTopicsReport } from './constructs/tracing.ts';
import { type ConsumerName, routing } from './routing.ts';
import type { Settings } from './settings.ts';

// What a record needs: `lambdas/runtime/records.ts` reads in batches and writes with PartiQL, or puts a single new one.
const RECORD_ACTIONS = ['BatchGetItem', 'PutItem', 'PartiQLInsert', 'PartiQLUpdate'].map((name) => `dynamodb:${name}`);

/** The whole messaging backbone: a topic and a bus, the consumers behind them, and what they keep. */
export class ShopMessagingStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props: StackProps = {}) {
    super(scope, id, { ...props, terminationProtection: settings.stage === 'prod' });
    const removalPolicy = settings.stage === 'prod' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    const topic = new Topic(this, 'Orders', { enforceSSL: true, tracingConfig: TracingConfig.ACTIVE });
    const lifecycle = new Topic(this, 'OrderLifecycle', {
      fifo: true,
      fifoThroughputScope: FifoThroughputScope.MESSAGE_GROUP,
      enforceSSL: true,
      tracingConfig: TracingConfig.ACTIVE,
    });
    letTopicsReport(this, [topic, lifecycle]);
    const bus = new EventBus(this, 'Bus', { eventBusName: `${this.stackName}-${settings.stage}` });
    bus.archive('Archive', {
      eventPattern: { source: sourcesOf(catalog) },
      retention: Duration.days(settings.archiveDays),
    });

    const orders = recordTable(this, 'OrdersTable', { key: 'orderId', removalPolicy, output: 'OrdersTableName' });
    const payments = recordTable(this, 'PaymentsTable', { key: 'orderId', removalPolicy, output: 'PaymentsTableName' });
    const shelves = recordTable(this, 'StockTable', { key: 'sku', removalPolicy, output: 'StockTableName' });
    const reservations = recordTable(this, 'ReservationsTable', { key: 'orderId', removalPolicy });
    const texts = recordTable(this, 'NotificationsTable', {
      key: 'orderId',
      removalPolicy,
      output: 'NotificationsTableName',
    });
    const shipments = recordTable(this, 'ShipmentsTable', {
      key: 'orderId',
      removalPolicy,
      output: 'ShipmentsTableName',
    });
    const sandbox = recordTable(this, 'SandboxGatewayTable', {
      key: 'orderId',
      sortKey: 'entry',
      removalPolicy,
      output: 'SandboxGatewayTableName',
    });

    const code = bundle([...Object.keys(routing), 'sweep', 'archive']);
    const consumer = (name: ConsumerName) =>
      new Consumer(this, `${name.charAt(0).toUpperCase()}${name.slice(1)}`, {
        name,
        code: code(name),
        route: routing[name],
        topic,
        bus,
        lifecycle,
        concurrency: settings.consumerConcurrency,
        logDays: settings.logDays,
        removalPolicy,
      });
    const consumers = Object.fromEntries(
      Object.keys(routing).map((name) => [name, consumer(name as ConsumerName)]),
    ) as Record<ConsumerName, Consumer>;

    const { order, payment, stock, notification, shipping } = consumers;
    order.keeps('TABLE_NAME', orders, ...RECORD_ACTIONS);
    order.function.addEnvironment('LIFECYCLE_TOPIC_ARN', lifecycle.topicArn);
    lifecycle.grantPublish(order.function);
    shipping.keeps('TABLE_NAME', shipments, ...RECORD_ACTIONS);
    const sweep = new Sweep(this, 'Sweep', { code: code('sweep'), orders, bus, settings, removalPolicy });
    payment.keeps('TABLE_NAME', payments, ...RECORD_ACTIONS);
    payment.keeps('SANDBOX_GATEWAY_TABLE_NAME', sandbox, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query');
    stock.keeps('TABLE_NAME', shelves, 'dynamodb:UpdateItem');
    stock.keeps(
      'RESERVATIONS_TABLE_NAME',
      reservations,
      'dynamodb:BatchGetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
    );
    notification.keeps('TABLE_NAME', texts, ...RECORD_ACTIONS);
    notification.function.addEnvironment('TEXT_WHEN_PLACED', String(settings.textWhenPlaced));
    notification.function.addToRolePolicy(
      // A text goes to a number, which has no ARN: everything but topics.
      new PolicyStatement({ effect: Effect.ALLOW, actions: ['sns:Publish'], notResources: ['arn:aws:sns:*:*:*'] }),
    );

    const archive = new Archive(this, 'Archive', {
      code: code('archive'),
      topic,
      lifecycle,
      bus,
      settings,
      removalPolicy,
    });
    new Publishers(this, 'Publishers', { orders: topic, lifecycle, bus, settings });
    new Monitoring(this, 'Monitoring', { consumers, sweep, archive, orders: topic, lifecycle, bus, settings });
    new CfnOutput(this, 'OrdersTopicArn', { value: topic.topicArn });
    new CfnOutput(this, 'OrderLifecycleTopicArn', { value: lifecycle.topicArn });
    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName });
  }
}
