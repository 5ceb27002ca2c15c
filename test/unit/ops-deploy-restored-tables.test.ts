import { describe, expect, test } from 'vitest';
import { formatPlan } from '../../ops/deploy/format.ts';
import { changesEncryption, planDeployment } from '../../ops/deploy/plan.ts';
import { refusalsOf } from '../../ops/deploy/refusals.ts';
import {
  type ExpectedTable,
  type FoundTable,
  restoredTableProblems,
} from '../../ops/deploy/restored-table-problems.ts';
import { expectedTables } from '../../ops/deploy/restored-tables.ts';
import type { Template } from '../../ops/deploy/template.ts';

const NAME = 'Shop-prod-payments-1127';
const KEY = 'arn:aws:kms:eu-west-1:111111111111:key/1';
const keys = ['refundDue', 'time'];

const table = (index?: object): Template['Resources'][string] => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    KeySchema: [{ AttributeName: 'orderId', KeyType: 'HASH' }],
    ...(index && { GlobalSecondaryIndexes: [index] }),
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    DeletionProtectionEnabled: true,
    SSESpecification: { SSEEnabled: true, KMSMasterKeyId: { 'Fn::GetAtt': ['Key1', 'Arn'] } },
  },
});
const index = {
  IndexName: 'due-refunds',
  KeySchema: keys.map((AttributeName) => ({ AttributeName, KeyType: 'HASH' })),
};
const template = (restoredTables: object): Template => ({
  Metadata: { Settings: { stage: 'prod', restoredTables } },
  Resources: {
    OrdersTable11111111: table(),
    PaymentsTable22222222: table(index),
    Key1: { Type: 'AWS::KMS::Key' },
  },
});
const outputs = { OrdersTableName: 'Shop-prod-orders-1101', PaymentsTableName: 'Shop-prod-PaymentsTable22222222-X' };
const deployed = {
  template: template({ orders: 'Shop-prod-orders-1101' }),
  stack: {
    StackName: 'Shop-prod',
    CreationTime: new Date(0),
    StackStatus: 'UPDATE_COMPLETE' as const,
    Outputs: Object.entries({ ...outputs, KeyArn: KEY }).map(([OutputKey, OutputValue]) => ({
      OutputKey,
      OutputValue,
    })),
  },
};

const [expected] = expectedTables({ stackName: 'Shop-prod', deployed, next: template({ payments: NAME }) });
const found: FoundTable = {
  status: 'ACTIVE',
  keys: ['orderId'],
  indexes: [{ name: 'due-refunds', status: 'ACTIVE', keys }],
  restoredFrom: outputs.PaymentsTableName,
  keyArn: KEY,
  isDeletionProtected: true,
  isRecoverable: true,
  expiryAttribute: 'expiresAt',
};
const problems = (other: Partial<FoundTable> | undefined, parts: Partial<ExpectedTable> = {}, suffix = '') =>
  restoredTableProblems({ ...(expected as ExpectedTable), ...parts }, other && { ...found, ...other }, suffix);

describe('A restored table', () => {
  test('that is as the one of the stack is taken', () => {
    expect(problems({})).toEqual([]);
  });

  test('is expected to be as the one of the stack, under the key of the stack', () => {
    expect(expected).toMatchObject({
      name: NAME,
      inUse: outputs.PaymentsTableName,
      keys: ['orderId'],
      indexes: [{ name: 'due-refunds', keys }],
      expiryAttribute: 'expiresAt',
      isDeletionProtected: true,
      encryption: { by: 'customer', keyArn: KEY },
    });
  });

  test.each<[string, Partial<FoundTable>, string]>([
    [
      'is not there yet',
      { status: 'CREATING' },
      `is CREATING; wait for it: \`aws dynamodb wait table-exists --table-name ${NAME}\`.`,
    ],
    [
      'has no point-in-time recovery',
      { isRecoverable: false },
      `: \`aws dynamodb update-continuous-backups --table-name ${NAME} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true\`.`,
    ],
    [
      'can be deleted',
      { isDeletionProtected: false },
      `: \`aws dynamodb update-table --table-name ${NAME} --deletion-protection-enabled\`.`,
    ],
    [
      'keeps what should expire',
      { expiryAttribute: undefined },
      `: \`aws dynamodb update-time-to-live --table-name ${NAME} --time-to-live-specification Enabled=true,AttributeName=expiresAt\`.`,
    ],
    [
      'has another key',
      { keyArn: undefined },
      `is encrypted with a key that AWS owns and not with that of the stack: \`aws dynamodb update-table --table-name ${NAME} --sse-specification Enabled=true,SSEType=KMS,KMSMasterKeyId=${KEY}\`.`,
    ],
    [
      'lacks the index',
      { indexes: [] },
      `has no index due-refunds; create it: \`aws dynamodb update-table --table-name ${NAME} --attribute-definitions AttributeName=refundDue,AttributeType=S AttributeName=time,AttributeType=S --global-secondary-index-updates '[{"Create":{"IndexName":"due-refunds","KeySchema":[{"AttributeName":"refundDue","KeyType":"HASH"},{"AttributeName":"time","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}}]'\`.`,
    ],
    [
      'has an index that is still filled',
      { indexes: [{ name: 'due-refunds', status: 'CREATING', keys }] },
      'in the state CREATING; wait until this says ACTIVE: ',
    ],
    [
      'has another index under the name',
      { indexes: [{ name: 'due-refunds', status: 'ACTIVE', keys: ['time'] }] },
      'of time and not of refundDue, time; delete it: ',
    ],
    [
      'has another key schema',
      { keys: ['sku'] },
      'has the key sku and not orderId: name one that was restored from Shop-prod-PaymentsTable22222222-X.',
    ],
    [
      'is one of orders, restored from what stands in for them',
      { restoredFrom: 'Shop-prod-orders-1101' },
      'was restored from the table orders: name one',
    ],
    [
      'is one of orders, restored from that of the stack',
      { restoredFrom: 'Shop-prod-OrdersTable11111111-Y' },
      'was restored from the table orders: name one',
    ],
  ])('that %s is refused with the command that mends it', (_, other, sentence) => {
    expect(problems(other)).toEqual([expect.stringContaining(`restoredTables.payments: ${NAME} `)]);
    expect(problems(other)[0]).toContain(sentence);
  });

  test('that does not exist is refused with the command that restores it, from what is used now', () => {
    expect(problems(undefined)).toEqual([
      `restoredTables.payments: ${NAME} does not exist; restore it: \`aws dynamodb restore-table-to-point-in-time --source-table-name Shop-prod-PaymentsTable22222222-X --target-table-name ${NAME} --restore-date-time <time>\`.`,
    ]);
  });

  test('is refused with all that it lacks, and with the address of an engine', () => {
    const lacking = { isRecoverable: false, isDeletionProtected: false, expiryAttribute: undefined, keyArn: undefined };
    const sentences = problems(lacking, {}, ' --endpoint-url http://127.0.0.1:4566');
    expect(sentences).toHaveLength(4);
    for (const one of sentences) expect(one).toMatch(/ --endpoint-url http:\/\/127\.0\.0\.1:4566`\.$/);
  });

  test('may be one that was restored from an earlier one, or was not restored at all', () => {
    expect(problems({ restoredFrom: 'Shop-prod-payments-0901' })).toEqual([]);
    expect(problems({ restoredFrom: undefined })).toEqual([]);
  });

  test('is none where the name is that of a table of the stack', () => {
    expect(problems({}, { name: 'Shop-prod-PaymentsTable22222222-X' })).toEqual([
      expect.stringContaining("is the stack's own table: leave the entry out."),
    ]);
    expect(problems({}, { name: 'Shop-prod-orders-1101' })).toEqual([
      expect.stringContaining('is the table orders of this stack'),
    ]);
  });

  test('needs neither protection nor expiry where that of the stack has none, and has a key of AWS where the stack has none', () => {
    const plain = { isDeletionProtected: false, expiryAttribute: undefined, encryption: { by: 'aws' } as const };
    expect(problems({ isDeletionProtected: false, expiryAttribute: undefined, keyArn: undefined }, plain)).toEqual([]);
    expect(problems({}, plain)[0]).toContain('--sse-specification Enabled=false`');
  });

  test('is under any key where that of the stack is only created by this deployment', () => {
    const next = template({ payments: NAME });
    const without = { ...deployed, template: { Resources: {} } };
    const [one] = expectedTables({ stackName: 'Shop-prod', deployed: without, next });
    expect(one?.encryption).toEqual({ by: 'unknown' });
    expect(problems({ keyArn: undefined }, { encryption: { by: 'unknown' } })).toEqual([]);
  });
});

describe('A deployment that names a restored table', () => {
  const target = { stackName: 'Shop-prod', stage: 'prod' };
  const plan = planDeployment(template({}), template({ payments: NAME }), target);
  const back = planDeployment(template({ payments: NAME }), template({}), target);
  const pins = { losses: {}, types: [] };

  test('says which', () => {
    expect(formatPlan(plan, 'AWS')).toContain(`restoredTables.payments: not set → ${NAME}`);
  });

  test.each([
    ['to it', plan],
    ['back', back],
  ])('switches only when that is confirmed: %s', (_, one) => {
    expect(refusalsOf(one, { change: [], replace: [] }, pins)).toEqual([
      expect.stringMatching(
        /^restoredTables\.payments: .*does not know what only the one of before holds.*--change restoredTables\.$/,
      ),
    ]);
    expect(refusalsOf(one, { change: ['restoredTables'], replace: [] }, pins)).toEqual([]);
  });

  test('is refused a confirmation where no table changes', () => {
    const same = planDeployment(template({}), template({}), target);
    expect(refusalsOf(same, { change: ['restoredTables'], replace: [] }, pins)[0]).toContain('does not change');
  });

  test('may be made while messages wait: those of paused consumers do', () => {
    expect(changesEncryption(plan)).toBe(false);
  });
});
