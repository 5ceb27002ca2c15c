import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Effect, Grant, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FifoThroughputScope, Topic, TracingConfig } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { catalog } from '../contracts/catalog.ts';
import { sourcesOf } from '../contracts/cloud-event.ts';
import { bundleFunctions } from './bundle.ts';
import { Archive } from './constructs/archive.ts';
import { Consumer } from './constructs/consumer.ts';
import { Monitoring } from './constructs/monitoring.ts';
import { connectPaymentGateway, paymentHandler } from './constructs/payment-gateway.ts';
import { Publishers } from './constructs/publishers.ts';
import { recordTable } from './constructs/record-table.ts';
import { ShopKey } from './constructs/shop-key.ts';
import { Sweep } from './constructs/sweep.ts';
import { allowTopicTracing } from './constructs/tracing.ts';
import { constructIdOf } from './names.ts';
import { type ConsumerName, routing } from './routing.ts';
import type { Settings } from './settings.ts';

// What a record needs: `lambdas/runtime/records.ts` reads in batches and writes with PartiQL, or puts a single new one.
const RECORD_ACTIONS = ['BatchGetItem', 'PutItem', 'PartiQLInsert', 'PartiQLUpdate'].map((name) => `dynamodb:${name}`);

/** The whole messaging backbone: a topic and a bus, the consumers behind them, and what they keep. */
export class ShopMessagingStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props: StackProps = {}) {
    super(scope, id, { ...props, terminationProtection: settings.stage === 'prod' });
    const removalPolicy = settings.stage === 'prod' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    const key = settings.encryption === 'customer' ? new ShopKey(this, 'Key', { removalPolicy }) : undefined;
    const topicProps = { enforceSSL: true, tracingConfig: TracingConfig.ACTIVE, ...(key ? { masterKey: key } : {}) };
    const topic = new Topic(this, 'Orders', topicProps);
    const lifecycle = new Topic(this, 'OrderLifecycle', {
      fifo: true,
      fifoThroughputScope: FifoThroughputScope.MESSAGE_GROUP,
      ...topicProps,
    });
    allowTopicTracing(this, [topic, lifecycle]);
    const bus = new EventBus(this, 'Bus', { eventBusName: `${this.stackName}-${settings.stage}` });
    bus.archive('Archive', {
      eventPattern: { source: sourcesOf(catalog) },
      retention: Duration.days(settings.archiveDays),
    });

    const kept = { removalPolicy, encryption: key };
    const orders = recordTable(this, 'OrdersTable', { key: 'orderId', ...kept, output: 'OrdersTableName' });
    const payments = recordTable(this, 'PaymentsTable', { key: 'orderId', ...kept, output: 'PaymentsTableName' });
    const shelves = recordTable(this, 'StockTable', { key: 'sku', ...kept, output: 'StockTableName' });
    const reservations = recordTable(this, 'ReservationsTable', { key: 'orderId', ...kept });
    const texts = recordTable(this, 'NotificationsTable', {
      key: 'orderId',
      ...kept,
      output: 'NotificationsTableName',
    });
    const shipments = recordTable(this, 'ShipmentsTable', {
      key: 'orderId',
      ...kept,
      output: 'ShipmentsTableName',
    });

    const code = bundleFunctions([...Object.keys(routing), 'sweep', 'archive'], { payment: paymentHandler(settings) });
    const consumer = (name: ConsumerName) =>
      new Consumer(this, constructIdOf(name), {
        name,
        code: code(name),
        route: routing[name],
        topic,
        bus,
        lifecycle,
        concurrency: settings.consumerConcurrency,
        batch: { size: settings.batchSize, windowSeconds: settings.batchWindowSeconds },
        logDays: settings.logDays,
        removalPolicy,
        key,
      });
    const consumers = Object.fromEntries(
      Object.keys(routing).map((name) => [name, consumer(name as ConsumerName)]),
    ) as Record<ConsumerName, Consumer>;

    const { order, outcomes, payment, stock, notification, shipping } = consumers;
    for (const decider of [order, outcomes]) {
      decider.grantTable('TABLE_NAME', orders, ...RECORD_ACTIONS);
      decider.function.addEnvironment('LIFECYCLE_TOPIC_ARN', lifecycle.topicArn);
      Grant.addToPrincipal({ grantee: decider.function, actions: ['sns:Publish'], resourceArns: [lifecycle.topicArn] });
      key?.grantUse(decider.function, 'sns', 'Decrypt', 'GenerateDataKey');
    }
    shipping.grantTable('TABLE_NAME', shipments, ...RECORD_ACTIONS);
    const sweep = new Sweep(this, 'Sweep', { code: code('sweep'), orders, bus, settings, removalPolicy, key });
    payment.grantTable('TABLE_NAME', payments, ...RECORD_ACTIONS);
    connectPaymentGateway(this, payment, settings, kept);
    stock.grantTable('TABLE_NAME', shelves, 'dynamodb:UpdateItem');
    stock.grantTable(
      'RESERVATIONS_TABLE_NAME',
      reservations,
      'dynamodb:BatchGetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
    );
    // The limit per number is counted in place.
    const counting = settings.sms.perDay > 0 ? ['dynamodb:UpdateItem'] : [];
    notification.grantTable('TABLE_NAME', texts, ...RECORD_ACTIONS, ...counting);
    notification.function.addEnvironment('TEXT_WHEN_PLACED', String(settings.textWhenPlaced));
    notification.function.addEnvironment('SMS_SETTINGS', JSON.stringify(settings.sms));
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
      key,
    });
    new Publishers(this, 'Publishers', { orders: topic, lifecycle, bus, settings });
    new Monitoring(this, 'Monitoring', { consumers, sweep, archive, orders: topic, lifecycle, bus, settings, key });
    new CfnOutput(this, 'OrdersTopicArn', { value: topic.topicArn });
    new CfnOutput(this, 'OrderLifecycleTopicArn', { value: lifecycle.topicArn });
    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName });
  }
}
