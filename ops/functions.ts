import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { consumerNameOf } from '../infra/names.ts';
import type { DeployedShop } from './stack.ts';

/** A function of the stack, by the name of its consumer, `sweep` or `archive`. */
export type ShopFunction = { name: string; functionName: string; logGroup: string };

// The logical id of a consumer's child: its construct's id, the child's and a hash.
const CHILD = /^(?<construct>[A-Z]\w*?)(?<child>Function|Log)[0-9A-F]{8}$/;

/** Finds the functions of the stack with their log groups, sorted by name. */
export async function findFunctions(shop: DeployedShop): Promise<ShopFunction[]> {
  const client = new CloudFormationClient(shop.config);
  const functionNames = new Map<string, string>();
  const logGroups = new Map<string, string>();
  try {
    for await (const page of paginateListStackResources({ client }, { StackName: shop.stackName })) {
      for (const { LogicalResourceId = '', ResourceType, PhysicalResourceId = '' } of page.StackResourceSummaries ??
        []) {
        const name = consumerNameOf(CHILD.exec(LogicalResourceId)?.groups?.construct ?? '');
        if (ResourceType === 'AWS::Lambda::Function') functionNames.set(name, PhysicalResourceId);
        if (ResourceType === 'AWS::Logs::LogGroup') logGroups.set(name, PhysicalResourceId);
      }
    }
  } finally {
    client.destroy();
  }
  return [...functionNames]
    .flatMap(([name, functionName]) => {
      const logGroup = logGroups.get(name);
      return name === '' || logGroup === undefined ? [] : [{ name, functionName, logGroup }];
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
