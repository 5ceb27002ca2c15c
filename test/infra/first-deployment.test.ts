import { describe, expect, test } from 'vitest';
import { synthesise } from '../builders/template.ts';
import { leavesOf, type TemplateJson, templateOf } from '../builders/variants.ts';

const prod = templateOf({ stage: 'prod' });
const first = templateOf({ stage: 'prod', firstDeployment: true });

const DATA = [
  'AWS::DynamoDB::Table',
  'AWS::KMS::Key',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::SecretsManager::Secret',
  'AWS::SQS::Queue',
];

const keptTypes = ({ Resources }: TemplateJson) => [
  ...new Set(
    Object.values(Resources).flatMap(({ Type, DeletionPolicy = 'Delete' }) =>
      DeletionPolicy === 'Delete' ? [] : [Type],
    ),
  ),
];

/** Everything that keeps a resource or a stack from being deleted, by its path. */
const protections = (template: TemplateJson) =>
  leavesOf(template.Resources).filter(({ path, leaf }) => /protection/i.test(path.at(-1) ?? '') && leaf === true);

describe('In a protected stage', () => {
  test('what holds data is kept when the stack is deleted or changed, and nothing else is', () => {
    expect(keptTypes(prod).sort()).toEqual(DATA.toSorted());
    for (const [id, { Type, DeletionPolicy, UpdateReplacePolicy }] of Object.entries(prod.Resources)) {
      if (!DATA.includes(Type)) continue;
      // `Retain` would also keep what a creation that failed has made, and the next one would meet it.
      expect({ DeletionPolicy, UpdateReplacePolicy }, id).toEqual({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
      });
    }
  });

  test('tables and the stack refuse to be deleted', () => {
    const tables = synthesise({ stage: 'prod' }).resources('AWS::DynamoDB::Table');
    expect(
      protections(prod)
        .map(({ path }) => path[0])
        .sort(),
    ).toEqual(tables.map(({ id }) => id).sort());
    expect(synthesise({ stage: 'prod' }).stack.terminationProtection).toBe(true);
  });
});

describe('The first deployment of a protected stage', () => {
  test('can be rolled back: nothing refuses to be deleted', () => {
    expect(protections(first)).toEqual([]);
    expect(synthesise({ stage: 'prod', firstDeployment: true }).stack.terminationProtection).toBeFalsy();
  });

  test('differs in nothing else, so that the second one only protects', () => {
    const protect = ({ Resources }: TemplateJson) =>
      Object.fromEntries(
        Object.entries(Resources).map(([id, resource]) => [
          id,
          { ...resource, Properties: { ...resource.Properties, DeletionProtectionEnabled: undefined } },
        ]),
      );
    expect(protect(first)).toEqual(protect(prod));
    expect(first.Outputs).toEqual(prod.Outputs);
  });
});
