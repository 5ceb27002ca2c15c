import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { synthesise } from '../builders/template.ts';

const contexts = [
  { stage: 'dev' },
  { stage: 'prod' },
  {
    stage: 'prod',
    paymentGateway: 'stripe',
    stripeSecret: 'shop/stripe',
    publisherAccounts: '111111111111',
    alarmEmail: 'operators@example.com',
  },
];

describe.each(contexts)('A stack with %j', (context) => {
  const { stack } = synthesise(context);

  test.each([new AwsSolutionsChecks(), new ServerlessChecks()])('has no cdk-nag findings: $readPackName', (pack) => {
    const found = pack.validateScope(stack).violations.map(({ ruleName, description, violatingResources }) => ({
      ruleName,
      description,
      violatingResources,
    }));
    expect(found).toEqual([]);
  });

  test('gives a reason for each suppressed rule in a sentence', () => {
    const reasons = stack.node
      .findAll()
      .flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type.includes('acknowledged-rules'))
      .flatMap(({ data }) => Object.values(data as Record<string, string>));
    expect(reasons.length).toBeGreaterThan(10);
    for (const reason of reasons) expect(reason).toMatch(/^[A-Z].{40,}\.$/);
  });
});
