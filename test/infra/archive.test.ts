import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import type { Channel } from '../../contracts/cloud-event.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const template = synthesise({ archiveDays: '7' });
const archive = template.consumer('archive');
const on = (wanted: Channel) => catalog.filter(({ channel }) => channel === wanted).map(({ type }) => type);
const [table] = template.resources('AWS::DynamoDB::Table').filter(({ id }) => id.startsWith('ArchiveTable'));

describe('The archive', () => {
  test.each([
    ['topic', 'OrdersTopicArn', 'ArchiveDeadLetterQueue', undefined],
    // A FIFO topic can dead-letter to a FIFO queue only.
    ['lifecycle', 'OrderLifecycleTopicArn', 'ArchiveUndeliveredSteps', true],
  ] as const)(
    'receives every event of the %s channel without an envelope, filtered by type',
    (channel, output, dead, fifo) => {
      const topic = template.outputValue(output).Ref;
      const found = archive.subscriptions.filter(({ properties }) => properties.TopicArn.Ref === topic);
      expect(found.map(({ properties }) => properties)).toMatchObject([
        {
          RawMessageDelivery: true,
          FilterPolicyScope: 'MessageBody',
          FilterPolicy: { type: on(channel) },
          RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [expect.stringMatching(`^${dead}`), 'Arn'] } },
        },
      ]);
      const [queue] = template.resources('AWS::SQS::Queue').filter(({ id }) => id.startsWith(dead));
      expect(queue?.properties.FifoQueue).toBe(fifo);
    },
  );

  test('receives every event of the bus from the publishers in the contracts', () => {
    const [own, reported] = archive.rules.map(({ properties }) => properties);
    const types = on('bus').filter((type) => type !== 'shop.payment.received.v1');
    expect(own.EventPattern).toEqual({
      'detail-type': types,
      source: ['/shop/order', '/shop/sweep', '/shop/payment', '/shop/stock', '/shop/notification'],
    });
    // What is archived is replayed: a reporter's detail is checked here as on its way to the consumer.
    const fromReporter = { source: ['/shop/payments'], type: ['shop.payment.received.v1'] };
    expect(reported.EventPattern).toEqual({
      'detail-type': fromReporter.type,
      source: fromReporter.source,
      detail: fromReporter,
    });
    expect(archive.rules).toHaveLength(2);
    for (const { Targets } of [own, reported])
      expect(Targets).toMatchObject([{ InputPath: '$.detail', DeadLetterConfig: { Arn: expect.anything() } }]);
  });

  test('keeps events for the configured days and can only write to its table', () => {
    expect(archive.function.properties.Environment.Variables.ARCHIVE_DAYS).toBe('7');
    expect(table?.properties.TimeToLiveSpecification).toEqual({ AttributeName: 'expires', Enabled: true });
    const statements = archive.role.properties.PolicyDocument.Statement;
    // biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
    const archiveStatements = statements.filter((one: any) => JSON.stringify(one.Resource).includes(`"${table?.id}"`));
    expect(archiveStatements.flatMap(actionsOf)).toEqual(['dynamodb:BatchWriteItem']);
  });

  test.each([
    ['prod', 60],
    ['local', 1],
  ])('waits in %s for up to %i seconds, so that many messages share an item', (stage, window) => {
    const { mapping, queue, function: fn } = synthesise({ stage }).consumer('archive');
    expect(mapping.properties).toMatchObject({
      BatchSize: 1_000,
      MaximumBatchingWindowInSeconds: window,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(queue.properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * fn.properties.Timeout + window);
  });
});
