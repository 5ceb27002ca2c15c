import { fullDiff, type ResourceDifference, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import type { Template } from './template.ts';

/** A resource that a deployment takes from the stack, or puts another, empty one in the place of. */
export type LostResource = {
  logicalId: string;
  type: string;
  how: 'removed' | 'replaced';
  /** AWS keeps the old resource, outside of the stack. */
  kept: boolean;
  /** The properties that cannot be changed in place; none where the resource is removed or its type changes. */
  properties: readonly string[];
  /** The partner whose queue or dead-letter queue it is. */
  partner?: string;
};

export type ResourceChanges = { added: number; changed: number; lost: LostResource[] };

/** AWS generates a new value, as of a new resource, when one of these changes (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html). */
const REGENERATING: Readonly<Record<string, readonly string[]>> = {
  'AWS::SecretsManager::Secret': ['GenerateSecretString', 'SecretString'],
};

/** Compares the resources of two templates by the rules of CloudFormation, as `cdk diff` does. */
export function compareResources(deployed: Template, next: Template): ResourceChanges {
  const changes: ResourceChanges = { added: 0, changed: 0, lost: [] };
  fullDiff(deployed, next).resources.forEachDifference((logicalId, difference) => {
    const type = difference.oldResourceType;
    if (type === undefined) {
      changes.added += 1;
      return;
    }
    const resource = { logicalId, type };
    const properties = replacingProperties(type, difference);
    if (difference.isRemoval) {
      const kept = isKept(deployed.Resources[logicalId]?.DeletionPolicy);
      changes.lost.push({ ...resource, how: 'removed', kept, properties });
    } else if (properties.length > 0 || isReplacement(difference.changeImpact)) {
      const kept = isKept(next.Resources[logicalId]?.UpdateReplacePolicy);
      changes.lost.push({ ...resource, how: 'replaced', kept, properties });
    } else changes.changed += 1;
  });
  return changes;
}

const replacingProperties = (type: string, { propertyUpdates }: ResourceDifference): string[] =>
  Object.entries(propertyUpdates)
    .filter(([name, { changeImpact }]) => isReplacement(changeImpact) || REGENERATING[type]?.includes(name))
    .map(([name]) => name);

const isReplacement = (impact: ResourceImpact | undefined) =>
  impact === ResourceImpact.WILL_REPLACE || impact === ResourceImpact.MAY_REPLACE;

const isKept = (policy: string | undefined) => policy === 'Retain' || policy === 'RetainExceptOnCreate';
