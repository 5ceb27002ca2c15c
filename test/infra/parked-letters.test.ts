import { expect, test } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const template = synthesise();
const idOf = (output: string): string => template.outputValue(output).Ref;
const resource = (type: string, id: string, { resources } = template) => resources(type).find((one) => one.id === id);
const parking = idOf('ParkedLettersQueueUrl');

test('The parking queue keeps a letter for 14 days, encrypted as dead-letter queues are, and takes no queue’s dead letters', () => {
  const queue = resource('AWS::SQS::Queue', parking)?.properties;
  const { Tags: _, ...settings } = queue;
  expect(settings).toEqual({
    MessageRetentionPeriod: 14 * 86_400,
    RedriveAllowPolicy: { redrivePermission: 'denyAll' },
    SqsManagedSseEnabled: true,
  });
});

test('The parking queue accepts TLS only, and allows nobody by its policy', () => {
  const statements = template
    .resources('AWS::SQS::QueuePolicy')
    .filter(({ properties }) => properties.Queues.some(({ Ref }: { Ref: string }) => Ref === parking))
    .flatMap(({ properties }) => properties.PolicyDocument.Statement);
  expect(statements).toEqual([
    expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
  ]);
});

test('A protected stage keeps the parking queue whatever is deployed; dev removes it', () => {
  expect(resource('AWS::SQS::Queue', parking, synthesise({ stage: 'prod' }))).toMatchObject({
    deletionPolicy: 'RetainExceptOnCreate',
  });
  expect(resource('AWS::SQS::Queue', parking)).toMatchObject({ deletionPolicy: 'Delete' });
});

test('No alarm counts what is parked', () => {
  expect(JSON.stringify(template.resources('AWS::CloudWatch::Alarm'))).not.toContain(parking);
});

test('The sweep may send back into every dead-letter queue that letters are parked from, and no other queue', () => {
  const statements: { Resource: object }[] = template.function('sweep').role.properties.PolicyDocument.Statement;
  const targets = statements
    .filter((statement) => actionsOf(statement).includes('sqs:SendMessage'))
    .flatMap(({ Resource }) => [Resource].flat());
  const names = [...Object.keys(routing), 'archive'].map((name) => name.charAt(0).toUpperCase() + name.slice(1));
  const ids = [parking, ...names.map((name) => idOf(`${name}DeadLetterQueueUrl`))];
  expect(new Set(targets.map((target) => JSON.stringify(target)))).toEqual(
    new Set(ids.map((id) => JSON.stringify({ 'Fn::GetAtt': [id, 'Arn'] }))),
  );
});
