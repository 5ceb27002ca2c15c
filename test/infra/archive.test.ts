import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import type { Channel } from '../../contracts/cloud-event.ts';
import { customCatalog } from '../../contracts/custom/catalog.ts';
import { probeTypeOf } from '../../lambdas/runtime/probe.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const template = synthesise({ archiveDays: '7' });
const archive = template.consumer('archive');
const on = (wanted: Channel) => catalog.filter(({ channel }) => channel === wanted).map(({ type }) => type);
const bucketOf = ({ resources }: typeof template) => {
  const [bucket, ...others] = resources('AWS::S3::Bucket');
  if (bucket === undefined || others.length > 0) throw new Error('There is not one bucket');
  return bucket;
};

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
          FilterPolicy: { type: [...on(channel), probeTypeOf('archive', on(channel))] },
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
    const ofOwnEvents = customCatalog.flatMap(({ source, sentBy }) => (sentBy === 'stack' && source ? [source] : []));
    expect(own.EventPattern.$or[0]).toEqual({
      'detail-type': types,
      source: [
        ...new Set([
          '/shop/order',
          '/shop/sweep',
          '/shop/payment',
          '/shop/stock',
          '/shop/notification',
          ...ofOwnEvents,
        ]),
      ],
    });
    // What is archived is replayed: a reporter's detail is checked here as on its way to the consumer.
    const fromReporter = { source: ['/shop/payments'], type: ['shop.payment.received.v1'] };
    expect(reported.EventPattern.$or[0]).toEqual({
      'detail-type': fromReporter.type,
      source: fromReporter.source,
      detail: fromReporter,
    });
    expect(archive.rules).toHaveLength(2);
    for (const { Targets } of [own, reported])
      expect(Targets).toMatchObject([{ InputPath: '$.detail', DeadLetterConfig: { Arn: expect.anything() } }]);
  });

  test('keeps events for the configured days, and can only add to its bucket', () => {
    const bucket = bucketOf(template);
    const [all, ...ofRewritten] = bucket.properties.LifecycleConfiguration.Rules;
    expect(all).toEqual({ ExpirationInDays: 7, Status: 'Enabled' });
    expect(ofRewritten).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((days) => ({
        ...{ ExpirationInDays: days, Status: 'Enabled' },
        TagFilters: [{ Key: 'days-left', Value: String(days) }],
      })),
    );
    expect(template.outputs).toContain('ArchiveDays');
    expect(bucket.properties).not.toHaveProperty('VersioningConfiguration');
    expect(archive.function.properties.Environment.Variables.BUCKET_NAME).toEqual({ Ref: bucket.id });
    const statements = archive.role.properties.PolicyDocument.Statement;
    // biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
    const archiveStatements = statements.filter((one: any) => JSON.stringify(one.Resource).includes(`"${bucket.id}"`));
    expect(archiveStatements.flatMap(actionsOf)).toEqual(['s3:PutObject']);
  });

  test('has a bucket that is closed to the public and to other accounts, and accepts TLS only', () => {
    const bucket = bucketOf(template);
    expect(Object.values(bucket.properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(bucket.properties.OwnershipControls.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    const [policy] = synthesise({ stage: 'prod' }).resources('AWS::S3::BucketPolicy');
    expect(policy?.properties.PolicyDocument.Statement).toMatchObject([
      { Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
  });

  test.each([
    ['customer', { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
    ['aws', { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
  ])('has a bucket that is encrypted with encryption=%s as the other resources are', (encryption, rule) => {
    const { properties } = bucketOf(synthesise({ encryption }));
    expect(properties.BucketEncryption.ServerSideEncryptionConfiguration).toMatchObject([rule]);
  });

  test.each([
    ['prod', 'RetainExceptOnCreate', false],
    ['dev', 'Delete', true],
    // An engine forgets its buckets when it stops.
    ['local', 'Delete', false],
  ])('has in %s a bucket whose deletion policy is %s (emptied before: %s)', (stage, policy, emptied) => {
    const shop = synthesise({ stage });
    expect(bucketOf(shop).deletionPolicy).toBe(policy);
    expect(shop.types.includes('Custom::S3AutoDeleteObjects')).toBe(emptied);
  });

  test.each([
    ['prod', 60],
    ['local', 1],
  ])('waits in %s for up to %i seconds, so that many messages share an object', (stage, window) => {
    const { mapping, queue, function: fn } = synthesise({ stage }).consumer('archive');
    expect(mapping.properties).toMatchObject({
      BatchSize: 1_000,
      MaximumBatchingWindowInSeconds: window,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(queue.properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * fn.properties.Timeout + window);
  });
});
