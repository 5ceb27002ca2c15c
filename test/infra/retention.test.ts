import { expect, test } from 'vitest';
import { OUTSIDE } from '../../infra/permissions-page.ts';
import { TOMBSTONE_DAYS } from '../../lambdas/runtime/tombstone.ts';
import { synthesise } from '../builders/template.ts';

// biome-ignore lint/suspicious/noExplicitAny: a template is plain JSON
type Json = any;

const { resources, types } = synthesise({ ...OUTSIDE, archiveDays: 7, logDays: 14 });

const valuesOf = (type: string, daysOf: (properties: Json) => unknown) =>
  resources(type).map(({ id, properties }) => [id, daysOf(properties)]);

/** Kinds that keep what passes through them. docs/privacy.md has a line for each; tables end their records by themselves, or say why not. */
const ENDS: Record<string, (properties: Json) => boolean> = {
  'AWS::SQS::Queue': ({ MessageRetentionPeriod }) => MessageRetentionPeriod <= 14 * 86_400,
  'AWS::S3::Bucket': ({ LifecycleConfiguration, VersioningConfiguration }) =>
    VersioningConfiguration === undefined && LifecycleConfiguration?.Rules[0].ExpirationInDays === 7,
  'AWS::Events::Archive': ({ RetentionDays }) => RetentionDays === 7,
  'AWS::Logs::LogGroup': ({ RetentionInDays }) => RetentionInDays === 14,
};

test.each(Object.entries(ENDS))(
  'Every %s ends what it keeps, by the setting that docs/privacy.md names',
  (type, ends) => {
    const found = valuesOf(type, ends);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter(([, isEnded]) => isEnded !== true)).toEqual([]);
  },
);

test('A topic keeps nothing, and logs no number that is texted', () => {
  for (const { properties } of resources('AWS::SNS::Topic')) expect(properties).not.toHaveProperty('ArchivePolicy');
  expect(JSON.stringify(types.map((type) => resources(type)))).not.toContain('DeliveryStatusLogging');
  expect(JSON.stringify(resources('AWS::SNS::Topic'))).not.toContain('FeedbackRoleArn');
});

test('A cancellation is remembered for longer than a message of its order may be kept', () => {
  const longest = Math.max(...resources('AWS::SQS::Queue').map(({ properties }) => properties.MessageRetentionPeriod));
  expect(TOMBSTONE_DAYS * 86_400).toBeGreaterThan(longest + 90 * 86_400);
});
