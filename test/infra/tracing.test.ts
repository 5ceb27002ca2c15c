import { describe, expect, test } from 'vitest';
import { synthesise } from '../builders/template.ts';

const template = synthesise();
const topics = template.resources('AWS::SNS::Topic').filter(({ properties }) => properties.TracingConfig !== undefined);

describe('X-Ray tracing', () => {
  test('is active in every function that handles messages', () => {
    const functions = template
      .resources('AWS::Lambda::Function')
      .filter(({ properties }) => properties.Environment?.Variables?.METRICS_NAMESPACE !== undefined);
    expect(functions.length).toBeGreaterThan(5);
    for (const { id, properties } of functions) expect(properties.TracingConfig, id).toEqual({ Mode: 'Active' });
  });

  test('is active on the orders topic and the lifecycle feed, which alone may write traces', () => {
    const named = ['OrdersTopicArn', 'OrderLifecycleTopicArn'].map((output) => template.outputValue(output).Ref);
    expect(topics.map(({ id }) => id).sort()).toEqual(named.sort());
    for (const { properties } of topics) expect(properties.TracingConfig).toBe('Active');
    const [policy, ...others] = template.resources('AWS::XRay::ResourcePolicy');
    expect(others).toEqual([]);
    const document = JSON.stringify(policy?.properties.PolicyDocument);
    for (const id of named) expect(document).toContain(`"${id}"`);
    expect(document).toContain('aws:SourceArn');
    expect(document).toContain('sns.amazonaws.com');
  });
});
