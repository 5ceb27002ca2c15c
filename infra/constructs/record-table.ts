import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { ShopKey } from './shop-key.ts';

export type RecordTableProps = {
  key: string;
  sortKey?: string;
  /** The attribute that says, in seconds since 1970, when a record may go. @default records stay */
  expiryAttribute?: string;
  /** A table that is kept when the stack is deleted cannot be deleted otherwise either. */
  removalPolicy: RemovalPolicy;
  /** @default a key that AWS owns */
  encryption: ShopKey | undefined;
  output?: string;
};

/** Takes a key's name (and a second one's) and gives a table that pays per request and can be restored to any second. */
export function recordTable(scope: Construct, id: string, props: RecordTableProps): Table {
  const table = new Table(scope, id, {
    partitionKey: { name: props.key, type: AttributeType.STRING },
    ...(props.sortKey === undefined ? {} : { sortKey: { name: props.sortKey, type: AttributeType.STRING } }),
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    ...(props.expiryAttribute === undefined ? {} : { timeToLiveAttribute: props.expiryAttribute }),
    ...(props.encryption === undefined
      ? {}
      : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: props.encryption }),
    removalPolicy: props.removalPolicy,
    deletionProtection: props.removalPolicy === RemovalPolicy.RETAIN,
  });
  if (props.output !== undefined) new CfnOutput(Stack.of(scope), props.output, { value: table.tableName });
  return table;
}
