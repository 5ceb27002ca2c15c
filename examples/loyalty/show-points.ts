// Prints what a customer has: on the engine of this machine or, with SHOP_TARGET=aws, on AWS.
// npx node examples/loyalty/show-points.ts <customer id>
import { CloudFormationClient, DescribeStackResourceCommand } from '@aws-sdk/client-cloudformation';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { customerKeyHasher } from '../../lambdas/runtime/customer-hash.ts';
import { connectToShop } from '../../ops/stack.ts';

// Pinned in infra/logical-ids.json.
const CUSTOMER_KEY = 'CustomerKey844A1305';

const [customerId = ''] = process.argv.slice(2);
const { config, stackName, output, documents } = await connectToShop();
const { StackResourceDetail: secret } = await new CloudFormationClient(config).send(
  new DescribeStackResourceCommand({ StackName: stackName, LogicalResourceId: CUSTOMER_KEY }),
);
const { SecretString = '' } = await new SecretsManagerClient(config).send(
  new GetSecretValueCommand({ SecretId: secret?.PhysicalResourceId }),
);
const customer = customerKeyHasher(SecretString)(customerId);
const { Item: { points = 0, orders = 0 } = {} } = await documents.send(
  new GetCommand({ TableName: output('PointsTableName'), Key: { customer } }),
);
console.log(`${customerId}: ${points} points, orders: ${orders}`);
