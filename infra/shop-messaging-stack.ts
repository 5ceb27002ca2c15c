import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Topic, TracingConfig } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { bundleFunctions } from './bundle.ts';
import { Archive } from './constructs/archive.ts';
import { archiveBus } from './constructs/bus-archive.ts';
import { Consumer } from './constructs/consumer.ts';
import { CustomerKey } from './constructs/customer-key.ts';
import { Intake } from './constructs/intake.ts';
import { LifecycleTopic } from './constructs/lifecycle-topic.ts';
import { Monitoring } from './constructs/monitoring.ts';
import { OperatorPolicies } from './constructs/operator-policies.ts';
import { ParkedLetters } from './constructs/parked-letters.ts';
import { Partner } from './constructs/partner.ts';
import { Publishers } from './constructs/publishers.ts';
import { RecordTables } from './constructs/record-table.ts';
import { shopKey } from './constructs/shop-key.ts';
import { Sweep } from './constructs/sweep.ts';
import { allowTopicTracing } from './constructs/tracing.ts';
import { functionEntries } from './entries.ts';
import { constructIdOf, partnerIdOf } from './names.ts';
import { type Route, recordsOf } from './route.ts';
import type { ConsumerName } from './routing.ts';
import { hasIntake, type Settings } from './settings.ts';
import { routesOf } from './webhooks.ts';

/** The whole messaging backbone: a topic and a bus, the consumers in `routing.ts`, the partners of the settings, the archive, the sweep and the monitoring. */
export class ShopMessagingStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props: StackProps = {}) {
    const isUndeletable = settings.isProtected && !settings.firstDeployment;
    super(scope, id, { ...props, terminationProtection: isUndeletable });
    // What is deployed can be compared with what is about to be: `npm run deploy` says what changes.
    this.templateOptions.metadata = { Settings: settings };
    // What is kept is not kept by the deployment that creates it: one that fails leaves nothing behind, and can be repeated.
    const removalPolicy = settings.isProtected ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
    const key = shopKey(this, 'Key', { settings, removalPolicy });

    const topicProps = {
      enforceSSL: true,
      ...(settings.tracing ? { tracingConfig: TracingConfig.ACTIVE } : {}),
      ...(key ? { masterKey: key.key } : {}),
    };
    const topic =
      settings.ordersTopicArn === undefined
        ? new Topic(this, 'Orders', topicProps)
        : Topic.fromTopicArn(this, 'Orders', settings.ordersTopicArn);
    const lifecycle = new LifecycleTopic(this, 'OrderLifecycle', topicProps);
    if (settings.tracing) allowTopicTracing(this, [topic, lifecycle]);
    const bus = new EventBus(this, 'Bus', { eventBusName: settings.name });
    if (settings.busArchive) archiveBus(bus, settings);

    const entries = functionEntries(settings);
    const code = bundleFunctions(Object.keys(entries), entries);
    const tables = new RecordTables(this, {
      removalPolicy,
      deletionProtection: isUndeletable,
      encryptionKey: key,
      restoredTables: settings.restoredTables,
    });
    const customerKey = new CustomerKey(this, 'CustomerKey', { removalPolicy });
    const shared = { topic, bus, lifecycle, settings, removalPolicy, key };
    const consumer = ([name, route]: [string, Route]) =>
      new Consumer(this, constructIdOf(name), { name, route, code: code(name), tables, customerKey, ...shared });
    const consumers = Object.fromEntries(routesOf(settings).map((route) => [route[0], consumer(route)])) as Record<
      ConsumerName,
      Consumer
    >;
    const sweep = new Sweep(this, 'Sweep', {
      code: code('sweep'),
      orders: tables.for(recordsOf('Orders')),
      payments: tables.for(recordsOf('Payments')),
      reservations: tables.for(recordsOf('Reservations')),
      notifications: tables.for(recordsOf('Notifications')),
      shipments: tables.for(recordsOf('Shipments')),
      ...shared,
    });
    const archive = new Archive(this, 'Archive', { code: code('archive'), ...shared });
    const mappings = Object.values(consumers).map(({ name, mapping }) => [name, mapping] as const);
    sweep.watch({ ...Object.fromEntries(mappings), archive: archive.mapping });
    const partners = Object.entries(settings.partners).map(
      ([name, partner]) => new Partner(this, partnerIdOf(name), { name, partner, ...shared }),
    );
    new ParkedLetters(this, 'ParkedLetters', {
      sweep: sweep.function,
      deadLetterQueues: [...Object.values(consumers), archive, ...partners].map((one) => one.deadLetterQueue),
      ...shared,
    });
    const intake = hasIntake(settings)
      ? new Intake(this, 'Intake', { code: code('intake'), tables, ...shared })
      : undefined;

    // The publishers of a topic that exists have the use of its key already, if it has one.
    const topicKey = settings.ordersTopicArn === undefined ? key : undefined;
    new Publishers(this, 'Publishers', { orders: topic, lifecycle, bus, key: topicKey, settings });
    new OperatorPolicies(this, 'Operator', { consumers, archive, tables, orders: topic, ...shared });
    const monitored = { consumers, partners, sweep, archive, intake, orders: topic, lifecycle, bus };
    new Monitoring(this, 'Monitoring', { ...monitored, settings, key });
    new CfnOutput(this, 'OrdersTopicArn', { value: topic.topicArn });
    new CfnOutput(this, 'OrderLifecycleTopicArn', { value: lifecycle.topicArn });
    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName });
  }
}
