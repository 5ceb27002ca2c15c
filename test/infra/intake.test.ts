import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { actionsCalledBy } from '../builders/permissions.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const senders = {
  acme: { scheme: 'standard-webhooks', secret: 'shop/acme', perMinute: 60 },
  other: { scheme: 'standard-webhooks', secret: 'shop/acme' },
  checkout: {
    scheme: 'stripe',
    secret: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:shop/checkout-AbCdEf',
  },
};
const context = { intake: { senders } };
const template = synthesise(context);
const { function: fn, role, log } = template.function('intake');
// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
const statements: any[] = role.properties.PolicyDocument.Statement;
const statementFor = (action: string) => statements.filter((one) => actionsOf(one).includes(action));

test('A stack whose settings name no sender has nothing of the intake', () => {
  const { json, outputs } = synthesise();
  expect(Object.keys(json.Resources).filter((id) => id.startsWith('Intake'))).toEqual([]);
  expect(outputs.filter((name) => name.startsWith('Intake'))).toEqual([]);
  expect(synthesise().resources('AWS::Lambda::Url')).toEqual([]);
});

describe('The function of the intake', () => {
  test('may do exactly what its code, its log and encryption need', () => {
    const allowed = [...new Set(statements.flatMap(actionsOf))].sort();
    const needed = [
      ...actionsCalledBy('intake/handler.ts'),
      ...['logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
      ...['kms:Decrypt', 'kms:GenerateDataKey'],
    ];
    expect(allowed).toEqual([...new Set(needed)].sort());
  });

  test('may publish on the orders topic only, and write its own table only', () => {
    const [topic] = template.resources('AWS::SNS::Topic').filter(({ id }) => id.startsWith('Orders'));
    const [table] = template.resources('AWS::DynamoDB::Table').filter(({ id }) => id.startsWith('IntakeTable'));
    expect(statementFor('sns:Publish').map(({ Resource }) => Resource)).toEqual([{ Ref: topic?.id }]);
    for (const { Resource } of [...statementFor('dynamodb:PutItem'), ...statementFor('dynamodb:UpdateItem')])
      expect(Resource).toEqual({ 'Fn::GetAtt': [table?.id, 'Arn'] });
    expect(table?.properties.TimeToLiveSpecification).toEqual({ AttributeName: 'expiresAt', Enabled: true });
  });

  test('may read the secrets that the senders name, each once, and no other', () => {
    const [statement, ...others] = statementFor('secretsmanager:GetSecretValue');
    expect(others).toEqual([]);
    const [byArn, byName] = statement.Resource;
    expect(statement.Resource).toHaveLength(2);
    expect(JSON.stringify(byName)).toMatch(/:secret:shop\/acme-\?{6}"/);
    expect(byArn).toBe(senders.checkout.secret);
  });

  test('has names of secrets in its variables, and none of what is in them', () => {
    expect(JSON.parse(fn.properties.Environment.Variables.INTAKE_SENDERS)).toEqual({
      ...senders,
      other: { ...senders.other, perMinute: 60 },
      checkout: { ...senders.checkout, perMinute: 60 },
    });
  });

  test('keeps its log as long as the settings say', () => {
    expect(log.properties.RetentionInDays).toBe(30);
  });

  test('has no concurrency of its own unless the settings give it one', () => {
    expect(fn.properties).not.toHaveProperty('ReservedConcurrentExecutions');
    const reserved = synthesise({ intake: { senders, concurrency: 20 } }).function('intake').function;
    expect(reserved.properties.ReservedConcurrentExecutions).toBe(20);
  });
});

describe('The address of the intake', () => {
  test('is an output and needs no signature of AWS', () => {
    const [url] = template.resources('AWS::Lambda::Url');
    expect(url?.properties).toMatchObject({ AuthType: 'NONE', TargetFunctionArn: { 'Fn::GetAtt': [fn.id, 'Arn'] } });
    expect(url?.properties).not.toHaveProperty('Cors');
    expect(template.outputValue('IntakeUrl')).toEqual({ 'Fn::GetAtt': [url?.id, 'FunctionUrl'] });
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html: both, since October 2025.
  test('may be called by everybody, and the function in no other way', () => {
    const permissions = template
      .resources('AWS::Lambda::Permission')
      .map(({ properties }) => properties)
      .filter(({ FunctionName }) => FunctionName['Fn::GetAtt'][0] === fn.id);
    const common = { FunctionName: { 'Fn::GetAtt': [fn.id, 'Arn'] }, Principal: '*' };
    expect(permissions).toEqual([
      { ...common, Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
      { ...common, Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
    ]);
  });
});

test('Alarms tell of requests that fail, are throttled, and of a function that cannot start', () => {
  const alarms = template.resources('AWS::CloudWatch::Alarm').map(({ properties }) => properties);
  const metrics = alarms
    .filter(({ AlarmName }) => AlarmName.includes('-intake-'))
    .map(({ MetricName, AlarmDescription }) => [MetricName, /docs\/runbook\/[\w-]+\.md/.exec(AlarmDescription)?.[0]]);
  expect(Object.fromEntries(metrics)).toEqual({
    StartFailed: 'docs/runbook/function-errors.md',
    Errors: 'docs/runbook/function-errors.md',
    Url5xxCount: 'docs/runbook/intake.md',
    Throttles: 'docs/runbook/throttled-functions.md',
    RecursiveInvocationsDropped: 'docs/runbook/recursive-invocations.md',
  });
});

test('Senders that do not fit into the variables of a function are refused with a sentence', () => {
  const many = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`sender-${index}`, { scheme: 'stripe', secret: `shop/sender-${index}` }]),
  );
  expect(() => synthesise({ intake: { senders: many } })).toThrow(
    /^settings\/dev\.json: intake\.senders: 50 senders need \d+ bytes of the function's variables/,
  );
});

test.each([new AwsSolutionsChecks(), new ServerlessChecks()])('cdk-nag has no findings: $readPackName', (pack) => {
  expect(pack.validateScope(template.stack).violations.map(({ ruleName }) => ruleName)).toEqual([]);
});
