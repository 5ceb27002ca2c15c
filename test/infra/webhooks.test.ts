import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { PROBE_SOURCE } from '../../lambdas/runtime/probe.ts';
import { denialReason } from '../../ops/explain/permission.ts';
import { synthesise } from '../builders/template.ts';

const CONFIRMED = 'shop.order.confirmed.v1';
const RECEIVED = 'shop.payment.received.v1';
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shared-a1b2c3';
const endpoint = (host: string, secret: string, ...events: string[]) => ({
  url: `https://${host}.example.com/hook`,
  events,
  secret,
});
const endpoints = {
  erp: endpoint('erp', 'webhook-erp', CONFIRMED, RECEIVED),
  'data-lake': endpoint('lake', ARN, CONFIRMED),
  lake2: endpoint('lake2', ARN, CONFIRMED),
};
const template = synthesise({ webhooks: { endpoints, allowPrivate: ['10.0.0.7:8443'] } });
const webhooks = template.consumer('webhooks');
const variables = webhooks.function.properties.Environment.Variables;
const statements: { Action: unknown; Resource: unknown }[] = webhooks.role.properties.PolicyDocument.Statement;

test('A stack without endpoints has nothing of them', () => {
  expect(JSON.stringify(synthesise().json)).not.toMatch(/WebhooksFunction|WebhookEndpoints/);
});

describe('The function of webhooks', () => {
  test('is told the addresses and the names of the secrets, and no secret', () => {
    expect(JSON.parse(variables.WEBHOOK_ENDPOINTS)).toEqual(
      Object.fromEntries(Object.entries(endpoints).map(([name, { url, secret }]) => [name, { url, secret }])),
    );
    expect(JSON.parse(variables.WEBHOOK_ALLOW_PRIVATE)).toEqual(['10.0.0.7:8443']);
    expect(variables.TABLE_NAME).toEqual(template.outputValue('WebhooksTableName'));
  });

  test('may read the value of exactly these secrets', () => {
    const allowed = statements.filter(({ Action }) => JSON.stringify(Action).includes('secretsmanager'));
    expect(allowed.map(({ Action }) => Action)).toEqual(['secretsmanager:GetSecretValue']);
    const resources = JSON.stringify(allowed[0]?.Resource);
    expect(resources.match(/:secret:/g)).toHaveLength(2);
    expect(resources).toContain(':secret:webhook-erp-??????"');
    expect(resources).toContain(ARN);
  });

  test('may publish nothing', () => {
    expect(JSON.stringify(statements)).not.toMatch(/sns:|events:|lambda:/);
  });
});

describe('The rules of webhooks', () => {
  const inputs = webhooks.rules.map(({ properties }) => properties.Targets[0].InputTransformer);

  test('are one for each endpoint, and one more for each event that a service outside reports', () => {
    expect(inputs.map(({ InputTemplate }) => JSON.parse(InputTemplate.replace(/<[^>]+>/, '"event"')).endpoint)).toEqual(
      ['erp', 'erp', 'data-lake', 'lake2'],
    );
  });

  test('send the event as it is, beside the name of its endpoint', () => {
    for (const { InputTemplate, InputPathsMap } of inputs) {
      const [, variable = ''] = /^\{"endpoint":"[a-z0-9-]+","event":<([\w-]+)>\}$/.exec(InputTemplate) ?? [];
      expect(InputPathsMap).toEqual({ [variable]: '$.detail' });
    }
  });

  test('have probes that pass no other', () => {
    const probes = webhooks.rules.map(({ properties }) => properties.EventPattern.$or[1]);
    expect(probes.map(({ source }) => source)).toEqual(inputs.map(() => [PROBE_SOURCE]));
    expect(new Set(probes.map((probe) => probe['detail-type'][0])).size).toBe(inputs.length);
  });

  test('may send to the queue and to its dead-letter queue, and nobody else may', () => {
    for (const queue of [webhooks.queue, webhooks.deadLetterQueue]) {
      const allowed = webhooks.statements(queue).filter(({ Effect }) => Effect === 'Allow');
      expect(allowed).toHaveLength(1);
      const rules = webhooks.rules.map(({ id }) => ({ 'Fn::GetAtt': [id, 'Arn'] }));
      expect(allowed[0]).toMatchObject({
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': rules } },
      });
    }
  });

  test('stay within what SQS takes as a policy, however many there are', () => {
    const names = Array.from({ length: 20 }, (_, index) => `endpoint-${index}`);
    const many = synthesise({
      webhooks: {
        endpoints: Object.fromEntries(names.map((name) => [name, endpoint(name, 'one', CONFIRMED, RECEIVED)])),
      },
    }).consumer('webhooks');
    const policy = { Statement: many.statements(many.queue) };
    expect(policy.Statement).toHaveLength(2);
    // `arn:aws:events:…:rule/<bus>/<name>`: CloudFormation gives a rule a name of 64 characters at most.
    const text = JSON.stringify(policy).replaceAll(/\{"Fn::GetAtt":\["\w+","Arn"\]\}/g, `"${'x'.repeat(170)}"`);
    expect(text.length).toBeLessThan(8_192);
  });

  test('have a dead-letter queue each', () => {
    for (const { properties } of webhooks.rules)
      expect(properties.Targets[0].DeadLetterConfig.Arn).toEqual({
        'Fn::GetAtt': [webhooks.deadLetterQueue.id, 'Arn'],
      });
  });
});

test('A policy with one statement for all rules is read as one that lets each send', () => {
  const policy = JSON.stringify({
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: {
          ArnEquals: { 'aws:SourceArn': ['arn:aws:events:r:1:rule/b/one', 'arn:aws:events:r:1:rule/b/two'] },
        },
      },
    ],
  });
  expect(denialReason(policy, 'events', 'arn:aws:events:r:1:rule/b/two')).toBeUndefined();
  expect(denialReason(policy, 'events', 'arn:aws:events:r:1:rule/b/three')).toContain('does not let');
});

describe('The alarms of webhooks', () => {
  const alarms = template
    .resources('AWS::CloudWatch::Alarm')
    .flatMap(({ properties: { AlarmName } }) =>
      AlarmName.includes('-webhooks-') ? [AlarmName.split('-webhooks-')[1]] : [],
    );

  test('are those of a consumer, one for endpoints that are disabled, and one for each rule', () => {
    expect(alarms).toEqual([
      'dead-letters',
      'dead-lettered',
      'many-dead-lettered',
      'oldest-message',
      'late-messages',
      'cannot-start',
      'function-errors',
      'recursive-invocations',
      'throttled',
      'breaker-open',
      'endpoint-disabled',
      'failed-deliveries-of-erp',
      'lost-events-of-erp',
      'failed-deliveries-of-erp-payment-received',
      'lost-events-of-erp-payment-received',
      'failed-deliveries-of-data-lake',
      'lost-events-of-data-lake',
      'failed-deliveries-of-lake2',
      'lost-events-of-lake2',
    ]);
  });
});

describe('The settings', () => {
  test('take endpoints that fit into the variables of one function, and refuse more in a sentence', () => {
    const many = (count: number, secret: string) => ({
      webhooks: {
        endpoints: Object.fromEntries(
          Array.from({ length: count }, (_, index) => [`endpoint-${index}`, endpoint('a', secret, CONFIRMED)]),
        ),
      },
    });
    expect(() => synthesise(many(20, 's'))).not.toThrow();
    expect(() => synthesise(many(20, `${ARN.slice(0, -7)}-${'x'.repeat(60)}-a1b2c3`))).toThrow(
      /webhooks\.endpoints=endpoint-0.*: must fit into 3000 bytes of the function's variables and takes \d+: name fewer endpoints/,
    );
    expect(() => synthesise(many(21, 's'))).toThrow(/must be at most 20 and are 21$/);
  });

  test('let an endpoint have every event of the bus', () => {
    const all = catalog.filter(({ channel }) => channel === 'bus').map(({ type }) => type);
    const { rules } = synthesise({ webhooks: { endpoints: { all: endpoint('all', 'one', ...all) } } }).consumer(
      'webhooks',
    );
    const named = rules.flatMap(({ properties }) => properties.EventPattern.$or[0]['detail-type']);
    expect(named.toSorted()).toEqual(all.toSorted());
  });
});
