import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { consumerNameOf } from '../infra/names.ts';
import type { DeployedShop } from './stack.ts';

/** A function of the stack, by the name of its consumer, `sweep` or `archive`. */
export type ShopFunction = { name: string; functionName: string; logGroup: string };

// The logical id of a consumer's child: its construct's id, the child's and a hash.
const CHILD = /^(?<construct>[A-Z]\w*?)(?<child>Function|Log)[0-9A-F]{8}$/;

/** A resource of the deployed stack. */
export type StackResource = { logicalId: string; type: string; physicalId: string };

/** Lists the resources of the stack. */
export async function listResources(shop: DeployedShop): Promise<StackResource[]> {
  const client = new CloudFormationClient(shop.config);
  const found: StackResource[] = [];
  try {
    for await (const page of paginateListStackResources({ client }, { StackName: shop.stackName })) {
      for (const one of page.StackResourceSummaries ?? []) {
        const { LogicalResourceId: logicalId = '', ResourceType: type = '', PhysicalResourceId: physicalId = '' } = one;
        found.push({ logicalId, type, physicalId });
      }
    }
  } finally {
    client.destroy();
  }
  return found;
}

/** Finds the functions of the stack with their log groups, sorted by name. */
export const findFunctions = async (shop: DeployedShop): Promise<ShopFunction[]> =>
  functionsAmong(await listResources(shop));

/** Finds the functions with their log groups among the resources of the stack, sorted by name. */
export function functionsAmong(resources: readonly StackResource[]): ShopFunction[] {
  const functionNames = new Map<string, string>();
  const logGroups = new Map<string, string>();
  for (const { logicalId, type, physicalId } of resources) {
    const name = consumerNameOf(CHILD.exec(logicalId)?.groups?.construct ?? '');
    if (type === 'AWS::Lambda::Function') functionNames.set(name, physicalId);
    if (type === 'AWS::Logs::LogGroup') logGroups.set(name, physicalId);
  }
  return [...functionNames]
    .flatMap(([name, functionName]) => {
      const logGroup = logGroups.get(name);
      return name === '' || logGroup === undefined ? [] : [{ name, functionName, logGroup }];
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
