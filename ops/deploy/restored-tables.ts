import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { tableIdOf, tableNames } from '../../infra/names.ts';
import type { AwsTarget } from '../aws-target.ts';
import type { DeployedStack } from './deployed.ts';
import { type ExpectedTable, type FoundTable, restoredTableProblems } from './restored-table-problems.ts';
import { recordedSettings } from './settings.ts';
import { resourcesOf, type Template } from './template.ts';

const keySchema = v.array(v.object({ AttributeName: v.string() }));

/** The properties of a table in a template that one which stands in for it must have too. */
const tableSchema = v.object({
  KeySchema: keySchema,
  GlobalSecondaryIndexes: v.optional(v.array(v.object({ IndexName: v.string(), KeySchema: keySchema })), []),
  TimeToLiveSpecification: v.optional(v.object({ AttributeName: v.string() })),
  DeletionProtectionEnabled: v.optional(v.boolean(), false),
  SSESpecification: v.optional(v.object({ KMSMasterKeyId: v.unknown() })),
});

type Stacks = { stackName: string; deployed: DeployedStack | undefined; next: Template };

/**
 * Lists in sentences why the tables of the setting `restoredTables` cannot stand in for those of the stack, each with the command that mends
 * it: a restored table lacks what DynamoDB does not restore, and CloudFormation does not manage it.
 */
export async function refuseRestoredTables(target: AwsTarget, stacks: Stacks): Promise<string[]> {
  const expected = expectedTables(stacks);
  if (expected.length === 0) return [];
  if (stacks.deployed === undefined)
    return ['restoredTables: nothing is deployed yet: deploy without this setting first, then with it.'];
  const client = new DynamoDBClient(target.config);
  const suffix = target.local ? ` --endpoint-url ${target.config.endpoint}` : '';
  const problems = await Promise.all(
    expected.map(async (one) => restoredTableProblems(one, await findTable(client, one.name), suffix)),
  );
  return problems.flat();
}

/** Lists what is expected of each restored table: what the template says of the one that it stands in for. */
export function expectedTables({ stackName, deployed, next }: Stacks): ExpectedTable[] {
  const settings = recordedSettings(next) ?? {};
  const own = tableNames.flatMap((table) => {
    const isOwn = new RegExp(`^${tableIdOf(table)}[0-9A-F]{8}$`);
    const resource = resourcesOf(next, 'AWS::DynamoDB::Table').find(([id]) => isOwn.test(id));
    return resource === undefined ? [] : [{ table, logicalId: resource[0], properties: resource[1].Properties }];
  });
  const inUse = Object.fromEntries(own.map(({ table }) => [table, outputOf(deployed, `${tableIdOf(table)}Name`)]));
  return own.flatMap(({ table, logicalId, properties }) => {
    const name = settings[`restoredTables.${table}`];
    if (name === undefined) return [];
    const parsed = v.parse(tableSchema, properties);
    return {
      table,
      name,
      ownPrefix: `${stackName}-${logicalId}-`,
      inUse: inUse[table],
      others: own.flatMap((one) =>
        one.table === table
          ? []
          : [{ table: one.table, ownPrefix: `${stackName}-${one.logicalId}-`, inUse: inUse[one.table] }],
      ),
      keys: keysOf(parsed.KeySchema),
      indexes: parsed.GlobalSecondaryIndexes.map(({ IndexName, KeySchema }) => ({
        name: IndexName,
        keys: keysOf(KeySchema),
      })),
      expiryAttribute: parsed.TimeToLiveSpecification?.AttributeName,
      isDeletionProtected: parsed.DeletionProtectionEnabled,
      encryption: encryptionOf(parsed.SSESpecification?.KMSMasterKeyId, deployed),
    };
  });
}

const keysOf = (schema: readonly { AttributeName?: string | undefined }[]): string[] =>
  schema.map(({ AttributeName = '' }) => AttributeName);

const outputOf = (deployed: DeployedStack | undefined, name: string): string | undefined =>
  deployed?.stack.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue;

/** Returns the ARN of a table's key; `unknown` of one that is only created by this deployment. */
function encryptionOf(key: unknown, deployed: DeployedStack | undefined): ExpectedTable['encryption'] {
  if (key === undefined) return { by: 'aws' };
  if (typeof key === 'string') return { by: 'customer', keyArn: key };
  const [logicalId] = v.is(getAtt, key) ? key['Fn::GetAtt'] : [];
  const isDeployed = logicalId !== undefined && deployed?.template.Resources[logicalId] !== undefined;
  const keyArn = isDeployed ? outputOf(deployed, 'KeyArn') : undefined;
  return keyArn === undefined ? { by: 'unknown' } : { by: 'customer', keyArn };
}

const getAtt = v.object({ 'Fn::GetAtt': v.tuple([v.string(), v.string()]) });

/** Describes a table; `undefined` where there is none. */
async function findTable(client: DynamoDBClient, TableName: string): Promise<FoundTable | undefined> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName })).catch((error: unknown) => {
    if (error instanceof ResourceNotFoundException) return { Table: undefined };
    throw error;
  });
  if (Table === undefined) return undefined;
  const { TableStatus: status = 'unknown', RestoreSummary, SSEDescription } = Table;
  return {
    status,
    keys: keysOf(Table.KeySchema ?? []),
    indexes: (Table.GlobalSecondaryIndexes ?? []).map(({ IndexName = '', IndexStatus = '', KeySchema = [] }) => ({
      name: IndexName,
      status: IndexStatus,
      keys: keysOf(KeySchema),
    })),
    restoredFrom: RestoreSummary?.SourceTableArn?.split('/')[1],
    keyArn: SSEDescription?.Status === 'DISABLED' ? undefined : SSEDescription?.KMSMasterKeyArn,
    isDeletionProtected: Table.DeletionProtectionEnabled === true,
    // While DynamoDB still restores it, it cannot be asked.
    ...(status === 'ACTIVE'
      ? await findAddedSettings(client, TableName)
      : { isRecoverable: false, expiryAttribute: undefined }),
  };
}

/** Reads what is not a part of a table's description. */
async function findAddedSettings(
  client: DynamoDBClient,
  TableName: string,
): Promise<Pick<FoundTable, 'isRecoverable' | 'expiryAttribute'>> {
  const [{ ContinuousBackupsDescription }, { TimeToLiveDescription }] = await Promise.all([
    client.send(new DescribeContinuousBackupsCommand({ TableName })),
    client.send(new DescribeTimeToLiveCommand({ TableName })),
  ]);
  const { PointInTimeRecoveryStatus } = ContinuousBackupsDescription?.PointInTimeRecoveryDescription ?? {};
  const { TimeToLiveStatus, AttributeName } = TimeToLiveDescription ?? {};
  const isExpiring = TimeToLiveStatus === 'ENABLED' || TimeToLiveStatus === 'ENABLING';
  return {
    isRecoverable: PointInTimeRecoveryStatus === 'ENABLED',
    expiryAttribute: isExpiring ? AttributeName : undefined,
  };
}
