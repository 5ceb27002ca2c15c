import { describe, expect, test } from 'vitest';
import { synthesise } from '../builders/template.ts';

const REFERENCES = new Set(['AttributeName', 'IndexName', 'FunctionName', 'EventBusName', 'MetricName']);

/** Returns every physical name in a stack, with its resource type. */
const physicalNames = (context: Record<string, string>): string[] => {
  const shop = synthesise(context);
  // An inline policy's name is scoped to its role.
  return shop.types
    .filter((type) => type !== 'AWS::IAM::Policy')
    .flatMap((type) =>
      shop
        .resources(type)
        .flatMap(({ properties }) =>
          Object.entries(properties ?? {}).flatMap(([property, value]) =>
            /Name$/.test(property) && !REFERENCES.has(property) && typeof value === 'string'
              ? [`${type} ${property} ${value}`]
              : [],
          ),
        ),
    );
};

describe('A second stack in the same account and region', () => {
  const one = physicalNames({});
  const two = physicalNames({ stackName: 'ShopMessagingTwo' });

  test('shares no physical name with the first', () => {
    for (const type of [
      'Events::EventBus',
      'SNS::Topic',
      'XRay::ResourcePolicy',
      'SSM::Parameter',
      'CloudWatch::Alarm',
      'CloudWatch::Dashboard',
    ]) {
      expect(
        one.filter((name) => name.startsWith(`AWS::${type} `)),
        type,
      ).not.toEqual([]);
    }
    expect(two).toHaveLength(one.length);
    expect(two.filter((name) => one.includes(name))).toEqual([]);
  });

  test('has its own metrics namespace', () => {
    const { resources } = synthesise({ stackName: 'ShopMessagingTwo' });
    for (const { id, properties } of resources('AWS::Lambda::Function')) {
      expect(properties.Environment.Variables.METRICS_NAMESPACE, id).toBe('ShopMessagingTwo');
    }
    const own = resources('AWS::CloudWatch::Alarm').filter(
      ({ properties }) => typeof properties.Namespace !== 'string',
    );
    for (const { properties } of own) expect(properties.Namespace).toEqual({ Ref: 'AWS::StackName' });
    expect(own.length).toBeGreaterThan(5);
    expect(JSON.stringify(resources('AWS::CloudWatch::Dashboard'))).not.toContain('"namespace":"ShopMessaging"');
  });

  test('has a key for its own topics and logs', () => {
    const [key] = synthesise({ stackName: 'ShopMessagingTwo' }).resources('AWS::KMS::Key');
    expect(JSON.stringify(key?.properties)).toContain('log-group:ShopMessagingTwo-*');
    expect(JSON.stringify(key?.properties)).not.toContain('ShopMessaging-*');
  });
});
