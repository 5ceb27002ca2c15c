import type { TableName } from '../../infra/names.ts';

/** A table of the stack: its names begin with `ownPrefix`, unless another stands in for it. */
type StackTable = { table: TableName; ownPrefix: string; inUse: string | undefined };

/** What is expected of the table `name` that is to stand in for one of the stack. */
export type ExpectedTable = StackTable & {
  name: string;
  /** The other tables of the stack, one of which may have been named or restored by mistake. */
  others: readonly StackTable[];
  keys: readonly string[];
  indexes: readonly { name: string; keys: readonly string[] }[];
  expiryAttribute: string | undefined;
  isDeletionProtected: boolean;
  encryption: { by: 'aws' | 'unknown' } | { by: 'customer'; keyArn: string };
};

/** What DynamoDB says of a table. */
export type FoundTable = {
  status: string;
  keys: readonly string[];
  indexes: readonly { name: string; status: string; keys: readonly string[] }[];
  restoredFrom: string | undefined;
  /** @default a key that AWS owns */
  keyArn: string | undefined;
  isDeletionProtected: boolean;
  isRecoverable: boolean;
  expiryAttribute: string | undefined;
};

type Describe = (problem: string, command: string) => string;

/** Lists in sentences what hinders a table from standing in for one of the stack, each with the command that mends it. `suffix` ends every command. */
export function restoredTableProblems(
  expected: ExpectedTable,
  found: FoundTable | undefined,
  suffix: string,
): string[] {
  const { table, name } = expected;
  const sentence = (problem: string) => `restoredTables.${table}: ${name} ${problem}`;
  const describe: Describe = (problem, command) =>
    sentence(`${problem}: \`aws dynamodb ${command.replace('<table>', `--table-name ${name}`)}${suffix}\`.`);
  if (name.startsWith(expected.ownPrefix)) return [sentence("is the stack's own table: leave the entry out.")];
  const restore = `restore-table-to-point-in-time --source-table-name ${expected.inUse ?? `${expected.ownPrefix}…`} --target-table-name ${name} --restore-date-time <time>`;
  if (found === undefined) return [describe('does not exist; restore it', restore)];
  if (found.status !== 'ACTIVE') return [describe(`is ${found.status}; wait for it`, 'wait table-exists <table>')];
  const mistake = mistakenTable(expected, found);
  if (mistake !== undefined)
    return [sentence(`${mistake}: name one that was restored from ${expected.inUse ?? table}.`)];
  return [
    ...indexProblems(expected, found, describe),
    ...encryptionProblems(expected, found, describe),
    ...protectionProblems(expected, found, describe),
  ];
}

/** Says how a table is that of other records. */
function mistakenTable({ name, others, keys }: ExpectedTable, found: FoundTable): string | undefined {
  const isThat = (one: string | undefined) => (other: StackTable) =>
    one !== undefined && (one === other.inUse || one.startsWith(other.ownPrefix));
  const named = others.find(isThat(name));
  if (named !== undefined) return `is the table ${named.table} of this stack`;
  const source = others.find(isThat(found.restoredFrom));
  if (source !== undefined) return `was restored from the table ${source.table}`;
  return keys.join() === found.keys.join()
    ? undefined
    : `has the key ${found.keys.join(', ')} and not ${keys.join(', ')}`;
}

const indexProblems = ({ indexes }: ExpectedTable, found: FoundTable, describe: Describe): string[] =>
  indexes.flatMap(({ name, keys }) => {
    const index = found.indexes.find((one) => one.name === name);
    if (index === undefined) return [describe(`has no index ${name}; create it`, createIndex(name, keys))];
    if (index.keys.join() !== keys.join()) {
      const remove = JSON.stringify([{ Delete: { IndexName: name } }]);
      return [
        describe(
          `has an index ${name} of ${index.keys.join(', ')} and not of ${keys.join(', ')}; delete it`,
          `update-table <table> --global-secondary-index-updates '${remove}'`,
        ),
      ];
    }
    return index.status === 'ACTIVE'
      ? []
      : [
          describe(
            `has the index ${name} in the state ${index.status}; wait until this says ACTIVE`,
            "describe-table <table> --query 'Table.GlobalSecondaryIndexes[].IndexStatus'",
          ),
        ];
  });

/** As `infra/constructs/record-table.ts` makes one: over texts, with the keys alone. */
function createIndex(IndexName: string, keys: readonly string[]): string {
  const KeySchema = keys.map((AttributeName, position) => ({
    AttributeName,
    KeyType: position === 0 ? 'HASH' : 'RANGE',
  }));
  const create = JSON.stringify([{ Create: { IndexName, KeySchema, Projection: { ProjectionType: 'KEYS_ONLY' } } }]);
  const attributes = keys.map((one) => `AttributeName=${one},AttributeType=S`).join(' ');
  return `update-table <table> --attribute-definitions ${attributes} --global-secondary-index-updates '${create}'`;
}

function encryptionProblems({ encryption }: ExpectedTable, { keyArn }: FoundTable, describe: Describe): string[] {
  const update = 'update-table <table> --sse-specification';
  if (encryption.by === 'aws' && keyArn !== undefined)
    return [describe(`is encrypted with ${keyArn} and not with a key that AWS owns`, `${update} Enabled=false`)];
  if (encryption.by !== 'customer' || encryption.keyArn === keyArn) return [];
  return [
    describe(
      `is encrypted with ${keyArn ?? 'a key that AWS owns'} and not with that of the stack`,
      `${update} Enabled=true,SSEType=KMS,KMSMasterKeyId=${encryption.keyArn}`,
    ),
  ];
}

const protectionProblems = (expected: ExpectedTable, found: FoundTable, describe: Describe): string[] => [
  ...(found.isRecoverable
    ? []
    : [
        describe(
          'has no point-in-time recovery',
          'update-continuous-backups <table> --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true',
        ),
      ]),
  ...(found.isDeletionProtected || !expected.isDeletionProtected
    ? []
    : [describe('has no deletion protection', 'update-table <table> --deletion-protection-enabled')]),
  ...(found.expiryAttribute === expected.expiryAttribute || expected.expiryAttribute === undefined
    ? []
    : [
        describe(
          `does not let records expire at ${expected.expiryAttribute}`,
          `update-time-to-live <table> --time-to-live-specification Enabled=true,AttributeName=${expected.expiryAttribute}`,
        ),
      ]),
];
