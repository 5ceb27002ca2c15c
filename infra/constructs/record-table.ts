import { CfnOutput, type RemovalPolicy, type Stack } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  type ITable,
  ProjectionType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { tableIdOf, tableNames } from '../names.ts';
import type { TableUse } from '../route.ts';
import type { ShopKey } from './shop-key.ts';

export type RecordTableProps = Pick<TableUse, 'key' | 'sortKey' | 'index' | 'expiryAttribute'> & {
  removalPolicy: RemovalPolicy;
  /** Whether DynamoDB refuses to delete the table, whoever asks: CloudFormation too, which then cannot roll its creation back. */
  deletionProtection: boolean;
  /** @default a key that AWS owns */
  encryptionKey: ShopKey | undefined;
};

/** Creates a table that is paid per request and can be restored to any second. */
export function recordTable(scope: Construct, id: string, props: RecordTableProps): Table {
  const table = new Table(scope, id, {
    partitionKey: { name: props.key, type: AttributeType.STRING },
    ...(props.sortKey === undefined ? {} : { sortKey: { name: props.sortKey, type: AttributeType.STRING } }),
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    ...(props.expiryAttribute === undefined ? {} : { timeToLiveAttribute: props.expiryAttribute }),
    ...(props.encryptionKey === undefined
      ? {}
      : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: props.encryptionKey.key }),
    removalPolicy: props.removalPolicy,
    deletionProtection: props.deletionProtection,
  });
  if (props.index !== undefined) {
    table.addGlobalSecondaryIndex({
      indexName: props.index.name,
      partitionKey: { name: props.index.key, type: AttributeType.STRING },
      sortKey: { name: props.index.sortKey, type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }
  return table;
}

/** A table of the stack, or one that stands in for it. */
export type UsedTable = Pick<ITable, 'tableName' | 'tableArn'>;

type SharedTableProps = Pick<RecordTableProps, 'removalPolicy' | 'deletionProtection' | 'encryptionKey'> & {
  /** The setting `restoredTables`. @default none */
  restoredTables?: Readonly<Record<string, string | undefined>>;
};

/** Creates each table that a consumer names once, in the stack itself, where its logical id does not change. */
export class RecordTables {
  private readonly stack: Stack;
  private readonly props: SharedTableProps;
  private readonly tables = new Map<string, { table: UsedTable; keys: string }>();

  constructor(stack: Stack, props: SharedTableProps) {
    this.stack = stack;
    this.props = props;
  }

  /** Returns the table of a use, created by the first consumer that names it; throws where two differ about its key. */
  for(use: Omit<TableUse, 'actions'>): UsedTable {
    const { id, key, sortKey, output } = use;
    const keys = `${key} ${sortKey}`;
    const existing = this.tables.get(id);
    if (existing === undefined) {
      const table = this.tableInUse(use);
      this.tables.set(id, { table, keys });
      if (output !== undefined) new CfnOutput(this.stack, output, { value: table.tableName });
      return table;
    }
    if (existing.keys !== keys) {
      throw new Error(`Table ${id}: two consumers in infra/routing.ts give it different keys; name two tables.`);
    }
    return existing.table;
  }

  /** Finds the table in use by its construct's id; `undefined` where no consumer has named it. */
  find(id: string): UsedTable | undefined {
    return this.tables.get(id)?.table;
  }

  /** Creates a table of the stack, and returns the restored one where one stands in for it: its own is kept as it is, the way back. */
  private tableInUse({ id, ...columns }: Omit<TableUse, 'actions'>): UsedTable {
    const { restoredTables = {}, ...props } = this.props;
    const own = recordTable(this.stack, id, { ...columns, ...props });
    const name = tableNames.find((one) => tableIdOf(one) === id);
    const restored = name && restoredTables[name];
    return restored === undefined ? own : Table.fromTableName(this.stack, `Restored${id}`, restored);
  }
}
