import { CfnOutput, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

/** Takes a key's name (and a second one's) and gives a table that pays per request and can be restored to any second. */
export function recordTable(
  scope: Construct,
  id: string,
  props: { key: string; sortKey?: string; removalPolicy: RemovalPolicy; output?: string },
): Table {
  const table = new Table(scope, id, {
    partitionKey: { name: props.key, type: AttributeType.STRING },
    ...(props.sortKey === undefined ? {} : { sortKey: { name: props.sortKey, type: AttributeType.STRING } }),
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: props.removalPolicy,
  });
  if (props.output !== undefined) new CfnOutput(Stack.of(scope), props.output, { value: table.tableName });
  return table;
}
